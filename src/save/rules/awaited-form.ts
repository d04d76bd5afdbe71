import type { Questionnaire } from '@medplum/fhirtypes';
import { splitCanonical } from '../../fhir/canonical.ts';
import type { ExpectedItem } from '../../rules/calendar/expectations.ts';
import { sha256 } from '../../rules/canonical-json.ts';
import type { Due, DueChange } from '../../store/due.ts';
import { shardOfId } from '../../store/resources.ts';

/** The kind of what is due of a plan that names a form which is not held: parked until such a form is written. */
export const AWAITED_FORM = 'awaited-form';
/** The kind of what is due of a form that was written: plans that wait for it are read again. */
export const HELD_FORM = 'held-form';

/** What is due of a plan that waits needs to know. */
export interface AwaitedForm {
  plan: Pick<ExpectedItem, 'type' | 'id'>;
  /** What names the form. */
  form: string;
  /** When the plan first named it, UTC instant. */
  since: string;
}

/** What is due of a form that was written needs to know. */
export interface HeldForm {
  /** How the things begin that wait for it. */
  begins: string[];
}

/** For which forms a plan waits. */
export interface Awaiting {
  /** What names them now. */
  names: readonly string[];
  /** What it named before. */
  before: readonly string[];
  /** What is due of the patient. */
  held: readonly Pick<Due, 'id' | 'content'>[];
  /** UTC instant. */
  now: string;
}

/**
 * The rows by which a plan waits for forms from now on, and no longer for those that it named before. They are looked at once after the commit, since such a form may
 * have been written at the same moment; from then on whoever writes one asks for them.
 */
export function awaitedDue(
  { names, before, held, now }: Awaiting,
  plan: AwaitedForm['plan'],
  { shard, patient }: { shard: number; patient: string },
): DueChange[] {
  const idOf = (form: string): string => `${beginning(form)}${plan.type}/${plan.id}`;
  const waits = new Map(names.map((form) => [idOf(form), form]));
  const gone = new Set(before.map(idOf).filter((id) => !waits.has(id)));
  return [
    ...[...gone].map((id) => ({ shard, id, at: null })),
    ...[...waits].map(([id, form]) => {
      const earlier = held.find((one) => one.id === id);
      const { since = now }: Partial<AwaitedForm> = earlier ? JSON.parse(earlier.content) : {};
      const content: AwaitedForm = { plan, form, since };
      return { shard, id, at: now, patient, kind: AWAITED_FORM, content: JSON.stringify(content) };
    }),
  ];
}

/** The row of a form that is written, whatever its version and status: any answers. */
export function heldDue({ url }: Questionnaire, id: string, now: string): DueChange {
  const names = [...(url === undefined ? [] : [url]), `Questionnaire/${id}`];
  const content: HeldForm = { begins: names.map(beginning) };
  return {
    shard: shardOfId(id),
    id: `held-form/${id}`,
    at: now,
    // Nobody's: of each form what is due stands for itself.
    patient: `Questionnaire/${id}`,
    kind: HELD_FORM,
    content: JSON.stringify(content),
  };
}

/** Of any version of the form: so all who wait for it stand side by side in the index. */
const beginning = (form: string): string => `form/${sha256(splitCanonical(form).url)}/`;
