import t from 'tap';
import { fold, type TermStep } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { atLeast, contradictory, demonstration, graded, notGradable, other, presence, report } from './builders.ts';

const policies = [compilePolicy(demonstration())];

const steps = (...reports: Report[]): readonly TermStep[] => fold(reports, policies, {}).steps;

function lastOf(list: readonly TermStep[]): TermStep {
  const made = list.at(-1);
  if (!made) throw new Error('no step');
  return made;
}

/** The actions of one value after the last of weekly reports; the first is a baseline where it is marked so. */
function actions(value: boolean | 'undecided', findings: readonly Finding[], baseline = false): string[] {
  const reports = findings.map((finding, week) =>
    report(`03-${String(1 + 7 * week).padStart(2, '0')}`, finding, { baseline: baseline && week === 0 }),
  );
  return lastOf(steps(...reports))
    .conditions.filter((one) => one.value === value)
    .map(({ action }) => action);
}

const S3 = { frequency: 3, severity: 3 } as const;

t.test('each opening action, on both sides of its edge', async (t) => {
  const cases: [name: string, findings: Finding[], expected: string[], baseline?: boolean][] = [
    ['composite 2', [graded(2)], []],
    ['composite 3', [graded(3, S3)], ['open-composite-3']],
    ['severity 3 in a composite of 2', [graded(2, { frequency: 1, severity: 3 })], []],
    ['severity 4 in a composite of 2', [graded(2, { frequency: 1, severity: 4 })], ['open-severity-4']],
    [
      'severity 4 in a term that cannot be graded',
      [notGradable({ frequency: 'missing', severity: 4 })],
      ['open-severity-4'],
    ],
    ['frequency 4 is no severity', [graded(1, { frequency: 4, severity: 1 })], []],
    ['a rise of 1 since the previous report', [graded(1), graded(2)], []],
    ['a rise of 2 since the previous report', [graded(0), graded(2)], ['open-rise-previous']],
    ['a rise of 1 twice', [graded(0), graded(1), graded(2)], []],
    ['a rise of 2 across a report without a grade', [graded(0), notGradable(), graded(2)], ['open-rise-previous']],
    ['a rise of 2 across a contradictory 0 is none from 1', [graded(1), contradictory(1), graded(2)], []],
    ['a first report of 2 is no rise', [graded(2)], []],
    ['a rise of 1 above the baseline', [graded(1), graded(2)], [], true],
    ['a rise of 2 above the baseline, by steps', [graded(0), graded(1), graded(2)], ['open-rise-baseline'], true],
    ['the same without a recorded baseline', [graded(0), graded(1), graded(2)], []],
    [
      'a rise that is certain though an answer is missing',
      [graded(0), atLeast(2, 3, { frequency: 4, severity: 'not-asked' })],
      ['open-rise-previous', 'open-cannot-exclude'],
    ],
    ['at most 2, severity answered', [atLeast(1, 2, { frequency: 2, severity: 2, interference: 'missing' })], []],
    ['up to 3', [atLeast(1, 3, { frequency: 2, severity: 2, interference: 'missing' })], ['open-cannot-exclude']],
    [
      'at most 2, but severity 4 not excluded',
      [atLeast(1, 2, { frequency: 1, severity: 'missing' })],
      ['open-cannot-exclude'],
    ],
    ['at most 2, severity not on this form', [atLeast(1, 2, { frequency: 1, severity: 'not-asked' })], []],
    ['a possible rise of 1', [graded(1), atLeast(1, 2, { frequency: 1, severity: 'not-asked' })], []],
    [
      'a possible rise of 2',
      [graded(0), atLeast(1, 2, { frequency: 1, severity: 'not-asked' })],
      ['open-cannot-exclude'],
    ],
    [
      'a possible rise of 2 above the baseline',
      [graded(0), graded(1), atLeast(1, 2, { frequency: 1, severity: 'not-asked' })],
      ['open-cannot-exclude'],
      true,
    ],
    ['contradictory with severity 2', [contradictory(2)], []],
    ['contradictory with severity 3', [contradictory(3)], ['open-review']],
    ['contradictory with severity 4', [contradictory(4)], ['open-severity-4', 'open-review']],
    ['a symptom that is not there', [presence(0)], []],
    ['a symptom at the first report', [presence(1)], ['open-presence']],
    ['a symptom newly there', [presence(0), presence(1)], ['open-presence']],
    ['nothing written', [other(false)], []],
    ['another symptom written', [other(true)], ['open-other']],
    ['grade 0', [graded(0, { frequency: 0, severity: 'hidden' })], []],
    ['nothing answered', [notGradable()], []],
  ];
  for (const [name, findings, expected, baseline] of cases) t.same(actions(true, findings, baseline), expected, name);
});

t.test('with no previous report and no baseline nothing is undecided that was answered', async (t) => {
  for (const finding of [graded(0), graded(1), graded(2), contradictory(3), presence(0), other(false)]) {
    t.same(actions('undecided', [finding]), [], JSON.stringify(finding.outcome));
  }
  t.same(actions('undecided', [graded(2, { frequency: 4 })]), [], 'a term without severity');
  t.same(actions('undecided', [graded(2, { frequency: 4, severity: 'not-asked' })]), []);
});

t.test('what was not answered is undecided, not no', async (t) => {
  t.same(actions('undecided', [atLeast(1, 2)]), ['open-severity-4']);
  t.same(actions('undecided', [notGradable()]), ['open-composite-3', 'open-severity-4']);
  t.same(actions('undecided', [graded(0), notGradable()], true), [
    'open-composite-3',
    'open-severity-4',
    'open-rise-previous',
    'open-rise-baseline',
  ]);
});

/** A line per report: transition, priority and status of the episode, and what decided. */
function lines(list: readonly TermStep[]): string[] {
  return list.map(({ transition, episodeAfter }) => {
    if (!episodeAfter) return transition;
    const { priority, status, decidedBy } = episodeAfter;
    return `${transition} ${priority} ${status}: ${decidedBy.map(({ action }) => action).join(', ')}`;
  });
}

const week = (number: number, finding: Finding, over: Parameters<typeof report>[2] = {}): Report =>
  report(`0${3 + Math.floor(number / 4)}-${String(1 + 7 * (number % 4)).padStart(2, '0')}`, finding, {
    id: `w${number}`,
    ...over,
  });

t.test('better: severe, then two calm weeks', async (t) => {
  t.same(
    lines(
      steps(week(0, graded(1)), week(1, graded(3, S3)), week(2, graded(2)), week(3, graded(1)), week(4, graded(0))),
    ),
    [
      'none',
      'open PH open: open-composite-3, open-rise-previous',
      'better PM open: de-escalate',
      'better PM open: de-escalate',
      'close PM closed: close',
    ],
  );
});

t.test('worse: from a rise to severe', async (t) => {
  t.same(
    lines(
      steps(
        week(0, graded(0), { baseline: true }),
        week(1, graded(2)),
        week(2, graded(2)),
        week(3, graded(3, S3)),
        week(4, graded(3, S3)),
        week(5, graded(2)),
        week(6, graded(3, S3)),
      ),
    ),
    [
      'none',
      'open PM open: open-rise-previous, open-rise-baseline',
      'same PM open: open-rise-previous, open-rise-baseline',
      'worse PH open: open-composite-3, escalate-severe, escalate-rise-baseline',
      'same PH open: open-composite-3, escalate-severe, escalate-rise-baseline',
      'better PM open: de-escalate',
      'worse PH open: open-composite-3, escalate-severe, escalate-rise-baseline',
    ],
  );
});

t.test('severe: severity 4 keeps its priority while the grade stays', async (t) => {
  const severe = graded(2, { frequency: 2, severity: 4 });
  t.same(
    lines(
      steps(week(0, severe), week(1, graded(2)), week(2, graded(1)), week(3, graded(2, { frequency: 2, severity: 4 }))),
    ),
    [
      'open PH open: open-severity-4',
      'same PH open: open-severity-4',
      'better PM open: de-escalate',
      'worse PH open: open-severity-4, escalate-severe',
    ],
  );
  t.match(
    lastOf(steps(week(0, graded(3, S3)), week(1, graded(2, { frequency: 2, severity: 4 })))),
    { transition: 'better', episodeAfter: { priority: 'PH' } },
    'lower, but severity 4: not de-escalated',
  );
  t.match(lastOf(steps(week(0, graded(3, S3)), week(1, graded(2, { frequency: 2, severity: 3 })))), {
    transition: 'better',
    episodeAfter: { priority: 'PM' },
  });
});

t.test('a persistent grade above the baseline does not get worse each week', async (t) => {
  const list = steps(
    week(0, graded(0), { baseline: true }),
    week(1, graded(2)),
    week(2, graded(2)),
    week(3, graded(2)),
  );
  t.same(
    list.map(({ transition }) => transition),
    ['none', 'open', 'same', 'same'],
  );
});

t.test('missing, opted out and contradictory weeks neither close nor count', async (t) => {
  const calm = graded(0, { frequency: 0, severity: 'hidden' });
  const between: [name: string, finding: Finding][] = [
    ['missing', notGradable()],
    ['opted out', notGradable({ frequency: 'opted-out', severity: 'opted-out' })],
    ['contradictory', contradictory(2)],
    ['a range', atLeast(0, 1, { frequency: 0, interference: 'missing' })],
    ['a missing score', graded(0, { frequency: 0, severity: 'missing' })],
  ];
  for (const [name, finding] of between) {
    const list = steps(week(0, graded(3, S3)), week(1, calm), week(2, finding), week(3, finding), week(4, calm));
    t.same(
      list.map(({ episodeAfter }) => episodeAfter?.calmDays),
      [0, 1, 1, 1, 2],
      name,
    );
    t.same(
      list.map(({ episodeAfter }) => episodeAfter?.status),
      ['open', 'open', 'open', 'open', 'closed'],
      name,
    );
  }
  t.match(lastOf(steps(week(0, graded(3, S3)), week(1, contradictory(2)))), {
    transition: 'kept',
    episodeAfter: { priority: 'PH', outcome: { grade: 3 } },
  });
});

t.test('a yes/no symptom closes after two days without, and is not told again while it lasts', async (t) => {
  t.same(
    lines(
      steps(
        week(0, presence(1)),
        week(1, presence(1)),
        week(2, presence(0)),
        week(3, presence(0)),
        week(4, presence(1)),
      ),
    ),
    [
      'open PL open: open-presence',
      'same PL open: open-presence',
      'better PL open: open-presence',
      'close PL closed: close',
      'open PL open: open-presence',
    ],
  );
  t.same(lines(steps(week(0, other(true)), week(1, other(false)), week(2, other(false)))), [
    'open PL open: open-other',
    'better PL open: open-other',
    'close PL closed: close',
  ]);
});

t.test('a late report changes what came after it, an amended one too', async (t) => {
  const on = [week(0, graded(1)), week(2, graded(2))];
  t.equal(fold(on, policies, {}).episodes.length, 0, 'a rise of 1');
  const late = fold([...on, week(1, graded(0))], policies, {});
  t.match(late.episodes, [{ origin: 'w2', openedBy: [{ action: 'open-rise-previous' }] }], 'it was a rise of 2');
  const severe = [week(0, graded(3, S3)), week(1, graded(2)), week(2, graded(1))];
  t.match(fold(severe, policies, {}).episodes, [{ origin: 'w0', openingLevel: 3, calmDays: 1 }]);
  const amended = fold([week(0, graded(1), { version: 2 }), ...severe.slice(1)], policies, {});
  t.same(amended.episodes, [], 'nothing is left to rest on');
});
