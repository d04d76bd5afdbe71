import type { PlanDefinition, UsageContext } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import { fault, type Issue } from '../../fhir/errors.ts';
import type { FactKind, ReportFacts } from '../finding.ts';
import { isUnknown } from '../known-codes.ts';

/** Our CodeSystem of what a policy may be meant for beside what HL7 lists. */
export const POLICY_CONTEXT = `${CANONICAL}/CodeSystem/policy-context`;

/** Source: HL7 Terminology, CodeSystem usage-context-type. */
const USAGE_CONTEXT = 'http://terminology.hl7.org/CodeSystem/usage-context-type';

/** Which facts a context is compared with, by `system|code` of its type. */
const KINDS: Readonly<Record<string, FactKind>> = {
  [`${USAGE_CONTEXT}|program`]: 'studies',
  [`${USAGE_CONTEXT}|focus`]: 'conditions',
  [`${POLICY_CONTEXT}|treatment`]: 'treatments',
};

/** Whether a policy is meant for a patient. `unknown` facts: it is asked, since not to ask could miss somebody. */
export type Applies = 'yes' | 'no' | 'unknown';

/** Everything that is wrong with what a policy says it is meant for. */
export function checkUseContext({ useContext = [] }: PlanDefinition): Issue[] {
  return useContext.flatMap((context, index) => checkOne(context, `PlanDefinition.useContext[${index}]`));
}

/**
 * Whether the facts say that a policy is meant for a patient: of each kind (study, condition, treatment) that it names, one of those named.
 * Undefined when it names none: then it is meant for everyone.
 */
export function appliesTo({
  useContext = [],
}: PlanDefinition): ((facts: ReportFacts | undefined) => Applies) | undefined {
  const named = new Map<FactKind, string[]>();
  for (const context of useContext) {
    const kind = kindOf(context);
    if (kind) named.set(kind, [...(named.get(kind) ?? []), ...keysOf(context)]);
  }
  if (named.size === 0) return undefined;
  const kinds = [...named];
  const compute = (facts: ReportFacts): Applies => {
    const told = kinds.map(([kind, keys]) => among(keys, kind, facts));
    if (told.includes('no')) return 'no';
    return told.includes('unknown') ? 'unknown' : 'yes';
  };
  // One object of facts serves all terms of a report.
  const known = new WeakMap<ReportFacts, Applies>();
  return (facts) => {
    if (facts === undefined) return 'unknown';
    const before = known.get(facts);
    if (before) return before;
    const answer = compute(facts);
    known.set(facts, answer);
    return answer;
  };
}

/** Whether one of these is so: `no` only where it is known of each that it is not. */
function among(keys: readonly string[], kind: FactKind, facts: ReportFacts): Applies {
  const held = kind === 'treatments' ? facts.treatments?.codes : facts[kind];
  if (held === undefined) return 'unknown';
  if (keys.some((key) => held.includes(key))) return 'yes';
  return keys.some((key) => isUnknown(key, facts.unknown?.[kind])) ? 'unknown' : 'no';
}

/** Which facts a context is compared with; undefined where this engine does not act on it. */
export const kindOf = ({ code }: Pick<UsageContext, 'code'>): FactKind | undefined =>
  KINDS[`${code?.system}|${code?.code}`];

/** As the facts spell them: `ResearchStudy/id`, `system|value` of an identifier, `system|code`. */
function keysOf({ valueCodeableConcept, valueReference }: UsageContext): string[] {
  const { reference, identifier } = valueReference ?? {};
  return [
    ...(valueCodeableConcept?.coding ?? []).flatMap(({ system, code }) =>
      system && code ? [`${system}|${code}`] : [],
    ),
    ...(reference ? [reference] : []),
    ...(identifier?.value ? [`${identifier.system ?? ''}|${identifier.value}`] : []),
  ];
}

function checkOne(context: UsageContext, at: string): Issue[] {
  const kind = kindOf(context);
  if (!kind) {
    const given = `${context.code?.system ?? ''}|${context.code?.code ?? ''}`;
    const message = `A policy is meant for one of ${Object.keys(KINDS).join(', ')}; "${given}" is not acted on here`;
    return [fault('not-supported', message, `${at}.code`)];
  }
  if (kind === 'studies') {
    if (context.valueReference && keysOf(context).every(isStudy)) {
      if (keysOf(context).length > 0) return [];
    }
    const message =
      'A program is a valueReference to a ResearchStudy: ResearchStudy/id, or an identifier with its system';
    return [fault('value', message, `${at}.valueReference`)];
  }
  if (context.valueCodeableConcept && keysOf(context).length > 0) return [];
  const what = kind === 'conditions' ? 'A focus' : 'A treatment';
  return [fault('value', `${what} is a valueCodeableConcept with a system and a code`, `${at}.valueCodeableConcept`)];
}

const isStudy = (key: string): boolean => /^ResearchStudy\/[A-Za-z0-9\-.]{1,64}$/.test(key) || /^[^|]+\|.+$/.test(key);
