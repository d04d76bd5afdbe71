import type { PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import type { Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { EXTENSION } from '../../src/rules/resources/codes.ts';
import { type Question, simulate } from '../../src/rules/simulation.ts';
import { ctcaeVersionsNamed } from '../../src/rules/simulation-needs.ts';
import { mergeTallies, NO_TALLY, tallyOf } from '../../src/rules/simulation-tally.ts';
import { type ActionSpec, atLeast, graded, notGradable, plan, report, TERM } from './builders.ts';
import { ask, CLOSE, open, past, weekly } from './simulated.ts';

t.test('what a candidate would have said', async (t) => {
  const cases: [name: string, reports: Report[], question: Question, told: unknown][] = [
    ['the same policy: no difference', weekly(3, 0, 2), ask([open(2), CLOSE], [open(2), CLOSE]), []],
    [
      'a threshold one lower opens a Flag that was not there',
      weekly(2, 0),
      ask([open(3), CLOSE], [open(2), CLOSE]),
      [{ kind: 'added', steps: 3, after: { start: '2026-01-01T08:00:00.000Z', end: '2026-01-08T08:00:00.000Z' } }],
    ],
    [
      'a threshold one higher takes it away',
      weekly(2, 0),
      ask([open(2), CLOSE], [open(3), CLOSE]),
      [{ kind: 'removed', steps: 3, hours: 7 * 24, before: { grade: '2' } }],
    ],
    [
      'a Flag that is opened by an earlier report is the same Flag, earlier',
      weekly(2, 3, 0),
      ask([open(3), CLOSE], [open(2), CLOSE]),
      [{ kind: 'moved', moved: ['opens-earlier'], hours: 7 * 24 }],
    ],
    [
      'a later one opens later',
      weekly(2, 3, 0),
      ask([open(2), CLOSE], [open(3), CLOSE]),
      [{ kind: 'moved', moved: ['opens-later'] }],
    ],
    [
      'a higher priority',
      weekly(3, 0),
      ask([open(2), CLOSE], [open(2, { priority: 'PH' }), CLOSE]),
      [{ kind: 'moved', moved: ['priority-higher'], steps: 1 }],
    ],
    [
      'a lower one',
      weekly(3, 0),
      ask([open(2, { priority: 'PH' }), CLOSE], [open(2, { priority: 'PL' }), CLOSE]),
      [{ kind: 'moved', moved: ['priority-lower'], steps: 2 }],
    ],
    [
      'the same highest priority at another time',
      weekly(2, 2, 3, 0),
      ask(
        [open(2), { id: 'up', code: 'escalate', priority: 'PH', expression: '%finding.min >= 3' }, CLOSE],
        [open(2), { id: 'up', code: 'escalate', priority: 'PH', expression: '%episode.reports = 2' }, CLOSE],
      ),
      [{ kind: 'moved', moved: ['priority-otherwise'], steps: 1, hours: 7 * 24 }],
    ],
    [
      'a close at another time',
      weekly(2, 1, 0),
      ask([open(2), CLOSE], [open(2), { ...CLOSE, expression: '%finding.complete and %finding.grade <= 1' }]),
      [{ kind: 'moved', moved: ['closes-earlier'] }],
    ],
    [
      'what never closes any more closes later',
      weekly(2, 1, 0, 0),
      ask([open(2), CLOSE], [open(2), { ...CLOSE, expression: '%finding.complete and %episode.calmDays >= 90' }]),
      [{ kind: 'moved', moved: ['closes-later'] }],
    ],
    [
      'one long Flag in the place of two: the first moved, the second is gone',
      weekly(2, 0, 2, 0),
      ask([open(2), CLOSE], [open(2), { ...CLOSE, expression: '%finding.complete and %episode.calmDays >= 2' }]),
      [
        { kind: 'moved', moved: ['closes-later'] },
        { kind: 'removed', before: { start: '2026-01-15T08:00:00.000Z' } },
      ],
    ],
    ['nothing in force: all that the candidate says is added', weekly(2), ask([], [open(2)]), [{ kind: 'added' }]],
    [
      'a grade that is known within bounds is told with them',
      weekly(atLeast(2, 3)),
      ask([], [open(2)]),
      [{ kind: 'added', after: { grade: '2-3' } }],
    ],
  ];
  for (const [name, reports, question, told] of cases) {
    t.test(name, async (t) => {
      t.match(simulate(past(reports), question).differences, told);
      t.equal(simulate(past(reports), question).differences.length, (told as unknown[]).length, 'and no other');
      t.same(simulate(past(reports.toReversed()), question), simulate(past(reports), question), 'in whatever order');
    });
  }
});

t.test('the period is looked at from its first moment up to, but not at, its end', async (t) => {
  const reports = weekly(2, 0, 2, 0);
  const [first, , third] = reports.map(({ at }) => at);
  const cases: [name: string, within: Question['within'], flags: number][] = [
    ['all of it', {}, 2],
    ['from the very moment of the first report', { start: first }, 2],
    ['from just after it', { start: '2026-01-01T08:00:00.001Z' }, 1],
    ['up to the moment of the third report', { end: third }, 1],
    ['up to just after it', { end: '2026-01-15T08:00:00.001Z' }, 2],
    ['before all', { end: '2025-01-01T00:00:00.000Z' }, 0],
  ];
  for (const [name, within, flags] of cases) {
    t.test(name, async (t) => {
      const { differences } = simulate(past(reports), ask([], [open(2), CLOSE], { within }));
      t.equal(differences.length, flags);
    });
  }
  t.test('what lies before it is folded: the Flag that was open then is not opened again', async (t) => {
    const question = ask([], [open(2)], { within: { start: '2026-01-08T00:00:00.000Z' } });
    t.same(simulate(past(weekly(2, 2, 2)), question).differences, []);
  });
  t.test('and a change within the period of a Flag that was open before it is seen', async (t) => {
    const up = (n: number): ActionSpec => ({
      id: 'up',
      code: 'escalate',
      priority: 'PH',
      expression: `%finding.min >= ${n}`,
    });
    const question = ask([open(2), up(3)], [open(2), up(2)], { within: { start: '2026-01-08T00:00:00.000Z' } });
    t.match(simulate(past(weekly(2, 2)), question).differences, [{ kind: 'moved', moved: ['priority-higher'] }]);
  });
});

t.test('a difference lasts up to the end of the period, also where nobody reports any more', async (t) => {
  const end = '2026-01-29T08:00:00.000Z';
  const up = (priority: 'PL' | 'PH') => [open(2, { priority })];
  const cases: [name: string, reports: Report[], question: Question, hours: number][] = [
    ['a Flag of one side alone that stays open', weekly(2), ask([], [open(2)], { within: { end } }), 28 * 24],
    ['a Flag that is gone', weekly(2), ask([open(2)], [open(3)], { within: { end } }), 28 * 24],
    ['two priorities', weekly(2, 2), ask(up('PL'), up('PH'), { within: { end } }), 28 * 24],
    ['which is over with a report', weekly(2, 0), ask([], [open(2), CLOSE], { within: { end } }), 7 * 24],
    [
      'a Flag that opens in the last hour',
      weekly(0, 0, 0, 2),
      ask([], [open(2)], { within: { end: '2026-01-22T09:00:00.000Z' } }),
      1,
    ],
    ['without an end, up to the last report', weekly(2, 2), ask([], [open(2)]), 7 * 24],
  ];
  for (const [name, reports, question, hours] of cases) {
    t.test(name, async (t) => t.match(simulate(past(reports), question).differences, [{ hours }]));
  }
  t.test('so who fell silent comes before who was closed soon', async (t) => {
    const question = ask([], [open(2), CLOSE], { within: { end } });
    const of = (name: string, reports: Report[]) => tallyOf(name, simulate(past(reports), question), question.within);
    const { largest } = mergeTallies(of('a', weekly(2, 0)), of('b', weekly(2)));
    t.same(
      largest.map(({ patient }) => patient),
      ['b', 'a'],
    );
  });
});

t.test('what a report does not carry', async (t) => {
  const asks = (expression: string) => ask([], [{ id: 'open', expression }]);
  t.test('facts that were not known when it came in are counted, and undecided', async (t) => {
    const [known, unknown] = weekly(3, 3);
    const reports =
      known && unknown ? [{ ...known, facts: { treatments: { systemic: true, codes: [] } } }, unknown] : [];
    const made = simulate(past(reports), asks('%finding.min >= 2 and %treatment.systemic'));
    t.equal(made.withoutFacts, 1);
    t.same(made.undecided, {}, 'an episode is open by then: the action is not asked again');
    const alone = simulate(past(weekly(3)), asks('%finding.min >= 2 and %treatment.systemic'));
    t.match(alone, { withoutFacts: 1, undecided: { open: 1 }, differences: [] });
  });
  t.test('a candidate that asks for none misses none', async (t) => {
    t.match(simulate(past(weekly(3)), asks('%finding.min >= 2')), { withoutFacts: 0, undecided: {} });
  });
  t.test('what is not gradable is not counted as undecided', async (t) => {
    t.same(simulate(past(weekly(notGradable())), asks('%finding.min >= 2')).undecided, {});
  });
  t.test('versions of CTCAE that a policy names', async (t) => {
    const named = plan([{ id: 'a', expression: "%finding.system = 'ctcae' and %finding.version = '6.0'" }]);
    t.same([...ctcaeVersionsNamed(named)], ['6.0']);
    t.same([...ctcaeVersionsNamed(plan([{ id: 'a', expression: "%finding.version = '1.0'" }]))], []);
  });
});

t.test('outcomes of the work on Flags that were really there', async (t) => {
  const flag = (start: string, outcomes: string[], end?: string) => ({
    flagId: start,
    term: TERM,
    start: `2026-${start}T08:00:00.000Z`,
    ...(end === undefined ? {} : { end: `2026-${end}T08:00:00.000Z` }),
    outcomes,
  });
  const flags = [
    flag('01-01', ['visit'], '01-08'),
    flag('01-15', ['no-action'], '01-22'),
    flag('01-29', ['other'], '02-05'),
    flag('02-12', []),
  ];
  const reports = [...weekly(3, 0, 2, 0, 2), report('02-05', graded(0)), report('02-12', graded(2))];
  t.test('a Flag that mattered is caught, one that did not is spared', async (t) => {
    const { judged } = simulate(past(reports, flags), ask([open(2), CLOSE], [open(3), CLOSE]));
    t.same(judged, {
      mattered: 1,
      notMattered: 1,
      before: { caught: 1, caughtLater: 0, needless: 1, unjudged: 2 },
      after: { caught: 1, caughtLater: 0, needless: 0, unjudged: 0 },
    });
  });
  t.test('which outcomes say that it mattered is the asker’s', async (t) => {
    const question = ask([open(2), CLOSE], [open(2), CLOSE], { mattered: ['no-action', 'other'] });
    const { judged } = simulate(past(reports, flags), question);
    t.match(judged, { mattered: 2, notMattered: 1 });
  });
  t.test('one that is opened later is caught later', async (t) => {
    const long = [flag('01-01', ['visit'])];
    const { judged } = simulate(past(weekly(2, 3), long), ask([open(2)], [open(3)]));
    t.match(judged, { after: { caught: 1, caughtLater: 1 }, before: { caught: 1, caughtLater: 0 } });
  });
});

t.test('tallies', async (t) => {
  const question = ask([open(2), CLOSE], [open(3), CLOSE]);
  const of = (name: string, reports: Report[]) => tallyOf(name, simulate(past(reports), question), {});
  const [a, b, c] = [of('a', weekly(2, 0)), of('b', weekly(3, 0)), of('c', weekly(2, 3, 0))];
  t.same(mergeTallies(mergeTallies(a, b), c), mergeTallies(a, mergeTallies(b, c)), 'merge in any grouping');
  t.same(mergeTallies(mergeTallies(c, b), mergeTallies(a, NO_TALLY)), mergeTallies(mergeTallies(a, b), c), 'and order');
  t.match(mergeTallies(mergeTallies(a, b), c), {
    patients: 3,
    reports: { QuestionnaireResponse: 7 },
    before: { opened: { PM: 3 } },
    after: { opened: { PM: 2 } },
    same: 1,
    terms: {
      [`pro-ctcae ${TERM} 2`]: { before: 2, after: 0, removed: 1, moved: 1 },
      [`pro-ctcae ${TERM} 3`]: { before: 1, after: 2, added: 0 },
    },
    moved: { 'opens-later': 1 },
  });
  t.test(
    'the twenty largest disagreements are kept, those of the most steps of priority, then the longest, first',
    async (t) => {
      let all = NO_TALLY;
      for (let n = 0; n < 30; n += 1) all = mergeTallies(all, of(`p${n}`, n === 17 ? weekly(2, 2, 0) : weekly(2, 0)));
      t.equal(all.largest.length, 20);
      t.match(all.largest[0], { patient: 'p17', hours: 14 * 24 });
    },
  );
});

t.test('a time without news is asked as each side wants it, whatever was asked then', async (t) => {
  const again = (days: number): PlanDefinition => {
    const plans = plan([open(2), { id: 'up', code: 'escalate', priority: 'PH', expression: '%finding.min >= 2' }]);
    const [first, up] = plans.action ?? [];
    const extension = {
      url: EXTENSION.askAgainAfter,
      valueDuration: { value: days, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' },
    };
    return { ...plans, action: first && up ? [first, { ...up, extension: [...(up.extension ?? []), extension] }] : [] };
  };
  const question: Question = {
    ...ask([open(2)], [open(2)], { within: { end: '2026-02-01T00:00:00.000Z' } }),
    after: [compilePolicy(again(14))],
    candidate: compilePolicy(again(14)),
  };
  t.match(simulate(past(weekly(2)), question).differences, [
    {
      kind: 'moved',
      moved: ['priority-higher'],
      after: { changes: [{ kind: 'opens' }, { kind: 'raises', at: '2026-01-15T08:00:00.000Z' }] },
    },
  ]);
  const soon = { ...question, within: { end: '2026-01-15T08:00:00.000Z' } };
  t.same(simulate(past(weekly(2)), soon).differences, [], 'not before its moment');
});
