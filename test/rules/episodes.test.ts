import t from 'tap';
import { EMPTY, fold, isNext, step, type TermStep, type Transition } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import {
  type ActionSpec,
  atLeast,
  contradictory,
  graded,
  notGradable,
  plain,
  plan,
  presence,
  report,
  TERM,
} from './builders.ts';

/** Opens at 2 (PL) and 3 (PH), rises by 2 (PM), lowers below 3 (PL), closes after two calm days. */
const ACTIONS: readonly ActionSpec[] = [
  { id: 'open-2', priority: 'PL', expression: '%finding.max >= 2' },
  { id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' },
  {
    id: 'rise',
    code: 'escalate',
    priority: 'PM',
    expression: '%previous.exists() and %finding.min - %previous.grade >= 2',
  },
  {
    id: 'lower',
    code: 'de-escalate',
    priority: 'PL',
    expression: '%finding.grade < %previous.grade and %finding.grade < 3',
  },
  { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' },
];
const policy = compilePolicy(plan(ACTIONS));
const policies = [policy];

const days = (findings: readonly Finding[]): Report[] =>
  findings.map((finding, index) => report(`03-${String(index + 1).padStart(2, '0')}`, finding));

/** What each of a run of daily reports did. */
const story = (...findings: Finding[]): readonly TermStep[] => fold(days(findings), policies, {}).steps;
const transitions = (...findings: Finding[]): Transition[] => story(...findings).map(({ transition }) => transition);
const last = (...findings: Finding[]): TermStep => {
  const made = story(...findings).at(-1);
  if (!made) throw new Error('no step');
  return made;
};

t.test('opening', async (t) => {
  const cases: [name: string, finding: Finding, level: number | undefined, priority?: string][] = [
    ['grade 1 opens nothing', graded(1), undefined],
    ['grade 2 opens at its own level', graded(2), 2, 'PL'],
    ['the highest priority among the true actions is taken', graded(3), 3, 'PH'],
    ['the level is the highest grade that is not excluded', atLeast(1, 2), 2, 'PL'],
    ['a range that reaches 3 sets the level to 3', atLeast(1, 3), 3, 'PL'],
    ['undecided opens nothing', notGradable(), undefined],
  ];
  for (const [name, finding, level, priority] of cases) {
    const { transition, episodeAfter } = last(finding);
    t.equal(transition, level === undefined ? 'none' : 'open', name);
    t.equal(episodeAfter?.openingLevel, level, name);
    t.equal(episodeAfter?.priority, priority, name);
  }
  t.match(last(graded(3)).episodeAfter, {
    term: TERM,
    status: 'open',
    origin: '03-01',
    start: '2026-03-01T08:00:00.000Z',
    opening: { id: '03-01' },
    latest: { id: '03-01' },
    openedBy: [{ action: 'open-2' }, { action: 'open-3' }],
    calmDays: 0,
    reports: 1,
  });
  const low = [compilePolicy(plan([{ id: 'any', expression: '%finding.contradictory' }]))];
  t.equal(fold(days([contradictory(2)]), low, {}).episodes[0]?.openingLevel, 1, 'the level is at least 1');
  t.same(fold(days([graded(3)]), [], {}).episodes, [], 'without a policy nothing opens');
});

t.test('calm days', async (t) => {
  const cases: [name: string, findings: Finding[], days: number][] = [
    ['a complete report below the level and at 1 counts', [graded(2), graded(1)], 1],
    ['at the level it does not, though it is 1', [atLeast(0, 2), graded(2), graded(2)], 0],
    ['grade 2 is not calm below level 3', [graded(3), graded(2)], 0],
    ['grade 1 is calm below level 3', [graded(3), graded(1)], 1],
    ['grade 2 resets', [graded(3), graded(1), graded(2)], 0],
    ['a floor of 2 resets', [graded(3), graded(1), atLeast(2, 3)], 0],
    ['a floor that leaves calm open neither counts nor resets', [graded(3), graded(1), atLeast(1, 3)], 1],
    ['a missing score does not count', [graded(3), graded(0, { frequency: 0, severity: 'missing' })], 0],
    ['an opt-out does not count', [graded(3), graded(0, { frequency: 0, severity: 'opted-out' })], 0],
    ['a score that was not asked does not count', [graded(3), graded(0, { frequency: 0, severity: 'not-asked' })], 0],
    ['a true 0 by branching counts', [graded(3), graded(0, { frequency: 0, severity: 'hidden' })], 1],
    [
      'a missing score with a grade of 2 resets',
      [graded(3), graded(1), graded(2, { frequency: 4, severity: 'missing' })],
      0,
    ],
    ['a contradictory report neither counts nor resets', [graded(3), graded(1), contradictory(3)], 1],
    ['a report that is not gradable neither counts nor resets', [graded(3), graded(1), notGradable()], 1],
  ];
  for (const [name, findings, expected] of cases) t.equal(last(...findings).episodeAfter?.calmDays, expected, name);
});

t.test('an episode that opened at level 1 is calm at 0 alone', async (t) => {
  const low = [
    compilePolicy(
      plan([
        { id: 'open', expression: '%finding.min >= 1' },
        { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' },
      ]),
    ),
  ];
  const calm = (...grades: number[]) =>
    fold(days(grades.map((grade) => graded(grade))), low, {}).steps.at(-1)?.episodeAfter?.calmDays;
  t.equal(calm(1, 1), 0, 'at the level it does not count');
  t.equal(calm(1, 0), 1);
  t.equal(calm(1, 0, 1), 0, 'and resets');
});

t.test('reports that cannot be graded are not counted', async (t) => {
  t.equal(last(graded(3), notGradable()).episodeAfter?.reports, 1);
  t.equal(last(graded(3), notGradable(), atLeast(1, 3), contradictory(1)).episodeAfter?.reports, 3);
});

t.test('calm days are different days where the patient is', async (t) => {
  const at = (moment: string, id: string, grade: number, day = moment.slice(0, 10)): Report => ({
    ...report(moment, graded(grade), { id }),
    day,
  });
  const calm = (...reports: Report[]) => fold(reports, policies, {}).steps.at(-1)?.episodeAfter;
  const open = report('03-01', graded(3));
  t.match(calm(open, at('2026-03-02T06:00:00.000Z', 'a', 0), at('2026-03-02T20:00:00.000Z', 'b', 0)), {
    calmDays: 1,
    status: 'open',
  });
  t.match(calm(open, at('2026-03-02T20:00:00.000Z', 'a', 0), at('2026-03-03T06:00:00.000Z', 'b', 0)), {
    calmDays: 2,
    status: 'closed',
  });
  t.match(
    calm(open, at('2026-03-02T20:00:00.000Z', 'a', 0), at('2026-03-02T23:30:00.000Z', 'b', 0, '2026-03-03')),
    { calmDays: 2, status: 'closed' },
    'the calendar is the patient’s',
  );
  t.match(
    calm(
      open,
      at('2026-03-02T23:30:00.000Z', 'a', 0, '2026-03-03'),
      at('2026-03-03T02:00:00.000Z', 'b', 0, '2026-03-02'),
    ),
    { calmDays: 1 },
    'a calendar that goes back does not count twice',
  );
});

t.test('closing', async (t) => {
  t.same(transitions(graded(3), graded(1), graded(1)), ['open', 'better', 'close']);
  t.same(transitions(graded(3), graded(1), notGradable(), graded(1)), ['open', 'better', 'kept', 'close']);
  t.same(transitions(graded(3), graded(1), graded(2), graded(1), graded(1)), [
    'open',
    'better',
    'worse',
    'better',
    'close',
  ]);
  const closed = last(graded(3), graded(1), graded(0));
  t.match(closed.episodeAfter, {
    status: 'closed',
    end: '2026-03-03T08:00:00.000Z',
    outcome: { kind: 'graded', grade: 0 },
    latest: { id: '03-03' },
    decidedBy: [{ action: 'close' }],
    reports: 3,
  });
  t.equal(closed.episodeBefore?.calmDays, 1, 'the record sees the episode as it stood');
  t.same(transitions(graded(3), graded(1), graded(1), graded(1), graded(2)), [
    'open',
    'better',
    'close',
    'none',
    'open',
  ]);
});

t.test('neither silence nor a report without a grade closes', async (t) => {
  const eager = [
    compilePolicy(plan([ACTIONS[1] ?? { id: 'x' }, { id: 'close', code: 'close', expression: '%finding.exists()' }])),
  ];
  const after = (finding: Finding) => fold(days([graded(3), finding]), eager, {}).steps.at(-1);
  t.equal(after(graded(0))?.transition, 'close', 'a graded report may close');
  t.equal(after(atLeast(0, 1))?.transition, 'close', 'a range may');
  for (const finding of [notGradable(), contradictory(1)]) {
    const made = after(finding);
    t.equal(made?.transition, 'kept', 'these may not');
    t.same(
      made?.conditions.filter(({ code }) => code === 'close'),
      [],
      'and are not asked',
    );
  }
  const silent = fold([report('03-01', graded(3)), report('03-02', []), report('03-03', [])], policies, {});
  t.match(silent.episodes, [{ status: 'open', reports: 1 }]);
  t.equal(silent.steps.length, 1, 'a term that is not in a report is left as it is');
});

t.test('escalation', async (t) => {
  t.match(
    last(graded(2), graded(3)),
    { transition: 'worse', episodeAfter: { priority: 'PH', decidedBy: [{ action: 'open-3' }] } },
    'an open action above the priority escalates',
  );
  t.match(last(graded(2), graded(0), graded(2)), {
    transition: 'worse',
    episodeAfter: {
      priority: 'PM',
      decidedBy: [{ action: 'rise' }],
      openedBy: [{ action: 'open-2' }],
      previousGrade: 0,
    },
  });
  t.match(
    last(graded(3), atLeast(2, 3), graded(0), graded(2)),
    { transition: 'worse', episodeAfter: { priority: 'PM', decidedBy: [{ action: 'rise' }] } },
    'a rise after a fall',
  );
  const neverLower = [
    compilePolicy(
      plan([ACTIONS[1] ?? { id: 'x' }, { id: 'up', code: 'escalate', priority: 'PL', expression: 'true' }]),
    ),
  ];
  t.match(
    fold(days([graded(3), graded(3)]), neverLower, {}).steps.at(-1),
    { transition: 'worse', episodeAfter: { priority: 'PH', decidedBy: [{ action: 'open-3' }] } },
    'an escalation never lowers, and then decides nothing',
  );
  const both = [
    compilePolicy(
      plan([
        ...ACTIONS.slice(0, 2),
        { id: 'up', code: 'escalate', expression: '%episode.calmDays >= 2' },
        ...ACTIONS.slice(4),
      ]),
    ),
  ];
  t.match(
    fold(days([graded(2), graded(0), graded(0)]), both, {}).steps.at(-1),
    { transition: 'worse', episodeAfter: { status: 'open' } },
    'a rise and a close together: the rise wins',
  );
});

t.test('de-escalation', async (t) => {
  t.match(last(graded(3), graded(2)), {
    transition: 'better',
    episodeAfter: { priority: 'PL', decidedBy: [{ action: 'lower' }] },
  });
  t.match(last(graded(3), graded(3)), {
    transition: 'same',
    episodeAfter: { priority: 'PH', decidedBy: [{ action: 'open-2' }, { action: 'open-3' }] },
  });
  t.match(
    last(graded(2), graded(1)),
    { transition: 'better', episodeAfter: { priority: 'PL', decidedBy: [{ action: 'open-2' }] } },
    'only to a lower priority',
  );
});

t.test('the grade of the episode', async (t) => {
  const cases: [name: string, findings: Finding[], transition: Transition, outcome: object][] = [
    ['a graded report replaces', [graded(2), graded(1)], 'better', { kind: 'graded', grade: 1 }],
    ['an equal one confirms', [graded(2), graded(2)], 'same', { kind: 'graded', grade: 2 }],
    ['a range with a higher floor replaces', [graded(2), atLeast(3, 3)], 'worse', { kind: 'at-least', min: 3 }],
    ['a range with the same floor does not', [graded(2), atLeast(2, 3)], 'kept', { kind: 'graded', grade: 2 }],
    ['a range with a lower floor does not', [graded(2), atLeast(1, 3)], 'kept', { kind: 'graded', grade: 2 }],
    ['a contradictory 0 does not', [graded(2), contradictory(2)], 'kept', { kind: 'graded', grade: 2 }],
    ['nothing does not', [graded(2), notGradable()], 'kept', { kind: 'graded', grade: 2 }],
    ['a grade within the range is the same', [atLeast(1, 3), graded(2)], 'same', { kind: 'graded', grade: 2 }],
    ['a grade below the range is better', [atLeast(1, 3), graded(0)], 'better', { kind: 'graded', grade: 0 }],
    ['a grade above the range is worse', [atLeast(1, 2), graded(3)], 'worse', { kind: 'graded', grade: 3 }],
  ];
  for (const [name, findings, transition, outcome] of cases) {
    t.match(last(...findings), { transition, episodeAfter: { outcome } }, name);
  }
});

t.test('a report that raises the priority and cannot tell the grade is kept as why it rose', async (t) => {
  const rising = [
    compilePolicy(
      plan([
        { id: 'any', priority: 'PL', expression: '%finding.min >= 1' },
        {
          id: 'range',
          code: 'escalate',
          priority: 'PM',
          expression: "%finding.outcome = 'at-least' and %finding.max >= 3",
        },
        { id: 'doubt', code: 'escalate', priority: 'PH', expression: '%finding.contradictory' },
        { id: 'none', code: 'escalate', priority: 'PH', expression: "%finding.outcome = 'not-gradable'" },
        { id: 'three', code: 'escalate', priority: 'PH', expression: '%finding.min >= 3' },
        { id: 'lower', code: 'de-escalate', priority: 'PN', expression: '%finding.max <= 1' },
      ]),
    ),
  ];
  const cases: [name: string, findings: Finding[], why: unknown][] = [
    ['a range', [graded(1), atLeast(0, 3)], [0, 3]],
    ['a contradiction', [graded(1), contradictory(2)], 'contradictory'],
    ['no grade at all', [graded(1), notGradable()], 'not-gradable'],
    ['the last of two that raised it', [graded(1), atLeast(0, 3), contradictory(2)], 'contradictory'],
    ['the first, when a second raises nothing', [graded(1), contradictory(2), atLeast(0, 3)], 'contradictory'],
    ['what raises nothing is none', [graded(1), atLeast(0, 2)], undefined],
    ['a certain grade speaks for itself', [graded(1), graded(3)], undefined],
    ['a range with a higher floor becomes the grade', [graded(1), atLeast(2, 3)], undefined],
    ['a grade that is told anew ends it', [graded(1), atLeast(0, 3), graded(2)], undefined],
    ['an opening is no rise', [atLeast(1, 3)], undefined],
    ['a fall of the priority ends it', [graded(2), atLeast(0, 3), atLeast(0, 1)], undefined],
  ];
  for (const [name, findings, why] of cases) {
    const raised = fold(days(findings), rising, {}).steps.at(-1)?.episodeAfter?.raised;
    t.same(raised?.why, why, name);
    if (raised) t.match(raised.source, { type: 'QuestionnaireResponse' });
  }
});

t.test('previous is the last graded report that does not contradict itself', async (t) => {
  const previous = (...findings: Finding[]) => last(...findings, graded(1)).previous?.grade;
  t.equal(previous(graded(2)), 2);
  t.equal(previous(graded(0)), 0, '0 is a grade');
  t.equal(previous(graded(2), contradictory(1)), 2);
  t.equal(previous(graded(2), atLeast(0, 1)), 2);
  t.equal(previous(graded(2), notGradable()), 2);
  t.equal(previous(contradictory(1)), undefined);
  t.equal(previous(), undefined, 'a first report has none');
});

t.test('a baseline is one that was recorded, and counts for its own report', async (t) => {
  const above = [
    compilePolicy(plan([{ id: 'up', expression: '%baseline.exists() and %finding.min - %baseline.grade >= 2' }])),
  ];
  const run = (...reports: Report[]) => fold(reports, above, {});
  t.same(run(report('03-01', graded(0)), report('03-08', graded(3))).episodes, [], 'a first report is none');
  t.match(run(report('03-01', graded(1), { baseline: true }), report('03-08', graded(3))).episodes, [
    { baselineGrade: 1 },
  ]);
  t.same(run(report('03-01', graded(3), { baseline: true })).episodes, [], 'no rise above itself');
  const contradiction = run(report('03-01', contradictory(1), { baseline: true }), report('03-08', graded(3)));
  t.same(contradiction.episodes, [], 'a contradictory one is none');
  t.ok(contradiction.steps.every(({ baseline }) => baseline === undefined));
  t.same(run(report('03-01', atLeast(0, 1), { baseline: true }), report('03-08', graded(3))).episodes, []);
});

t.test('terms are independent', async (t) => {
  const yes = [compilePolicy(plan([{ id: 'open', expression: '%finding.grade >= 1' }]))];
  const { episodes } = fold([report('03-01', [graded(3), presence(1)])], yes, {});
  t.same(
    episodes.map(({ term, kind }) => [term, kind]),
    [
      ['PROCTCAE_5_COMP', 'presence'],
      [TERM, 'composite'],
    ],
  );
});

t.test('policies are asked in the order of their canonicals, whatever their order here', async (t) => {
  const [a, b] = ['a', 'b'].map((name) =>
    compilePolicy(plan([{ id: 'open' }], { url: `https://example.org/${name}` })),
  );
  if (!a || !b) throw new Error('two policies');
  const one = fold(days([graded(3)]), [b, a], {});
  t.same(one, fold(days([graded(3)]), [a, b], {}));
  t.same(
    one.episodes[0]?.openedBy.map(({ policy }) => policy),
    ['https://example.org/a|1', 'https://example.org/b|1'],
  );
});

t.test('a step changes nothing that it was given, and refuses a report that is not next', async (t) => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  const first = freeze(step(freeze(EMPTY), freeze(report('03-02', graded(3))), policies, {}));
  const second = step(first.state, freeze(report('03-03', graded(1))), policies, {});
  t.match(second.state, { upTo: { id: '03-03' }, terms: { [TERM]: { episode: { calmDays: 1 } } } });
  t.match(first.state, { upTo: { id: '03-02' }, terms: { [TERM]: { episode: { calmDays: 0 } } } });
  t.notOk(isNext(first.state, report('03-01', [])));
  t.notOk(isNext(first.state, report('03-02', [])), 'the same report again');
  t.notOk(isNext(first.state, report('03-02', [], { id: '03-01' })), 'the same moment, a smaller id');
  t.ok(isNext(first.state, report('03-02', [], { id: '03-03' })), 'the same moment, a greater id');
  t.throws(() => step(first.state, report('03-01', []), policies, {}), RangeError);
});

t.test('a state that was stored as JSON goes on as if it had not been', async (t) => {
  const season = days([graded(1), graded(3), graded(1), notGradable(), graded(1), graded(2), graded(3), graded(0)]);
  const whole = fold(season, policies, {});
  let state = EMPTY;
  const steps: TermStep[] = [];
  for (const one of season) {
    const next = step(plain(state), one, policies, {});
    state = next.state;
    steps.push(...next.steps);
  }
  t.same(plain(state), plain(whole.state));
  t.same(plain(steps), plain(whole.steps));
  const half = fold(season.slice(0, 3), policies, {});
  const rest = fold(season.slice(3), policies, {}, plain(half.state));
  t.same(plain(rest.state), plain(whole.state), 'a fold goes on from a state');
  t.equal(rest.episodes.length, 2, 'with the episode that was open, and those opened since');
});

t.test('members are the reports between opening and closing', async (t) => {
  const { episodes } = fold(
    days([graded(1), graded(3), notGradable(), graded(1), graded(1), graded(1), graded(3)]),
    policies,
    {},
  );
  t.same(
    episodes.map(({ members }) => members),
    [['03-02', '03-03', '03-04', '03-05'], ['03-07']],
  );
});
