import type {
  CodeSystem,
  Device,
  PlanDefinition,
  Questionnaire,
  QuestionnaireResponse,
  Resource,
  SearchParameter,
  StructureDefinition,
  Subscription,
  ValueSet,
} from '@medplum/fhirtypes';
import { askedOf, type Form, type Snapshot } from './catalog.ts';
import type { Deps } from './deps.ts';
import type { Consequence } from './evaluation/evaluating.ts';
import { evaluate, isGraded } from './evaluation.ts';
import { splitCanonical } from './fhir/canonical.ts';
import type { Compartment } from './fhir/compartment.ts';
import { businessRule, FhirError, fault, type Issue } from './fhir/errors.ts';
import { parseQuery, type Query } from './fhir/query.ts';
import { checkQuestionnaire, compileQuestionnaire } from './fhir/questionnaire.ts';
import type { ResourceSpec } from './fhir/resources.ts';
import { whyNotIndexed } from './fhir/search-parameters.ts';
import { checkGradingItems } from './rules/grade.ts';
import { checkPolicy, isPolicy, policyDigest } from './rules/policy.ts';
import { NAMING } from './rules/resources/codes.ts';
import { inTurn, meansAnother } from './save/canonical.ts';
import { claimOwner, claimShard } from './store/claims.ts';
import type { PatientContext } from './store/context.ts';
import { findResource, hasCompartment, type Stored } from './store/resources.ts';
import { search } from './store/search.ts';
import type { Claim } from './store/write.ts';

/** What a type asks of a write beyond its structure. */
export interface TypeRules {
  /** The subject must be a Patient of this server. */
  patientOnly?: boolean;
  /** Refuses by throwing; gives what else is to be written in the same statement. */
  check?(
    deps: Deps,
    within: Compartment,
    change: Change,
  ): Promise<{ consequence?: Consequence; claims?: Claim[] } | undefined>;
  /** Refuses a deletion by throwing. */
  refuseRemoval?(deps: Deps, within: Compartment, removal: Removal): Promise<void>;
}

export interface Change {
  spec: ResourceSpec;
  resource: Resource;
  id: string;
  version: number;
  current?: Stored;
  patient?: string;
  context: PatientContext | undefined;
}

export interface Removal {
  current: Stored;
  patient: string | undefined;
  context: PatientContext | undefined;
}

/** The types that have rules of their own. One row per type. */
export const RULES: Readonly<Record<string, TypeRules>> = {
  QuestionnaireResponse: { patientOnly: true, check: checkResponse, refuseRemoval: refuseGraded },
  Questionnaire: { check: checkForm, refuseRemoval: refuseAnswered },
  PlanDefinition: { check: checkPlan, refuseRemoval: refuseReleased },
  CodeSystem: { check: checkMeanings, refuseRemoval: refuseMeant },
  ValueSet: { check: checkMeanings, refuseRemoval: refuseMeant },
  StructureDefinition: { check: checkDefinition },
  SearchParameter: { check: checkParameter },
  Subscription: { check: async (_deps, _within, { resource }) => refuseListening(resource as Subscription) },
  Patient: { refuseRemoval: refuseInhabited },
  Device: { check: async (_deps, _within, { current }) => refuseEngine(current), refuseRemoval: refuseEngineRemoval },
};

/** Nothing is delivered yet: a subscription that waits for news would wait for ever. Source: FHIR R4, Subscription.status. */
function refuseListening({ status }: Subscription): undefined {
  if (status === 'off') return undefined;
  throw new FhirError(
    [
      fault(
        'not-supported',
        'Subscription.status: no channel is served here yet, so nothing would be sent: expected off; poll with _lastUpdated=gt instead',
        'Subscription.status',
      ),
    ],
    { status: 422 },
  );
}

/** A response answers a form that we hold, for a patient that we know; then it is evaluated. */
async function checkResponse(deps: Deps, within: Compartment, change: Change): Promise<{ consequence?: Consequence }> {
  const response = change.resource as QuestionnaireResponse; // the row's type
  const { patient, context, current } = change;
  if (patient === undefined || !context) {
    throw businessRule(
      'QuestionnaireResponse.subject is required: the Patient who answered',
      'QuestionnaireResponse.subject',
    );
  }
  const snapshot = await deps.catalog.at(within, context.generation);
  const form = formOf(snapshot, response);
  // What is withdrawn need not be right: the form may have changed since, and the error may be in the answers.
  if (!current || response.status !== 'entered-in-error') refuse(form.compiled.validate(response));
  if (current) {
    const before: QuestionnaireResponse = JSON.parse(current.content);
    refuseReopening(before, response);
    refuseOtherForm(before, response);
  }
  const consequence = await evaluate(deps, within, {
    id: change.id,
    version: change.version,
    response,
    form,
    snapshot,
    patient,
    context,
  });
  return consequence ? { consequence } : {};
}

function formOf(snapshot: Snapshot, { questionnaire }: QuestionnaireResponse): Form {
  const expression = 'QuestionnaireResponse.questionnaire';
  if (questionnaire === undefined) {
    throw businessRule(
      `${expression} is required: the canonical url, or url|version, of the form that was answered`,
      expression,
    );
  }
  const form = snapshot.form(questionnaire);
  if (form) return form;
  const { url, version } = splitCanonical(questionnaire);
  const held = snapshot.versionsOf(url);
  const what = held.length === 0 ? 'no Questionnaire with this url is held here' : `held here: ${held.join(', ')}`;
  throw businessRule(
    `${expression}: ${version === undefined ? 'expected a Questionnaire that has an active version' : `version ${version} is not known`}; ${what}`,
    expression,
  );
}

/** What was complete stays complete, or is withdrawn; it does not become a draft again. */
function refuseReopening(before: QuestionnaireResponse, after: QuestionnaireResponse): void {
  const wasComplete = before.status === 'completed' || before.status === 'amended';
  if (!wasComplete || (after.status !== 'in-progress' && after.status !== 'stopped')) return;
  throw businessRule(
    `QuestionnaireResponse.status: a ${before.status} response can become amended or entered-in-error, not ${after.status}`,
    'QuestionnaireResponse.status',
  );
}

/** Answers to one form are not answers to another: what was graded from them would vanish. Another version is an amendment. */
function refuseOtherForm(before: QuestionnaireResponse, after: QuestionnaireResponse): void {
  const urlOf = ({ questionnaire }: QuestionnaireResponse) => splitCanonical(questionnaire ?? '').url;
  const wasComplete = before.status === 'completed' || before.status === 'amended';
  if (!wasComplete || urlOf(before) === urlOf(after)) return;
  throw businessRule(
    'QuestionnaireResponse.questionnaire: a completed response stays with its form; mark it entered-in-error and create another',
    'QuestionnaireResponse.questionnaire',
  );
}

async function refuseGraded(deps: Deps, within: Compartment, { current, patient, context }: Removal): Promise<void> {
  if (patient === undefined || !context || !(await isGraded(deps, within, patient, context, current.id))) return;
  throw inUse(
    `QuestionnaireResponse/${current.id} has been graded and cannot be deleted: update it with status entered-in-error, which retracts what rests on it`,
  );
}

/**
 * A form is sound in itself, its items that carry codes of a grading system can be graded, and what patients have answered stays what
 * they were asked: neither this resource nor another of its url and version may say otherwise.
 */
async function checkForm(deps: Deps, within: Compartment, change: Change): Promise<{ claims: Claim[] }> {
  const { resource, current } = change;
  const questionnaire = resource as Questionnaire; // the row's type
  const claims = await inTurn(deps, within, { ...change, type: 'Questionnaire' }, questionnaire);
  const { terminology, form } = await deps.catalog.at(within);
  refuse(checkQuestionnaire(questionnaire, terminology));
  refuse(checkGradingItems(compileQuestionnaire(questionnaire, terminology)));
  const before: Questionnaire | undefined = current && JSON.parse(current.content);
  if (before && askedOf(before) !== askedOf(questionnaire) && (await isAnswered(deps, within, before)))
    throw answered(before);
  if (questionnaire.url === undefined || questionnaire.version === undefined) return { claims };
  const held = form(`${questionnaire.url}|${questionnaire.version}`);
  if (!held || held.reference.startsWith(`Questionnaire/${current?.id}/`)) return { claims };
  // Not even before the first answer: a report that names the one would be read by the other, and what is severe be missed.
  if (held.asked !== askedOf(questionnaire)) throw taken(questionnaire, held);
  return { claims };
}

async function refuseAnswered(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  const questionnaire: Questionnaire = JSON.parse(current.content);
  if (!(await isAnswered(deps, within, questionnaire))) return;
  throw inUse(
    `Questionnaire/${current.id} has been answered and cannot be deleted: update it with status retired instead`,
  );
}

const answered = ({ url, version }: Questionnaire): FhirError =>
  businessRule(
    `${url}|${version} has been answered, so what it asks stays as it is: give the changed form another version`,
    'Questionnaire.item',
  );

const taken = ({ url, version }: Questionnaire, { reference }: Form): FhirError =>
  businessRule(
    `${url}|${version} is ${reference}, which asks something else: give this form another version, or update that one`,
    'Questionnaire.version',
  );

/** True when a response names the form, by its version or by its url alone. */
async function isAnswered(deps: Deps, within: Compartment, { url, version }: Questionnaire): Promise<boolean> {
  if (url === undefined) return false;
  const query = parseQuery(
    deps.registry,
    'QuestionnaireResponse',
    [
      ['questionnaire', url],
      ['_count', '50'],
    ],
    {
      strict: true,
      baseUrl: deps.baseUrl,
    },
  );
  for (let page: Query = query; ; ) {
    const { matches, next } = await search(deps.db, within, page, deps.baseUrl);
    const named = matches.map(({ content }): QuestionnaireResponse => JSON.parse(content));
    if (named.some(({ questionnaire }) => questionnaire === url || questionnaire === `${url}|${version}`)) return true;
    if (!next) return false;
    page = { ...page, after: next };
  }
}

/** What an answer stands for does not change under forms that have been answered, and a url and version has one meaning. */
async function checkMeanings(deps: Deps, within: Compartment, change: Change): Promise<{ claims: Claim[] }> {
  const { resource, current, id } = change;
  const replacement = resource as CodeSystem | ValueSet; // the rows' types
  const { resourceType: type, url, version } = replacement;
  const claims = await inTurn(deps, within, { ...change, type }, replacement);
  if (await meansAnother(deps, within, id, replacement)) {
    throw businessRule(
      `${url}|${version} is held here and says something else: give this ${type} another version, or update that one`,
      `${type}.version`,
    );
  }
  const form = current && (await answeredWith(deps, within, current.id, replacement));
  if (!form) return { claims };
  throw businessRule(
    `${form.url}|${form.version} has been answered, and its answers would mean something else: give the changed ${current.type} another url or version`,
    current.type,
  );
}

/** What cannot be compiled would never be enforced on those who claim it. */
async function checkDefinition(deps: Deps, within: Compartment, { resource }: Change): Promise<undefined> {
  const { profiles } = await deps.catalog.at(within);
  refuse(profiles.check(resource as StructureDefinition)); // the row's type
}

/** An active parameter that cannot be indexed would be offered, and find nothing. */
async function checkParameter({ registry }: Deps, _within: Compartment, { resource }: Change): Promise<undefined> {
  const parameter = resource as SearchParameter; // the row's type
  const why = parameter.status === 'active' ? whyNotIndexed(registry, parameter) : undefined;
  if (why === undefined) return;
  throw businessRule(
    `This search parameter cannot be active here: ${why}. With status draft it is stored, and not searched by`,
    'SearchParameter.expression',
  );
}

async function refuseMeant(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  const form = await answeredWith(deps, within, current.id, undefined);
  if (form)
    throw inUse(
      `${current.type}/${current.id} says what answers to ${form.url}|${form.version} mean and cannot be deleted`,
    );
}

/** The first form that has been answered and whose options would be others. */
async function answeredWith(
  deps: Deps,
  within: Compartment,
  id: string,
  replacement: CodeSystem | ValueSet | undefined,
): Promise<Questionnaire | undefined> {
  const { changedBy } = await deps.catalog.at(within);
  for (const form of changedBy(id, replacement)) if (await isAnswered(deps, within, form)) return form;
  return undefined;
}

/** A policy compiles; and what has been released under a url|version is never another. */
async function checkPlan(
  deps: Deps,
  within: Compartment,
  { resource, id, current }: Change,
): Promise<{ claims?: Claim[] }> {
  const plan = resource as PlanDefinition; // the row's type
  if (current) refuseOtherContent(JSON.parse(current.content), plan);
  if (!isPolicy(plan)) return {};
  refuse(checkPolicy(plan));
  if (plan.status === 'draft') return {};
  const key = `released PlanDefinition ${plan.url}|${plan.version}`;
  const owner = await claimOwner(deps.db, within, key, { hold: deps.holds });
  if (owner?.id === id) return {};
  const held = owner && (await findResource(deps.db, within, 'PlanDefinition', owner.id));
  if (held && !held.deleted) {
    const other: PlanDefinition = JSON.parse(held.content);
    if (policyDigest(other) !== policyDigest(plan)) throw released(plan);
    return {};
  }
  return {
    claims: [{ key, shard: claimShard(key), type: 'PlanDefinition', id, ...(owner ? { stale: owner.id } : {}) }],
  };
}

function refuseOtherContent(before: PlanDefinition, after: PlanDefinition): void {
  if (before.status === 'draft' || !isPolicy(before)) return;
  if (policyDigest(before) !== policyDigest(after)) throw released(before);
  if (after.status === 'draft') {
    throw businessRule(
      'PlanDefinition.status: a released policy can be retired; it does not become a draft again',
      'PlanDefinition.status',
    );
  }
}

const released = ({ url, version }: PlanDefinition): FhirError =>
  businessRule(
    `The content of ${url}|${version} has been released and never changes: give the changed policy another version`,
    'PlanDefinition.version',
  );

async function refuseReleased(_deps: Deps, _within: Compartment, { current }: Removal): Promise<void> {
  const plan: PlanDefinition = JSON.parse(current.content);
  if (plan.status === 'draft' || !isPolicy(plan)) return;
  throw inUse(
    `PlanDefinition/${current.id} has been released: decisions refer to it. Update it with status retired instead`,
  );
}

/** The Device of the rule engine is written by the engine: Flags, Observations and Provenances name it as their author. */
function refuseEngine(current: Stored | undefined): undefined {
  const { identifier }: Device = current ? JSON.parse(current.content) : { resourceType: 'Device' };
  if (!identifier?.some(({ system }) => system === NAMING.engine)) return undefined;
  throw new FhirError([fault('forbidden', `Device/${current?.id} is the rule engine of this service and read-only`)]);
}

async function refuseEngineRemoval(_deps: Deps, _within: Compartment, { current }: Removal): Promise<void> {
  refuseEngine(current);
}

async function refuseInhabited(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  if (!(await hasCompartment(deps.db, within, current.shard, current.id))) return;
  throw inUse(`Patient/${current.id} has data here; delete or retract these first`);
}

/** 409. Source: FHIR R4, section 3.1.0.7 delete: "reasons specific to that resource, such as referential integrity". */
const inUse = (diagnostics: string): FhirError => new FhirError([fault('conflict', diagnostics)], { status: 409 });

/** Nobody reads more at once. */
const MOST_ISSUES = 50;

/** All errors at once, as 422; warnings do not refuse. */
function refuse(issues: readonly Issue[]): void {
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const [first, ...more] = errors.slice(0, MOST_ISSUES);
  if (first) throw new FhirError([first, ...more], { status: 422 });
}
