import type { CarePlan, Encounter, Patient, Questionnaire, Resource, ServiceRequest } from '@medplum/fhirtypes';
import { Temporal } from 'temporal-polyfill';
import type { Snapshot } from '../../catalog.ts';
import type { Deps } from '../../deps.ts';
import { slotDue } from '../../evaluation/expected.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import type { Issue } from '../../fhir/errors.ts';
import {
  begun,
  type Expectations,
  type ExpectedItem,
  isPart,
  readExpectations,
  rewaited,
  withoutPlan,
  withPlan,
  withStay,
} from '../../rules/calendar/expectations.ts';
import { knownNames } from '../../rules/calendar/parts.ts';
import { type AskedForm, formsAwaited, formsNamed, type PlanAround, readPlan } from '../../rules/calendar/plan.ts';
import { stayOf } from '../../rules/calendar/stay.ts';
import type { PatientContext } from '../../store/context.ts';
import { dueOfPatient } from '../../store/due.ts';
import { findResource } from '../../store/resources.ts';
import { awaitedDue } from './awaited-form.ts';
import { refuse } from './refusals.ts';
import type { Change, Removal, Ruled } from './type-rules.ts';

/** Whether a plan names a form, ours or not: any other is a plain resource. */
export const concernsPlan = (resource: Resource): boolean =>
  formsNamed(resource as CarePlan | ServiceRequest).length > 0; // the row's types

/** A plan that asks for forms of ours says when reports are expected from now on; for those that are not held it waits. */
export async function checkReportPlan(deps: Deps, within: Compartment, change: Change): Promise<Ruled | undefined> {
  const plan = change.resource as CarePlan | ServiceRequest; // the row's types
  const { id, version, patient, context, current } = change;
  // Of a group nobody answers.
  if (patient === undefined || !context) return undefined;
  const before = readExpectations(context.expected);
  const known = ofPlan(before, plan.resourceType, id);
  const named = formsNamed(plan);
  const namedBefore = current ? formsNamed(JSON.parse(current.content)) : [];
  if (named.length === 0 && known.length === 0 && namedBefore.length === 0) return undefined;
  const forms = await formsOf(deps, within, await deps.catalog.at(within, context.generation), named);
  const now = deps.now().toISOString();
  const zone = zoneOf(context) ?? deps.site.timeZone;
  const around = { zone, now, formOf: (names: readonly string[]) => heldOf(forms, names)[0] };
  const asked = readParts(plan, known, around);
  refuse(asked.issues);
  const { names, issues } = formsAwaited(plan, { ...around, written: () => now });
  const place = { shard: context.shard, patient };
  const held = current && names.length > 0 ? await dueOfPatient(deps.db, within, context.shard, patient) : [];
  const waits = awaitedDue({ names, before: namedBefore, held, now }, { type: plan.resourceType, id }, place);
  const after = withPlan(before, { type: plan.resourceType, id, version }, asked.items, now);
  const ruled = expecting(before, after, { now, patient, context });
  return {
    ...ruled,
    due: [...(ruled?.due ?? []), ...waits],
    warnings: [...names.map((name) => notHeld(name, plan)), ...issues.map(notRead)],
  };
}

/** A plan that waited for a form, and where and when one came. */
export interface Beginning {
  id: string;
  version: number;
  patient: string;
  context: PatientContext;
  /** When the plan first named the form, UTC instant: what says no beginning begins then. */
  since: string;
  /** From when on reports are expected, UTC instant. */
  at: string;
}

/**
 * Reports are expected from a moment on by those parts of a stored plan that waited for a form which is held now; all else that is expected stays as it is. Undefined
 * where there is no such part.
 */
export async function beginsPlan(
  deps: Deps,
  within: Compartment,
  plan: CarePlan | ServiceRequest,
  { id, version, patient, context, since, at }: Beginning,
): Promise<Required<Pick<Ruled, 'expected' | 'due'>> | undefined> {
  const before = readExpectations(context.expected);
  const known = ofPlan(before, plan.resourceType, id);
  const snapshot = await deps.catalog.at(within, context.generation);
  const forms = await formsOf(deps, within, snapshot, formsNamed(plan));
  const isExpected = ({ url }: AskedForm): boolean => known.some(({ form }) => form === url);
  const formOf = (names: readonly string[]): AskedForm | undefined => {
    const held = heldOf(forms, names);
    return held.find(isExpected) ?? held[0];
  };
  const zone = zoneOf(context) ?? deps.site.timeZone;
  const { items, issues } = readParts(plan, known, { zone, now: since, formOf });
  if (issues.length > 0) {
    const resource = `${plan.resourceType}/${id}`;
    deps.log.warn({ resource }, 'the form of a plan has come, and its times cannot be read');
  }
  const after = withPlan(before, { type: plan.resourceType, id, version }, items, at);
  const { expectations, changed } = begun(before, after, { moment: at, written: since });
  if (changed.length === 0) return undefined;
  return {
    expected: JSON.stringify(expectations),
    due: changed.map((item) => slotDue(item, { patient, context })),
  };
}

/** Whether a plan that names a form so waits for it no longer. */
export async function isHeld(deps: Deps, within: Compartment, name: string, generation: string): Promise<boolean> {
  const forms = await formsOf(deps, within, await deps.catalog.at(within, generation), [name]);
  return forms.size > 0;
}

/** A plan that is no longer there expects nothing any more, and waits for no form. */
export function endReportPlan(deps: Deps, removal: Removal): Ruled | undefined {
  const { current, patient, context } = removal;
  const { type, id } = current;
  if (patient === undefined || !context || (type !== 'CarePlan' && type !== 'ServiceRequest')) return undefined;
  const before = readExpectations(context.expected);
  const now = deps.now().toISOString();
  const ruled = expecting(before, withoutPlan(before, { type, id }, now), { now, patient, context });
  const waited = { names: [], held: [], before: formsNamed(JSON.parse(current.content)), now };
  const waits = awaitedDue(waited, { type, id }, { shard: context.shard, patient });
  return { ...ruled, due: [...(ruled?.due ?? []), ...waits] };
}

const ofPlan = ({ items }: Expectations, type: string, id: string): ExpectedItem[] =>
  items.filter((item) => item.type === type && item.id === id);

/** The parts of a plan under the names by which they are known. */
function readParts(
  plan: CarePlan | ServiceRequest,
  known: readonly ExpectedItem[],
  { zone, now, formOf }: Pick<PlanAround, 'zone' | 'formOf'> & { now: string },
): ReturnType<typeof readPlan> {
  const { items, issues } = readPlan(plan, { zone, written: () => now, formOf });
  const names = knownNames(known, items);
  const knownAs = (part: string): string => names.get(part) ?? part;
  const written = (part: string, form: string): string => {
    const item = known.find((one) => isPart(one, { part: knownAs(part), form }));
    return item?.written ?? item?.spans[0]?.from ?? now;
  };
  const read = readPlan(plan, { zone, written, formOf });
  return { items: read.items.map((item) => ({ ...item, part: knownAs(item.part) })), issues };
}

const NAMED_IN = {
  CarePlan: 'CarePlan.activity.detail.instantiatesCanonical',
  ServiceRequest: 'ServiceRequest.extension',
};

const notHeld = (name: string, { resourceType }: CarePlan | ServiceRequest): Issue => ({
  severity: 'warning',
  code: 'not-found',
  diagnostics: `No Questionnaire ${name} is held here: no report is expected, and none is missing, until one is`,
  expression: NAMED_IN[resourceType],
});

const notRead = (issue: Issue): Issue => ({
  ...issue,
  severity: 'warning',
  diagnostics: `${issue.diagnostics}. No Questionnaire that is asked for here is held; once one is, this is refused and until then expects nothing`,
});

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

const heldOf = (forms: ReadonlyMap<string, AskedForm>, names: readonly string[]): AskedForm[] =>
  names.flatMap((name) => forms.get(name) ?? []);

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
