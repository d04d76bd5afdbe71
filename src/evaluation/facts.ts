import type { CodeableConcept, Condition, Patient, ResearchStudy, ResearchSubject } from '@medplum/fhirtypes';
import type { Snapshot } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { PatientFacts } from '../rules/episode.ts';
import type { CtcaeVersion, Report, ReportFacts } from '../rules/finding.ts';
import type { PolicyNeed } from '../rules/policy-language.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import { type Medication, TREATMENT_SETS, type TreatmentRules, treatmentFacts } from '../rules/treatment-facts.ts';
import type { PatientContext } from '../store/context.ts';
import { type FactType, factsOfPatient } from '../store/facts.ts';
import { findResource } from '../store/resources.ts';
import type { Evaluating } from './evaluating.ts';

/**
 * What a report has to know beside itself, as of its receipt: by which versions of CTCAE its measured values are graded, and the facts that
 * active policies ask for. Nothing is read where nothing of it is needed: then it is empty.
 */
export async function knownOf(
  deps: Deps,
  within: Compartment,
  { snapshot, patient, context, source, form }: Evaluating,
  { findings, measured }: Pick<Report, 'findings' | 'measured'>,
): Promise<Pick<Report, 'ctcae' | 'facts' | 'person'>> {
  const measures = measured !== undefined;
  const from = { type: source.type, ...(form ? { form: form.canonical } : {}) };
  // What ladders will say of measured values is not known before the fold.
  const isAsked = (need: PolicyNeed): boolean =>
    snapshot.policies.some(
      ({ needs, wakes }) =>
        needs.has(need) && (measures || findings.some((finding) => wakes({ finding, source: from }))),
    );
  const own = isAsked('patient') ? { person: patientFacts(context.patient) } : {};
  const asked = isAsked('facts');
  if (!asked && !measures) return own;
  const others = asked ? await factsOfPatient(deps.db, within, context.shard, patient, ASKED_FACTS) : [];
  const resources = [...context.subjects, ...others].map((text): FactResource => JSON.parse(text));
  const studies = await studiesOf(deps, within, resources);
  return {
    ...own,
    ...(measures ? { ctcae: versionsOf(studies) ?? deps.ctcaeVersions } : {}),
    ...(asked ? { facts: factsOf(resources, studies, treatmentRules(snapshot), deps.now()) } : {}),
  };
}

/** Whether the patient is a participant of a trial, as of now: what the category of a Flag says. */
export const takesPart = ({ subjects }: Pick<PatientContext, 'subjects'>): boolean =>
  subjects.some((text) => TAKES_PART.has((JSON.parse(text) as ResearchSubject).status));

/** What else than the trials that they take part in policies may ask of a patient. */
const ASKED_FACTS: readonly FactType[] = ['MedicationStatement', 'MedicationAdministration', 'Condition'];

type FactResource = ResearchSubject | Medication | Condition;

/** What policies may ask of a version of the Patient itself. */
export function patientFacts({ content }: { content: string }): PatientFacts {
  const { gender, birthDate }: Patient = JSON.parse(content);
  return { ...(gender ? { gender } : {}), ...(birthDate ? { birthDate } : {}) };
}

/** Those who take part, or may soon, or are followed up. Source: HL7 FHIR R4 4.0.1, ValueSet research-subject-status. */
const TAKES_PART = new Set<ResearchSubject['status']>([
  'candidate',
  'eligible',
  'screening',
  'pending-on-study',
  'on-study',
  'on-study-intervention',
  'on-study-observation',
  'follow-up',
]);

/** A study by its reference, with what is held of it. */
interface Study {
  reference: string;
  study?: ResearchStudy;
}

async function studiesOf(deps: Deps, within: Compartment, resources: readonly FactResource[]): Promise<Study[]> {
  const references = new Set(
    resources.flatMap((one) =>
      one.resourceType === 'ResearchSubject' && TAKES_PART.has(one.status) ? (one.study?.reference ?? []) : [],
    ),
  );
  return Promise.all(
    [...references].sort().map(async (reference): Promise<Study> => {
      const id = /(?:^|\/)ResearchStudy\/([A-Za-z0-9\-.]{1,64})$/.exec(reference)?.[1];
      const held = id === undefined ? undefined : await findResource(deps.db, within, 'ResearchStudy', id);
      return held && !held.deleted ? { reference, study: JSON.parse(held.content) } : { reference };
    }),
  );
}

/** The versions that the patient's studies name, all of them; undefined when none names any. */
function versionsOf(studies: readonly Study[]): CtcaeVersion[] | undefined {
  const named = studies
    .flatMap(({ study }) => study?.extension ?? [])
    .filter(({ url }) => url === EXTENSION.ctcaeVersions);
  const versions = named.flatMap(({ valueCode }): CtcaeVersion[] =>
    valueCode === '5.0' || valueCode === '6.0' ? [valueCode] : [],
  );
  return versions.length > 0 ? [...new Set(versions)].sort() : undefined;
}

/** Sorted: the same facts give the same record, in whatever order they were read. */
function factsOf(
  resources: readonly FactResource[],
  studies: readonly Study[],
  rules: TreatmentRules,
  now: Date,
): ReportFacts {
  const conditions = resources.flatMap((one) =>
    one.resourceType === 'Condition' && isPresent(one) ? codesOf(one.code) : [],
  );
  const named = studies.flatMap(({ reference, study }) => [
    reference,
    ...(study?.identifier ?? []).flatMap(({ system, value }) =>
      value === undefined ? [] : [`${system ?? ''}|${value}`],
    ),
  ]);
  const medications = resources.filter((one): one is Medication => /^Medication/.test(one.resourceType));
  return {
    treatments: treatmentFacts(medications, rules, now.toISOString()),
    studies: sorted(named),
    conditions: sorted(conditions),
  };
}

/** Members of the site's value set of each kind of treatment; none where it has no active one that can be enumerated. */
function treatmentRules(snapshot: Snapshot): TreatmentRules {
  const known = RULES.get(snapshot);
  if (known) return known;
  const { holdings } = snapshot;
  const membersOf = (url: string): ReadonlySet<string> => {
    const active = holdings.valueSet(url)?.status === 'active' ? holdings.expand(url) : undefined;
    return new Set(active?.map(({ system, code }) => `${system}|${code}`));
  };
  const rules = {
    sets: { systemic: membersOf(TREATMENT_SETS.systemic), cellTherapy: membersOf(TREATMENT_SETS.cellTherapy) },
  };
  RULES.set(snapshot, rules);
  return rules;
}

const RULES = new WeakMap<Snapshot, TreatmentRules>();

/** Not said to be over, refuted or entered in error. Source: HL7 Terminology, CodeSystems condition-clinical and condition-ver-status. */
function isPresent({ clinicalStatus, verificationStatus }: Condition): boolean {
  const has = (concept: CodeableConcept | undefined, codes: readonly string[]) =>
    concept?.coding?.some(({ code }) => code !== undefined && codes.includes(code)) === true;
  if (has(verificationStatus, ['refuted', 'entered-in-error'])) return false;
  return !has(clinicalStatus, ['inactive', 'remission', 'resolved']);
}

const codesOf = (concept: CodeableConcept | undefined): string[] =>
  (concept?.coding ?? []).flatMap(({ system, code }) => (code === undefined ? [] : [`${system ?? ''}|${code}`]));

const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
