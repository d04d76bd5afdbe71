import type { PlanDefinition } from '@medplum/fhirtypes';
import type { Report } from '../../../src/rules/finding.ts';
import { compilePolicy, type Policy } from '../../../src/rules/policy.ts';
import { type ActionSpec, plan } from '../builders.ts';

/** Woken by reports of both kinds. */
const woken = (sound: PlanDefinition): PlanDefinition => ({
  ...sound,
  action: sound.action?.map((action) => ({
    ...action,
    trigger: ['QuestionnaireResponse', 'Observation'].map((type) => ({ type: 'data-added', data: [{ type }] })),
  })),
});

/** Conditions on nearly all that the fold tells, of every kind of action. */
const MANY: readonly ActionSpec[] = [
  { id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' },
  { id: 'open-2', priority: 'PM', expression: '%finding.max >= 2' },
  { id: 'often', priority: 'PL', expression: '%last3.atLeast1 >= 3' },
  { id: 'emergency', priority: 'PH', expression: "%finding.kind = 'emergency' and %finding.grade = 1" },
  { id: 'presence', priority: 'PN', expression: "%finding.kind = 'presence' and %finding.grade = 1" },
  { id: 'text', priority: 'PN', expression: "%finding.kind = 'text' and %finding.written" },
  { id: 'together', priority: 'PL', expression: '%symptoms.PROCTCAE_5_COMP = 1 and %finding.grade >= 1' },
  { id: 'worst', priority: 'PH', code: 'escalate', expression: '%finding.severity = 4' },
  { id: 'contradiction', priority: 'PH', code: 'escalate', expression: '%finding.contradictory' },
  { id: 'range', priority: 'PM', code: 'escalate', expression: "%finding.outcome = 'at-least' and %finding.max >= 3" },
  {
    id: 'unknown',
    priority: 'PH',
    code: 'escalate',
    expression: "%finding.outcome = 'not-gradable' and %previous.grade >= 1",
  },
  { id: 'rise', code: 'escalate', priority: 'PM', expression: '%finding.min > %previous.grade' },
  { id: 'long', code: 'escalate', priority: 'PM', expression: '%persistence.days1 >= 6 and %finding.min >= 2' },
  { id: 'heavy', code: 'escalate', priority: 'PH', expression: '%burden.area > 12' },
  { id: 'lower', code: 'de-escalate', priority: 'PL', expression: '%finding.grade < 2 and %expected.level >= 1' },
  {
    id: 'close',
    code: 'close',
    expression:
      "%episode.calmDays >= 2 or (%finding.kind = 'ladder' and %finding.grade = 0) or (%finding.kind = 'presence' and %finding.grade = 0)",
  },
];

const OTHERS: readonly ActionSpec[] = [
  { id: 'base', priority: 'PL', expression: '%baseline.exists() and %finding.min > %baseline.grade' },
  {
    id: 'unexpected',
    priority: 'PM',
    expression:
      '%finding.min >= 1 and (%expected.empty() or %expected.inForce.not() or %finding.min > %expected.level)',
  },
  {
    id: 'gap',
    code: 'escalate',
    priority: 'PH',
    expression: '%previous.exists() and %previous.date + 3 days < %date and %finding.min >= 1',
  },
  { id: 'sum', code: 'escalate', priority: 'PM', expression: '%last4.sum >= 5 and %last4.reports = 4' },
  { id: 'treated', code: 'escalate', priority: 'PH', expression: '%treatment.systemic and %finding.min >= 2' },
  { id: 'gender', code: 'escalate', priority: 'PM', expression: "%patient.gender = 'female' and %finding.min >= 1" },
  { id: 'ratio', priority: 'PM', expression: "%finding.kind = 'ladder' and %finding.timesUpperLimit >= 2" },
  { id: 'down', code: 'de-escalate', priority: 'PN', expression: '%finding.complete and %finding.grade = 0' },
  { id: 'close', code: 'close', expression: '%finding.grade = 0 and %episode.reports >= 3' },
];

const COMPILED: ReadonlyMap<string, Policy> = new Map(
  [
    plan(MANY),
    plan(
      MANY.filter(({ id }) => id !== 'open-2'),
      { version: '2' },
    ),
    plan(OTHERS, { url: 'https://example.org/PlanDefinition/others' }),
  ].map((one) => {
    const policy = compilePolicy(woken(one));
    return [policy.canonical, policy];
  }),
);

export const CANONICALS: readonly string[] = [...COMPILED.keys()];

/** Those that a report names: one list for the same names. */
export function policiesOf({ policies = [] }: Report): readonly Policy[] {
  const key = policies.join();
  const known = LISTS.get(key);
  if (known) return known;
  const list = policies.flatMap((canonical) => COMPILED.get(canonical) ?? []);
  LISTS.set(key, list);
  return list;
}

const LISTS = new Map<string, readonly Policy[]>();
