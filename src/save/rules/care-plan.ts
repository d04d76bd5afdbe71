import type { CarePlan, Encounter, Patient, Questionnaire, Resource, ServiceRequest } from '@medplum/fhirtypes';
import { Temporal } from 'temporal-polyfill';
import type { Snapshot } from '../../catalog.ts';
import type { Deps } from '../../deps.ts';
import { slotDue } from '../../evaluation/expected.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import {
  type Expectations,
  isPart,
  readExpectations,
  rewaited,
  withoutPlan,
  withPlan,
  withStay,
} from '../../rules/calendar/expectations.ts';
import { knownNames } from '../../rules/calendar/parts.ts';
import { type AskedForm, formsNamed, readPlan } from '../../rules/calendar/plan.ts';
import { stayOf } from '../../rules/calendar/stay.ts';
import type { PatientContext } from '../../store/context.ts';
import { findResource } from '../../store/resources.ts';
import { refuse } from './refusals.ts';
import type { Change, Removal, Ruled } from './type-rules.ts';

/** Whether a plan names a form, ours or not: any other is a plain resource. */
export const concernsPlan = (resource: Resource): boolean =>
  formsNamed(resource as CarePlan | ServiceRequest).length > 0; // the row's types

/** A plan that asks for forms of ours says when reports are expected from now on. */
export async function checkReportPlan(deps: Deps, within: Compartment, change: Change): Promise<Ruled | undefined> {
  const plan = change.resource as CarePlan | ServiceRequest; // the row's types
  const { id, version, patient, context } = change;
  // Of a group nobody answers.
  if (patient === undefined || !context) return undefined;
  const before = readExpectations(context.expected);
  const known = before.items.filter((item) => item.type === plan.resourceType && item.id === id);
  const named = formsNamed(plan);
  if (named.length === 0 && known.length === 0) return undefined;
  const forms = await formsOf(deps, within, await deps.catalog.at(within, context.generation), named);
  if (forms.size === 0 && known.length === 0) return undefined;
  const now = deps.now().toISOString();
  const zone = zoneOf(context) ?? deps.site.timeZone;
  const formOf = (name: string): AskedForm | undefined => forms.get(name);
  const asked = readPlan(plan, { zone, written: () => now, formOf });
  refuse(asked.issues);
  const names = knownNames(known, asked.items);
  const knownAs = (part: string): string => names.get(part) ?? part;
  const written = (part: string, form: string): string =>
    known.find((item) => isPart(item, { part: knownAs(part), form }))?.spans[0]?.from ?? now;
  const items = readPlan(plan, { zone, written, formOf }).items.map((item) => ({ ...item, part: knownAs(item.part) }));
  const after = withPlan(before, { type: plan.resourceType, id, version }, items, now);
  return expecting(before, after, { now, patient, context });
}

/** A plan that is no longer there expects nothing any more. */
export function endReportPlan(deps: Deps, removal: Removal): Ruled | undefined {
  const { current, patient, context } = removal;
  const { type, id } = current;
  if (patient === undefined || !context || (type !== 'CarePlan' && type !== 'ServiceRequest')) return undefined;
  const before = readExpectations(context.expected);
  const now = deps.now().toISOString();
  return expecting(before, withoutPlan(before, { type, id }, now), { now, patient, context });
}

/** Whether an Encounter is a stay in hospital. */
export const concernsStay = (resource: Resource): boolean => stayOf(resource as Encounter, '') !== undefined; // the row's type

/** While a patient is in hospital nothing is expected. */
export async function checkStay(deps: Deps, _within: Compartment, change: Change): Promise<Ruled | undefined> {
  const { id, patient, context } = change;
  if (patient === undefined || !context) return undefined;
  const now = deps.now().toISOString();
  const before = readExpectations(context.expected);
  const stay = stayOf(change.resource as Encounter, now); // the row's type
  return expecting(before, withStay(before, id, stay), { now, patient, context });
}

/** A stay that is no longer there. */
export function endStay(deps: Deps, removal: Removal): Ruled | undefined {
  const { current, patient, context } = removal;
  if (patient === undefined || !context) return undefined;
  const before = readExpectations(context.expected);
  const now = deps.now().toISOString();
  return expecting(before, withStay(before, current.id, undefined), { now, patient, context });
}

/** What is kept and what is due where expectations have changed; undefined where they have not. */
function expecting(
  before: Expectations,
  after: Expectations,
  { now, patient, context }: { now: string; patient: string; context: PatientContext },
): Ruled | undefined {
  const { expectations, changed } = rewaited(before, after, now);
  const expected = JSON.stringify(expectations);
  if (expected === JSON.stringify(before)) return undefined;
  return { expected, due: changed.map((item) => slotDue(item, { patient, context })) };
}

/** The forms of ours by what names them: a canonical, or a reference to a Questionnaire of this server. */
async function formsOf(
  deps: Deps,
  within: Compartment,
  snapshot: Snapshot,
  named: readonly string[],
): Promise<Map<string, AskedForm>> {
  const forms = new Map<string, AskedForm>();
  for (const name of new Set(named)) {
    const id = /^(?:.*\/)?Questionnaire\/([A-Za-z0-9\-.]{1,64})$/.exec(name)?.[1];
    // Any version answers, so that of another version, or of none that is active, is expected too: who asked for it waits for it.
    const reference =
      snapshot.form(name)?.reference ??
      snapshot.anyForm(splitCanonical(name).url) ??
      (id === undefined ? undefined : `Questionnaire/${id}`);
    const held = reference && (await findResource(deps.db, within, 'Questionnaire', reference.split('/')[1] ?? ''));
    if (!held || held.deleted) continue;
    const { url, title }: Questionnaire = JSON.parse(held.content);
    if (url === undefined || (splitCanonical(name).url !== url && name !== `Questionnaire/${id}`)) continue;
    forms.set(name, { url, ...(title === undefined ? {} : { title }) });
  }
  return forms;
}

/** IANA zone of a patient or an address of theirs. Source: HL7 FHIR Extensions Pack 5.1.0, extension timezone. */
const TIME_ZONE = 'http://hl7.org/fhir/StructureDefinition/timezone';

/** The zone in which a patient lives, where their resource says it and it is one. */
function zoneOf({ patient: { content } }: PatientContext): string | undefined {
  const { extension = [], address = [] }: Patient = JSON.parse(content);
  const all = [...extension, ...address.flatMap((one) => one.extension ?? [])];
  const zone = all.find(({ url }) => url === TIME_ZONE)?.valueCode;
  try {
    return zone === undefined
      ? undefined
      : Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
  } catch {
    return undefined;
  }
}
