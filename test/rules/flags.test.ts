import t from 'tap';
import type { Episode } from '../../src/rules/episode.ts';
import { fold } from '../../src/rules/episodes.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { advance, type FlagChange, type LedgerRow, reconcile } from '../../src/rules/flags.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { shownSignature, signature } from '../../src/rules/signature.ts';
import { often } from '../support/often.ts';
import {
  atLeast,
  contradictory,
  demonstration,
  graded,
  notGradable,
  plain,
  plan,
  presence,
  report,
  TERM,
} from './builders.ts';
import { Clinic, chance, shuffled } from './clinic.ts';

const policies = [compilePolicy(demonstration())];

const episode = (over: Partial<Episode> = {}): Episode => ({
  term: TERM,
  status: 'open',
  origin: 'b',
  start: '2026-03-02T08:00:00.000Z',
  opening: { type: 'QuestionnaireResponse', id: 'b', version: 1 },
  latest: { type: 'QuestionnaireResponse', id: 'b', version: 1 },
  kind: 'composite',
  system: 'pro-ctcae',
  systemVersion: '1.0',
  outcome: { kind: 'graded', grade: 3 },
  openingLevel: 3,
  priority: 'PH',
  openedBy: [],
  decidedBy: [],
  calmDays: 0,
  reports: 1,
  ...over,
});

const row = (over: Partial<LedgerRow> = {}): LedgerRow => ({
  flagId: 'F',
  version: 1,
  term: TERM,
  origin: 'b',
  start: '2026-03-02T08:00:00.000Z',
  signature: shownSignature(episode({ start: over.start ?? episode().start })),
  status: 'active',
  ...over,
});

const brief = (changes: readonly FlagChange[]) =>
  changes.map((change) =>
    [change.kind, 'row' in change ? change.row.flagId : '-', 'episode' in change ? change.episode.origin : '-'].join(
      ' ',
    ),
  );

t.test('a signature changes with status, grade and priority alone', async (t) => {
  const same = signature(episode());
  t.equal(signature(episode({ calmDays: 1, reports: 9, previousGrade: 2, baselineGrade: 0, origin: 'x' })), same);
  const others: Partial<Episode>[] = [
    { status: 'closed' },
    { priority: 'PM' },
    { outcome: { kind: 'graded', grade: 2 } },
    { outcome: { kind: 'at-least', min: 3, max: 3, missing: [] } },
    { outcome: { kind: 'not-gradable', reason: 'opted-out', missing: [] } },
  ];
  for (const over of others) t.not(signature(episode(over)), same, JSON.stringify(over));
  const range = (min: number, max: number) =>
    signature(episode({ outcome: { kind: 'at-least', min, max, missing: [] } }));
  t.not(range(1, 2), range(1, 3));
});

t.test('what a Flag says is all in its shown signature', async (t) => {
  const same = shownSignature(episode());
  t.equal(shownSignature(episode({ calmDays: 1, reports: 9, openingLevel: 1, origin: 'x' })), same);
  const others: Partial<Episode>[] = [
    { start: '2026-03-01T08:00:00.000Z' },
    { startAuthored: '2026-03-02T09:00:00+01:00' },
    { previousGrade: 2 },
    { baselineGrade: 0 },
    { latest: { type: 'QuestionnaireResponse', id: 'c', version: 1 } },
    { latest: { type: 'Observation', id: 'b', version: 1 } },
    { said: { worst: true } },
    { said: { dataQuality: ['clock-ahead'] } },
    { said: { measured: { value: 38.5, unit: 'Cel' } } },
    { said: { unvalidatedWording: true } },
    { decidedBy: [{ policy: 'p|1', action: 'x' }] },
    { priority: 'PM' },
  ];
  for (const over of others) t.not(shownSignature(episode(over)), same, JSON.stringify(over));
});

t.test('a Flag says beside the grade what the latest informative report says, at hand or not', async (t) => {
  const clinic = new Clinic([
    compilePolicy(
      plan([
        { id: 'open', expression: '%finding.min >= 2' },
        { id: 'doubt', code: 'escalate', priority: 'PH', expression: '%finding.contradictory' },
      ]),
    ),
  ]);
  const said = () => clinic.ledger.map(({ version, said }) => [version, plain(said ?? {})]);
  const worst = graded(2, { frequency: 2, severity: 4 });
  clinic.receive(report('03-01', worst));
  t.same(said(), [[1, { worst: true }]]);
  clinic.receive(report('03-02', contradictory(2)));
  t.same(said(), [[2, { worst: true }]], 'what raises without a grade takes nothing away');
  clinic.refold();
  t.same(said(), [[2, { worst: true }]], 'and all reports together say the same');
  clinic.receive(report('03-01', graded(2, { frequency: 2, severity: 3 }), { version: 2 }));
  t.same(said(), [[3, {}]], 'an amendment of the same grade is a new version: the severity was another');
  clinic.receive({ ...report('03-01', graded(2, { frequency: 2, severity: 3 }), { version: 3 }), clockAhead: true });
  t.same(said(), [[4, { dataQuality: ['clock-ahead'] }]]);
  clinic.receive({ ...report('03-01', worst, { version: 4 }), unvalidatedWording: true });
  t.same(said(), [[5, { worst: true, unvalidatedWording: true }]]);
});

t.test('reconcile', async (t) => {
  const d = (day: number) => `2026-03-${String(day).padStart(2, '0')}T08:00:00.000Z`;
  const a = row({ flagId: 'A', origin: 'a', start: d(1) });
  const with_ = (over: Partial<Episode>, members: string[]) => ({ ...episode(over), members });
  const cases: [name: string, ledger: LedgerRow[], episodes: Episode[], expected: string[]][] = [
    ['nothing kept: a Flag is created', [], [episode()], ['create - b']],
    ['nothing changed: nothing is done', [row()], [episode()], ['none F b']],
    ['another grade: a new version', [row()], [episode({ outcome: { kind: 'graded', grade: 2 } })], ['update F b']],
    ['closed: a new version', [row()], [episode({ status: 'closed', end: d(9) })], ['update F b']],
    [
      'a retracted Flag of the same origin is revived',
      [row({ status: 'entered-in-error' })],
      [episode()],
      ['update F b'],
    ],
    ['no episode is left: retracted', [row()], [], ['retract F -']],
    ['a retracted Flag stays as it is', [row({ status: 'entered-in-error' })], [], []],
    [
      'the start moved: a new version says so',
      [a],
      [with_({ origin: 'z', start: d(1).replace('T08', 'T07') }, ['z', 'a'])],
      ['update A z'],
    ],
    [
      'the end moved: a new version says so',
      [row({ status: 'inactive', end: d(8), signature: shownSignature(episode({ status: 'closed' })) })],
      [episode({ status: 'closed', end: d(9) })],
      ['update F b'],
    ],
    [
      'an earlier report opens it now: the Flag of a member goes on',
      [row({ flagId: 'A', origin: 'a', start: d(5) })],
      [with_({ origin: 'late', start: d(1) }, ['late', 'a'])],
      ['update A late'],
    ],
    [
      'the opening report does no longer open: the Flag goes on by overlap',
      [a],
      [with_({ origin: 'b' }, ['b', 'c'])],
      ['update A b'],
    ],
    [
      'no overlap: another Flag',
      [row({ flagId: 'A', origin: 'a', start: d(1), end: d(2).replace('T08', 'T07'), status: 'inactive' })],
      [episode()],
      ['create - b', 'retract A -'],
    ],
    [
      'touching is overlapping',
      [row({ flagId: 'A', origin: 'a', start: d(1), end: d(2), status: 'inactive', signature: 'x' })],
      [episode()],
      ['update A b'],
    ],
    [
      'the same origin goes before a member, a member before overlap',
      [
        row({ flagId: 'over', origin: 'gone', start: d(1) }),
        row({ flagId: 'member', origin: 'c', start: d(3) }),
        row({ flagId: 'own' }),
      ],
      [with_({}, ['b', 'c'])],
      ['none own b', 'retract over -', 'retract member -'],
    ],
    [
      'touching at the other end too',
      [row({ flagId: 'A', origin: 'a', start: d(4) })],
      [episode({ status: 'closed', end: d(4) })],
      ['update A b'],
    ],
    [
      'just not touching there',
      [row({ flagId: 'A', origin: 'a', start: d(4) })],
      [episode({ status: 'closed', end: d(4).replace('T08', 'T07') })],
      ['create - b', 'retract A -'],
    ],
    [
      'a member goes before an overlap that started earlier',
      [row({ flagId: 'over', origin: 'gone', start: d(1) }), row({ flagId: 'member', origin: 'c', start: d(3) })],
      [with_({}, ['b', 'c'])],
      ['update member b', 'retract over -'],
    ],
    [
      'an episode split in two: each origin keeps its own',
      [a],
      [
        with_({ origin: 'z', start: d(1).replace('T08', 'T07'), status: 'closed', end: d(1).replace('T08', 'T07') }, [
          'z',
        ]),
        with_({ origin: 'a', start: d(1) }, ['a']),
      ],
      ['create - z', 'none A a'],
    ],
    [
      'two episodes made one: the earlier Flag goes on',
      [a, row({ flagId: 'B', origin: 'c', start: d(4) })],
      [with_({ origin: 'z', start: d(1) }, ['z', 'a', 'c'])],
      ['none A z', 'retract B -'],
    ],
    [
      'a retracted Flag of another origin is not taken',
      [row({ flagId: 'A', origin: 'a', status: 'entered-in-error' })],
      [with_({}, ['b', 'a'])],
      ['create - b'],
    ],
    ['terms are apart', [row({ term: 'PROCTCAE_5_COMP' })], [episode()], ['create - b', 'retract F -']],
  ];
  for (const [name, ledger, episodes, expected] of cases) t.same(brief(reconcile(ledger, episodes)), expected, name);
  t.same(
    brief(advance([a, row({ flagId: 'other', term: 'PROCTCAE_5_COMP' })], [episode({ origin: 'a' })])),
    ['ledger-only A a'],
    'in order nothing is retracted',
  );
});

const KINDS: readonly ((next: (below: number) => number) => Finding)[] = [
  (next) => graded(next(4)),
  (next) => graded(next(2)),
  () => graded(0, { frequency: 0, severity: 'hidden' }),
  (next) => graded(2, { frequency: 3, severity: 2 + next(3) }),
  (next) => atLeast(next(3), 3),
  () => notGradable(),
  (next) => contradictory(1 + next(4)),
];

t.test('any order of arrival gives the same Flags, and one open episode per term', async (t) => {
  let late = 0;
  const seeds = often(60);
  for (let seed = 1; seed <= seeds; seed++) {
    const next = chance(seed);
    const season = Array.from({ length: 10 }, (_, day) => {
      const kind = KINDS[next(KINDS.length)] ?? (() => graded(0));
      const findings = [kind(next), ...(next(2) === 0 ? [presence(next(2) === 0 ? 0 : 1)] : [])];
      // Two reports of one moment, now and then: the id orders them.
      return report(`03-${String(10 + Math.floor(day / (seed % 5 === 0 ? 2 : 1))).padStart(2, '0')}`, findings, {
        id: `r${day}`,
        baseline: next(6) === 0,
      });
    });
    const inOrder = new Clinic(policies);
    for (const one of season) inOrder.receive(one);
    const refolded = fold(season, policies, {});
    t.same(plain(inOrder.state), plain(refolded.state), `seed ${seed}: in order is the fold`);
    for (let round = 0; round < 4; round++) {
      const clinic = new Clinic(policies);
      // Some arrive first with another content and are amended, some are retracted and one is sent that never was.
      for (const one of shuffled(season, next)) {
        if (next(3) === 0) clinic.receive({ ...one, findings: [graded(next(4))] });
        clinic.receive({ ...one, source: { ...one.source, version: 1 } });
        if (next(4) === 0) clinic.receive(report('03-14', graded(3), { id: 'ghost' }));
        if (next(4) === 0) clinic.retract('ghost');
        const open = clinic.ledger.filter(({ status }) => status === 'active').map(({ term }) => term);
        if (new Set(open).size !== open.length) t.fail(`seed ${seed}: two open episodes of a term`);
      }
      clinic.retract('ghost');
      late += 1;
      t.same(clinic.seen(), inOrder.seen(), `seed ${seed}, round ${round}`);
      t.same(plain(clinic.state), plain(inOrder.state));
    }
  }
  t.equal(late, 4 * seeds);
});
