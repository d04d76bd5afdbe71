import { readFileSync } from 'node:fs';
import t from 'tap';
import { MACHINE, type Row, rowOf, turned } from '../../src/rules/episode-machine.ts';
import { fold, type TermStep } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { readState, writeState } from '../../src/rules/state-packed.ts';
import { type ActionSpec, atLeast, contradictory, graded, notGradable, plan, report, TERM } from './builders.ts';

const ACTIONS: readonly ActionSpec[] = [
  { id: 'open-2', priority: 'PL', expression: '%finding.max >= 2' },
  { id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' },
  { id: 'review', priority: 'PM', expression: '%finding.needsReview' },
  { id: 'rise', code: 'escalate', priority: 'PM', expression: '%previous.exists() and %finding.min > %previous.grade' },
  { id: 'lower', code: 'de-escalate', priority: 'PL', expression: '%finding.grade < 2' },
  { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' },
];
const policies = [compilePolicy(plan(ACTIONS))];
/** Nothing raises: grades alone tell what a step is called. */
const quiet = [compilePolicy(plan([{ id: 'open', expression: '%finding.max >= 2' }, ...ACTIONS.slice(5)]))];

const day = (n: number): string => `03-${String(n).padStart(2, '0')}`;
const at = (n: number): string => `2026-${day(n)}T08:00:00.000Z`;

/** One report each day, from the first of March on. */
const days = (...findings: Finding[]): Report[] => findings.map((finding, index) => report(day(index + 1), finding));

/** What a clinician expects from the noon of a day on. */
const expects = (from: number, level: number, until: string, term = TERM): Report => ({
  ...report(`2026-${day(from)}T12:00:00.000Z`, [], { id: `expected-${from}` }),
  source: { type: 'Observation', id: `expected-${from}`, version: 1 },
  expected: [{ term, level, until }],
});

/** A second report of the moment of one of these. */
const again = (n: number, finding: Finding): Report => report(day(n), finding, { id: `${day(n)}-again` });

/** Another wording of one adverse event. */
const worded = (number: 55 | 56, grade: number): Finding => ({ ...graded(grade), term: `PROCTCAE_${number}_COMP` });

const lastOf = (reports: readonly Report[], asked = policies): TermStep => {
  const made = fold(reports, asked, {}).steps.at(-1);
  if (!made) throw new Error('no step');
  return made;
};

const JUNE = '2026-06-01T00:00:00.000Z';

/** What opens still holds as the episode closes: it is asked of more than the grade. */
const lingering = [
  compilePolicy(
    plan([
      { id: 'open', priority: 'PL', expression: '%finding.min >= 1' },
      { id: 'severe', priority: 'PM', expression: '%finding.severity >= 3' },
      { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' },
    ]),
  ),
];

/** A story for each transition: its last step is the transition. */
const STORIES: Record<string, () => TermStep> = {
  quiet: () => lastOf(days(graded(1))),
  open: () => lastOf(days(graded(2))),
  merge: () => lastOf([report(day(1), [worded(55, 3), worded(56, 3)])]),
  'worsen by policy': () => lastOf(days(graded(2), graded(3))),
  worsen: () => lastOf(days(graded(2), graded(3)), quiet),
  plateau: () => lastOf(days(graded(2), graded(2))),
  improve: () => lastOf(days(graded(2), graded(1))),
  kept: () => lastOf(days(graded(2), notGradable())),
  'merge of one moment': () => lastOf([...days(graded(2)), again(1, graded(1))]),
  close: () => lastOf(days(graded(2), graded(1), graded(1))),
  snooze: () => lastOf([...days(graded(2)), expects(1, 3, JUNE), report(day(2), graded(3))]),
  wake: () => lastOf([...days(graded(2)), expects(1, 3, at(2)), report(day(3), graded(3))]),
  'break through': () => lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), graded(3))]),
  'worsen while snoozed': () => lastOf([...days(graded(2)), expects(1, 3, JUNE), report(day(2), graded(3))], quiet),
  'plateau while snoozed': () => lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), graded(2))]),
  'improve while snoozed': () => lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), graded(1))]),
  'kept while snoozed': () => lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), notGradable())]),
  'merge while snoozed': () =>
    lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), graded(2)), again(2, graded(2))]),
  'close while snoozed': () =>
    lastOf([...days(graded(2)), expects(1, 2, JUNE), report(day(2), graded(0)), report(day(3), graded(0))]),
  'quiet since': () => lastOf(days(graded(2), graded(0), graded(0), graded(1))),
  reopen: () => lastOf(days(graded(2), graded(0), graded(0), graded(2))),
  'merge at its end': () => lastOf([...days(graded(2), graded(1), graded(1)), again(3, graded(1))], lingering),
  'merge since': () =>
    lastOf([
      report(day(1), worded(56, 3)),
      report(day(2), worded(56, 0)),
      report(day(3), worded(56, 0)),
      report(day(4), [worded(55, 3), worded(56, 3)]),
    ]),
};

t.test('each transition is told by a story', async (t) => {
  t.same(Object.keys(STORIES).sort(), MACHINE.map(({ name }) => name).sort(), 'every one, and no other');
  for (const { name, from, to, transition } of MACHINE) {
    const made = STORIES[name]?.();
    if (!made) continue;
    // What no report makes by itself is seen in the step that follows.
    if (transition) t.equal(made.transition, transition, name);
    t.equal(made.episodeBefore !== undefined, from === 'open' || from === 'snoozed', `${name}: from ${from}`);
    const open = made.episodeAfter?.status === 'open';
    t.equal(open, to === 'open' || to === 'snoozed', `${name}: to ${to}`);
  }
});

t.test('the table of docs/episodes.md is the machine', async (t) => {
  const text = readFileSync('docs/episodes.md', 'utf8');
  const rows = [...text.matchAll(/^\| ([a-z ]+) \| `(\w+)` \| `(\w+)` \| `(\w+)` \| (?:`(\w+)`)? *\|$/gm)];
  const ofTable = ([, name, from, event, to, transition]: readonly (string | undefined)[]) =>
    [name, from, event, to, transition ?? ''].join(' ');
  const ofMachine = ({ name, from, event, to, transition }: Row) => [name, from, event, to, transition ?? ''].join(' ');
  t.same(rows.map(ofTable), MACHINE.map(ofMachine));
  const events = new Set(MACHINE.map(({ event }) => event));
  const described = new Set(
    [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| [^`]/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/\w+/g)].map(([word]) => word),
    ),
  );
  for (const event of events) t.ok(described.has(event), `${event} is described`);
});

t.test('what the table does not have cannot happen', async (t) => {
  t.throws(() => rowOf('none', 'closes'), RangeError);
  t.throws(() => rowOf('closed', 'above'), RangeError);
  t.throws(() => rowOf('open', 'expects'), RangeError, 'no report makes it');
  t.equal(turned('none', 'expects'), 'none', 'a level that is expected where nothing is open changes nothing');
  t.equal(turned('snoozed', 'expires'), 'open');
  const keys = MACHINE.map(({ from, event }) => `${from} ${event}`);
  t.equal(new Set(keys).size, keys.length, 'one row for each event in a state');
});

t.test('snooze: a rise has to pass the level that is expected', async (t) => {
  const snoozedAt = (level: number, finding: Finding, until = JUNE) =>
    lastOf([...days(graded(1)), report(day(2), graded(2)), expects(2, level, until), report(day(3), finding)]);
  const cases: [name: string, level: number, finding: Finding, held: boolean, priority: string][] = [
    ['at the level it is held back', 3, graded(3), true, 'PL'],
    ['above the level it rises', 2, graded(3), false, 'PH'],
    ['below the level nothing wants to rise', 3, graded(2), false, 'PL'],
    ['a range that reaches above the level rises', 2, atLeast(3, 3), false, 'PH'],
    ['a range within the level is held back', 3, atLeast(3, 3), true, 'PL'],
    ['what contradicts itself is not held back', 3, contradictory(3), false, 'PM'],
  ];
  for (const [name, level, finding, held, priority] of cases) {
    const made = snoozedAt(level, finding);
    t.equal(made.held === true, held, name);
    t.equal(made.episodeAfter?.priority, priority, name);
  }
  t.match(
    snoozedAt(3, graded(3)),
    { transition: 'worse', episodeAfter: { outcome: { grade: 3 } } },
    'the grade goes on',
  );
  t.match(
    snoozedAt(3, graded(3)).conditions.filter(({ value }) => value === true),
    [{ action: 'open-3' }, { action: 'rise' }],
    'what was held back is recorded as true',
  );
  t.match(snoozedAt(3, graded(3)).told, { expected: { level: 3, until: JUNE } }, 'and so is why');
});

t.test('snooze: until a moment, and whoever looks when', async (t) => {
  const judged = (until: string) =>
    lastOf([report(day(2), graded(2)), expects(2, 3, until), report(day(5), graded(3))]).episodeAfter?.priority;
  t.equal(judged('2026-03-05T08:00:00.001Z'), 'PL', 'before the moment');
  t.equal(judged(at(5)), 'PL', 'at the moment itself');
  t.equal(judged('2026-03-05T07:59:59.999Z'), 'PH', 'after it');
  const anew = [report(day(2), graded(2)), expects(2, 3, JUNE), expects(3, 2, JUNE), report(day(5), graded(3))];
  t.equal(lastOf(anew).episodeAfter?.priority, 'PH', 'what is expected anew takes its place');
  const later = [report(day(2), graded(2)), report(day(3), graded(3)), expects(4, 3, JUNE)];
  t.equal(fold(later, policies, {}).episodes[0]?.priority, 'PH', 'what was raised before stays');
});

t.test('snooze: an opening is never held back', async (t) => {
  t.match(lastOf([expects(1, 3, JUNE), report(day(2), graded(3))]), { transition: 'open' });
  const reopened = [
    ...days(graded(2), graded(0)),
    expects(2, 3, JUNE),
    report(day(3), graded(0)),
    report(day(4), graded(2)),
  ];
  t.match(lastOf(reopened), { transition: 'open' });
});

t.test('reopen: the new episode names the one before', async (t) => {
  const { episodes, state } = fold(
    days(graded(2), graded(0), graded(0), graded(1), graded(3), graded(0), graded(0), graded(2)),
    policies,
    {},
  );
  t.same(
    episodes.map(({ origin, reopens }) => [origin, reopens?.origin, reopens?.start, reopens?.end]),
    [
      [day(1), undefined, undefined, undefined],
      [day(5), day(1), at(1), at(3)],
      [day(8), day(5), at(5), at(7)],
    ],
  );
  t.match(state.terms[TERM]?.closed, { origin: day(5), end: at(7) });
});

t.test('two wordings of one adverse event in one report', async (t) => {
  const open = (...reports: Report[]) =>
    fold(reports, policies, {})
      .episodes.filter(({ status }) => status === 'open')
      .map(({ term, priority }) => `${term} ${priority}`);
  const both = (n: number, first: number, second: number) => report(day(n), [worded(55, first), worded(56, second)]);
  t.same(open(both(1, 2, 2)), ['PROCTCAE_55_COMP PL'], 'alike: the first speaks for both');
  t.same(open(both(1, 2, 3)), ['PROCTCAE_56_COMP PH'], 'the worse speaks for both');
  t.same(
    open(report(day(1), [worded(56, 3), worded(55, 3)])),
    ['PROCTCAE_55_COMP PH'],
    'whatever the order of the form',
  );
  t.same(
    open(both(1, 2, 2), both(2, 0, 2)),
    ['PROCTCAE_55_COMP PL', 'PROCTCAE_56_COMP PL'],
    'when the first no longer does, the other opens',
  );
  t.same(open(report(day(1), worded(55, 2)), report(day(2), worded(56, 2))).length, 2, 'in two reports they are two');
  t.same(
    open(both(1, 0, 3), both(2, 3, 3)),
    ['PROCTCAE_56_COMP PH'],
    'of two as bad the one that is open speaks for both',
  );
  t.same(open(both(1, 3, 0), both(2, 3, 3)), ['PROCTCAE_55_COMP PH'], 'which may be the first');
  t.same(open(both(1, 0, 2), both(2, 3, 3)), ['PROCTCAE_56_COMP PH'], 'and is raised before it speaks');
  t.same(
    open(report(day(1), worded(55, 2)), report(day(2), worded(56, 3)), both(3, 2, 2)),
    ['PROCTCAE_55_COMP PL', 'PROCTCAE_56_COMP PH'],
    'what stands stays',
  );
  const made = fold([both(1, 2, 2)], policies, {}).steps;
  t.match(made, [
    { term: 'PROCTCAE_55_COMP', transition: 'open' },
    { term: 'PROCTCAE_56_COMP', transition: 'merge', mergedInto: 'PROCTCAE_55_COMP', episodeAfter: undefined },
  ]);
  t.ok(
    made[1]?.conditions.some(({ value }) => value === true),
    'it was asked, and what it wanted is recorded',
  );
  const review = { ...worded(56, 0), ...{ dataQuality: ['contradictory', 'needs-review'] as const } };
  t.same(open(report(day(1), [worded(55, 3), review])).length, 2, 'what contradicts itself is never merged');
  t.same(
    open(report(day(1), [worded(55, 2), { ...atLeast(1, 3), term: 'PROCTCAE_56_COMP' }])).length,
    2,
    'nor what could be higher',
  );
});

t.test('one term twice in one report: the worse stands, with the doubts of both', async (t) => {
  const cases: [name: string, findings: Finding[], outcome: object][] = [
    ['the higher grade', [graded(1), graded(3)], { kind: 'graded', grade: 3 }],
    ['whatever the order', [graded(3), graded(1)], { kind: 'graded', grade: 3 }],
    ['a grade above nothing', [notGradable(), graded(1)], { kind: 'graded', grade: 1 }],
    ['a range that reaches higher leaves a range', [graded(2), atLeast(1, 3)], { kind: 'at-least', min: 2, max: 3 }],
    ['a range within the grade adds nothing', [graded(3), atLeast(1, 3)], { kind: 'graded', grade: 3 }],
  ];
  for (const [name, findings, outcome] of cases) {
    const { steps } = fold([report(day(1), findings)], policies, {});
    t.equal(steps.length, 1, name);
    t.match(steps[0]?.finding.outcome, outcome, name);
  }
  const { steps } = fold([report(day(1), [contradictory(3), graded(2)])], policies, {});
  t.match(steps[0]?.finding, { outcome: { grade: 2 }, dataQuality: ['contradictory', 'needs-review'] });
});

t.test('two reports of one moment: the second adds only what is worse', async (t) => {
  const twice = (first: Finding, second: Finding) => fold([...days(graded(3), first), again(2, second)], policies, {});
  t.match(
    twice(graded(2), graded(0)),
    { steps: { length: 3 }, state: { terms: { [TERM]: { previous: { grade: 2, source: { id: day(2) } } } } } },
    'a better one is no improvement',
  );
  t.equal(twice(graded(0), graded(0)).episodes[0]?.calmDays, 1, 'one day of calm is one');
  t.equal(twice(graded(0), graded(0)).episodes[0]?.reports, 2, 'and one report is one');
  t.equal(twice(graded(0), graded(3)).episodes[0]?.calmDays, 0, 'a worse one counts');
  t.match(twice(graded(0), graded(3)).steps.at(-1), { transition: 'worse' });
  const single = fold(days(graded(3), graded(1)), policies, {});
  const doubled = twice(graded(1), graded(1));
  t.equal(
    writeState({ ...doubled.state, upTo: undefined }),
    writeState({ ...single.state, upTo: undefined }),
    'sent twice under two ids, it changes nothing',
  );
  const severe = graded(3, { frequency: 4, severity: 4 });
  const bySeverity = [
    compilePolicy(
      plan([
        { id: 'open', priority: 'PL' },
        { id: 'up', code: 'escalate', priority: 'PH', expression: '%finding.severity >= 4' },
      ]),
    ),
  ];
  t.match(
    lastOf([...days(graded(3, { frequency: 4, severity: 3 })), again(1, severe)], bySeverity),
    { transition: 'worse', episodeAfter: { priority: 'PH' } },
    'it is asked all the same, and may raise',
  );
});

t.test(
  'a closing report that comes twice opens nothing, but for what would have raised the episode that it closed',
  async (t) => {
    const closing = days(graded(2), graded(1), graded(1));
    const transitions = (second: Report): string[] => {
      const { steps, episodes } = fold([...closing, second], lingering, {});
      return [...steps.map(({ transition }) => transition).slice(2), String(episodes.length)];
    };
    t.same(transitions(again(3, graded(1))), ['close', 'merge', '1']);
    t.same(transitions(again(3, graded(0))), ['close', 'none', '1']);
    t.same(transitions(again(3, graded(2))), ['close', 'open', '2'], 'it says worse');
    t.same(
      transitions(again(3, graded(1, { severity: 3 }))),
      ['close', 'open', '2'],
      'more urgent than what has ended',
    );
    t.same(transitions(report(day(4), graded(1))), ['close', 'open', '2'], 'another moment');
    const doubled = fold([...closing, again(3, graded(1))], lingering, {}).steps.at(-1);
    t.equal(doubled?.ended, 'PL', 'what the step rests on is told');
    const state = fold(closing, lingering, {}).state;
    t.same(readState(writeState(state)), JSON.parse(JSON.stringify(state)), 'what it ended with is kept');
  },
);
