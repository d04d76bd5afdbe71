import t from 'tap';
import { EMPTY, fold, step } from '../../src/rules/episodes.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { findingFrom } from '../../src/rules/gradings/pro-ctcae.ts';
import { type Neighbour, neighbours } from '../../src/rules/neighbours.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { type ActionSpec, answers, notGradable, plan, report, type Score, TERM } from './builders.ts';

/** As the published table grades these scores of nausea. */
function nausea(scores: Record<'frequency' | 'severity', Score>): Finding {
  const finding = findingFrom(TERM, answers(scores));
  if (!finding) throw new Error('nausea is a term');
  return finding;
}

const emergency = (grade: 0 | 1): Finding => ({
  term: 'bleeding',
  system: 'emergency',
  version: '1',
  kind: 'emergency',
  outcome: { kind: 'graded', grade },
  attributes: {},
  dataQuality: [],
});

const POLICY: ActionSpec[] = [
  { id: 'open', priority: 'PM', expression: '%finding.min >= 2' },
  { id: 'high', priority: 'PH', expression: '%finding.min >= 3' },
  { id: 'now', priority: 'PH', expression: "%finding.kind = 'emergency' and %finding.grade = 1" },
  { id: 'close', code: 'close', expression: '%episode.calmDays >= 3' },
];

/** What would have changed the last of these reports. */
function around(findings: readonly Finding[], actions: readonly ActionSpec[] = POLICY): string[] {
  const policies = [compilePolicy(plan(actions))];
  const reports = findings.map((finding, index) => report(`03-0${index + 1}`, finding));
  const last = reports.at(-1);
  const { state } = fold(reports.slice(0, -1), policies, {});
  const [made] = last ? step(state, last, policies, {}).steps : [];
  if (!last || !made) throw new Error('no step');
  return neighbours(made, (finding, episode) => {
    const key = Object.keys(state.terms)[0] ?? TERM;
    const from = { ...EMPTY, terms: { [key]: { ...state.terms[key], episode } } };
    const [again] = step(from, { ...last, findings: [finding] }, policies, {}).steps;
    if (!again) throw new Error('no step');
    return again;
  }).map(told);
}

const told = ({ changes, situation: { flag, priority } }: Neighbour): string =>
  [
    ...changes.map((one) =>
      one.kind === 'calm'
        ? `calm +${one.days}`
        : `${one.kind === 'answer' ? one.attribute : 'grade'} ${one.from ?? '?'}>${one.to}`,
    ),
    flag,
    ...(priority ? [priority] : []),
  ].join(' ');

const cases: [name: string, findings: Finding[], changes: string[]][] = [
  [
    'of a Flag that was opened: what would have kept it shut, and what would have raised it',
    [nausea({ frequency: 3, severity: 2 })],
    ['severity 2>1 none', 'severity 2>3 open PH', 'frequency 3>1 none'],
  ],
  [
    'of a report just below: what would have opened a Flag',
    [nausea({ frequency: 1, severity: 2 })],
    ['frequency 1>2 open PM', 'severity 2>3 open PM'],
  ],
  [
    'of an answer that is missing: the lowest score for each end that it would have led to',
    [nausea({ frequency: 4, severity: 'missing' })],
    ['severity ?>2 open PM', 'severity ?>3 open PH'],
  ],
  [
    'of an open episode: the days of calm that were lacking',
    [nausea({ frequency: 4, severity: 4 }), nausea({ frequency: 1, severity: 1 })],
    ['calm +2 closed'],
  ],
  ['of an emergency that is there', [emergency(1)], ['grade 1>0 none']],
  ['of one that is not', [emergency(0)], ['grade 0>1 open PH']],
];

t.test('the smallest changes that would have led elsewhere', async (t) => {
  for (const [name, findings, changes] of cases) t.same(around(findings), changes, name);
});

t.test('two together, only where no single answer would do', async (t) => {
  const both: ActionSpec[] = [{ id: 'both', expression: '%finding.frequency >= 3 and %finding.severity >= 3' }];
  t.same(around([nausea({ frequency: 2, severity: 2 })], both), ['frequency 2>3 severity 2>3 open PM']);
  t.same(around([nausea({ frequency: 2, severity: 3 })], both), ['frequency 2>3 open PM']);
});

t.test('what was not asked, or is ambiguous, could not have been otherwise', async (t) => {
  t.same(around([notGradable({ frequency: 'not-asked', severity: 'not-asked' })]), []);
  t.same(around([{ ...nausea({ frequency: 1, severity: 1 }), dataQuality: ['ambiguous-item'] }]), []);
});
