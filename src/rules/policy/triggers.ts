import type { Coding, DataRequirement, PlanDefinitionAction, TriggerDefinition } from '@medplum/fhirtypes';
import { LOINC, splitCanonical } from '../../fhir/canonical.ts';
import type { GradingSystem } from '../finding.ts';
import { TERMS } from '../resources/codes.ts';
import type { Context } from './context.ts';
import type { Scale } from './scales.ts';

/** Whether an action is asked about a finding: one of its triggers lets it through. */
export type Waker = (context: Pick<Context, 'finding' | 'source'>) => boolean;

/**
 * The triggers of an action, checked before. A QuestionnaireResponse wakes by the form that it answers. An Observation wakes as it was received,
 * or by its LOINC code, or, by the code of a term, as the graded Observation of a finding, whatever that was graded from. A report of
 * which it is not known how it came wakes everything: nothing is missed for want of that.
 */
export function wakerOf({ trigger = [] }: PlanDefinitionAction): Waker {
  const wakers = trigger.map(wakerOfTrigger);
  const [only] = wakers;
  return only && wakers.length === 1 ? only : (context) => wakers.some((wakes) => wakes(context));
}

/** Whether the type of a report and the term of a finding tell all that the triggers of an action ask. */
export function isWokenByTerm({ trigger = [] }: PlanDefinitionAction): boolean {
  return trigger.every(({ data }) => {
    const [{ type = '', codeFilter = [] } = {}] = data ?? [];
    const codes = codeFilter.flatMap(({ code = [] }) => code);
    return codes.length === 0 || (type === 'Observation' && codes.every(({ system }) => system !== LOINC));
  });
}

/** Whether each trigger of an action names a term of one grading by its code. */
export function isWokenByTermsOf({ trigger = [] }: PlanDefinitionAction, grading: GradingSystem): boolean {
  return trigger.every(({ data }) =>
    data?.[0]?.codeFilter?.some(({ code = [] }) => code.every(({ system }) => system === TERMS[grading])),
  );
}

/**
 * Whether a finding on a scale may wake an action: one of its triggers may let it through, however the report came. What the patient reports in
 * PRO-CTCAE, and what is told of the reporting, never comes as an Observation.
 */
export const mayBeWokenBy = ({ trigger = [] }: PlanDefinitionAction, scale: Scale): boolean =>
  trigger.some(({ data }) => {
    const [{ type = '', codeFilter = [] } = {}] = data ?? [];
    if (type !== 'Observation') return true;
    if (codeFilter.length === 0) return scale.system !== 'pro-ctcae' && scale.system !== 'monitoring';
    return codeFilter.every(({ code = [] }) => code.some((one) => isCodedBy(one, scale)));
  });

const isCodedBy = ({ system, code, version }: Coding, scale: Scale): boolean =>
  system === LOINC
    ? scale.system !== 'pro-ctcae'
    : scale.term === code && TERMS[scale.system] === system && (version === undefined || scale.version === version);

/** Text by which actions with the same triggers are told; data-added and data-modified wake alike. */
export function triggersKey({ trigger = [] }: PlanDefinitionAction): string {
  return [...new Set(trigger.map(({ data }) => JSON.stringify(data)))].sort().join();
}

function wakerOfTrigger({ data }: TriggerDefinition): Waker {
  const [requirement] = data ?? [];
  if (!requirement) return () => false; // refused before
  const filters = (requirement.codeFilter ?? []).map(filterOf(requirement));
  const ofType: Waker = ({ source }) => source === undefined || source.type === requirement.type;
  return filters.length === 0 ? ofType : (context) => filters.every((lets) => lets(context));
}

const filterOf =
  ({ type }: DataRequirement) =>
  ({ code = [] }: NonNullable<DataRequirement['codeFilter']>[number]): Waker => {
    const lets = code.map(({ system, code = '', version }): Waker => {
      if (type === 'QuestionnaireResponse') return answersTo(code);
      if (system === LOINC) return (context) => isResultOf(code, context);
      return ({ finding }) =>
        finding.term === code &&
        TERMS[finding.system] === system &&
        (version === undefined || finding.version === version);
    });
    return (context) => lets.some((one) => one(context));
  };

/** Without a version any version of the form. */
function answersTo(canonical: string): Waker {
  const { url, version } = splitCanonical(canonical);
  const versions = `${url}|`;
  return ({ source }) => {
    if (source === undefined) return true;
    if (source.type !== 'QuestionnaireResponse') return false;
    const { form } = source;
    return form === undefined || form === canonical || (version === undefined && form.startsWith(versions));
  };
}

function isResultOf(loinc: string, { source, finding: { measured } }: Pick<Context, 'finding' | 'source'>): boolean {
  return source?.type !== 'QuestionnaireResponse' && (measured === undefined || measured.loinc === loinc);
}
