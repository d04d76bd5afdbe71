import t from 'tap';
import { decide, inOrder } from '../../src/rules/decide.ts';
import type { Episode, Priority } from '../../src/rules/episode.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { type ActionSpec, atLeast, contradictory, graded, notGradable, plan, TERM } from './builders.ts';

const source = { type: 'QuestionnaireResponse', id: 'o', version: 1 } as const;

const open = (priority: Priority): Episode => ({
  term: TERM,
  status: 'open',
  origin: 'o',
  start: '2026-03-01T08:00:00.000Z',
  opening: source,
  latest: source,
  kind: 'composite',
  system: 'pro-ctcae',
  systemVersion: '1.0',
  outcome: { kind: 'graded', grade: 2 },
  openingLevel: 2,
  priority,
  openedBy: [],
  decidedBy: [],
  calmDays: 2,
  reports: 3,
});

const yes = (id: string, code: ActionSpec['code'], priority?: Priority): ActionSpec => ({
  id,
  code,
  priority,
  expression: 'true',
});
const no = (id: string, code: ActionSpec['code']): ActionSpec => ({ id, code, expression: 'false' });
const unclear = (id: string, code: ActionSpec['code']): ActionSpec => ({
  id,
  code,
  expression: '%finding.interference > 1',
});

function effect(actions: readonly ActionSpec[], episode?: Episode, finding: Finding = graded(1)) {
  const context = { finding, at: '2026-03-02T08:00:00.000Z', day: '2026-03-02', before: {}, episode, patient: {} };
  const { effect } = decide([compilePolicy(plan(actions))], context);
  return 'by' in effect ? { ...effect, by: effect.by.map(({ action }) => action) } : effect;
}

const cases: [name: string, actions: ActionSpec[], episode: Episode | undefined, expected: object][] = [
  ['nothing true', [no('a', 'open'), unclear('b', 'open')], undefined, { kind: 'none' }],
  [
    'one opens beside an undecided',
    [unclear('a', 'open'), yes('b', 'open', 'PL')],
    undefined,
    { kind: 'open', priority: 'PL', by: ['b'] },
  ],
  [
    'all that are true open, at the highest',
    [yes('a', 'open', 'PL'), yes('b', 'open', 'PH'), yes('c', 'open', 'PN')],
    undefined,
    { kind: 'open', priority: 'PH', by: ['a', 'b', 'c'] },
  ],
  [
    'only open actions open',
    [yes('a', 'escalate', 'PH'), yes('b', 'close'), yes('c', 'de-escalate', 'PL')],
    undefined,
    { kind: 'none' },
  ],
  ['an open action of the present priority does nothing', [yes('a', 'open', 'PM')], open('PM'), { kind: 'none' }],
  [
    'an open action above it escalates',
    [yes('a', 'open', 'PM')],
    open('PL'),
    { kind: 'escalate', priority: 'PM', by: ['a'] },
  ],
  [
    'an escalation at the present priority rests on it',
    [yes('a', 'escalate', 'PM')],
    open('PM'),
    { kind: 'escalate', priority: 'PM', by: ['a'] },
  ],
  [
    'an escalation below it never lowers',
    [yes('a', 'escalate', 'PL')],
    open('PH'),
    { kind: 'escalate', priority: 'PH', by: [] },
  ],
  [
    'of several the highest counts',
    [yes('a', 'escalate', 'PL'), yes('b', 'escalate', 'PH')],
    open('PM'),
    { kind: 'escalate', priority: 'PH', by: ['b'] },
  ],
  [
    'a rise goes before a close',
    [yes('a', 'close'), yes('b', 'escalate', 'PL')],
    open('PH'),
    { kind: 'escalate', priority: 'PH', by: [] },
  ],
  [
    'a close goes before a fall',
    [yes('a', 'de-escalate', 'PL'), yes('b', 'close')],
    open('PH'),
    { kind: 'close', by: ['b'] },
  ],
  [
    'an undecided rise does not hold up a close',
    [unclear('a', 'escalate'), yes('b', 'close')],
    open('PM'),
    { kind: 'close', by: ['b'] },
  ],
  [
    'a fall goes to the highest of those true',
    [yes('a', 'de-escalate', 'PN'), yes('b', 'de-escalate', 'PL')],
    open('PH'),
    { kind: 'de-escalate', priority: 'PL', by: ['a', 'b'] },
  ],
  ['a fall to the present priority is none', [yes('a', 'de-escalate', 'PM')], open('PM'), { kind: 'none' }],
  ['nor is one to a higher', [yes('a', 'de-escalate', 'PH')], open('PM'), { kind: 'none' }],
];

t.test('what the true conditions come to', async (t) => {
  for (const [name, actions, episode, expected] of cases) t.same(effect(actions, episode), expected, name);
});

t.test('which findings may close', async (t) => {
  const close = [yes('a', 'close')];
  t.equal(effect(close, open('PM'), graded(0)).kind, 'close');
  t.equal(effect(close, open('PM'), atLeast(0, 1)).kind, 'close');
  t.equal(effect(close, open('PM'), notGradable()).kind, 'none');
  t.equal(effect(close, open('PM'), contradictory(1)).kind, 'none');
});

t.test('several policies decide together, in the order of their canonicals', async (t) => {
  const [low, high] = (['PL', 'PH'] as const).map((priority) =>
    compilePolicy(plan([yes('open', 'open', priority)], { url: `https://example.org/${priority}` })),
  );
  if (!low || !high) throw new Error('two policies');
  const context = { finding: graded(1), at: '2026-03-02T08:00:00.000Z', day: '2026-03-02', before: {}, patient: {} };
  t.match(decide(inOrder([low, high]), context).effect, {
    kind: 'open',
    priority: 'PH',
    by: [{ policy: 'https://example.org/PH|1' }, { policy: 'https://example.org/PL|1' }],
  });
  t.same(decide([], context), { conditions: [], effect: { kind: 'none' } });
});

t.test('what leaves a high grade open neither closes nor lowers, and may raise', async (t) => {
  const easing = [yes('close', 'close'), yes('lower', 'de-escalate', 'PN')];
  const doubts: [name: string, finding: Finding][] = [
    ['no grade', notGradable()],
    ['a contradiction, graded 0 by the table', contradictory(4)],
    ['a range up to the opening level', atLeast(0, 2)],
    ['a range above it', atLeast(1, 3)],
  ];
  for (const [name, finding] of doubts) {
    t.same(effect(easing, open('PH'), finding), { kind: 'none' }, name);
    t.match(effect([...easing, yes('up', 'escalate', 'PH')], open('PM'), finding), { kind: 'escalate' }, name);
  }
  t.same(
    effect(easing, open('PH'), atLeast(0, 1)),
    { kind: 'close', by: ['close'] },
    'a range that is calm at the worst',
  );
  t.same(effect(easing, { ...open('PH'), openingLevel: 1 }, atLeast(0, 1)), { kind: 'none' });
  t.same(effect([yes('lower', 'de-escalate', 'PN')], open('PH'), graded(1)), {
    kind: 'de-escalate',
    priority: 'PN',
    by: ['lower'],
  });
});
