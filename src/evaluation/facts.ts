import type { CodeableConcept, Condition, Patient, ResearchStudy, ResearchSubject } from '@medplum/fhirtypes';
import type { Snapshot } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { dateInterval } from '../fhir/dates.ts';
import { ownReference } from '../fhir/search-parameters.ts';
import type { PatientFacts } from '../rules/episode.ts';
import type { CtcaeVersion, Report, ReportFacts } from '../rules/finding.ts';
import { CTCAE_VERSIONS } from '../rules/gradings/ctcae-data.ts';
import { type CodedRecord, knownCodes, readableCodes } from '../rules/known-codes.ts';
import type { PolicyNeed } from '../rules/policy-language.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import {
  type Medication,
  type ReportTimes,
  TREATMENT_SETS,
  type TreatmentRules,
  treatmentFacts,
} from '../rules/treatment-facts.ts';
import type { PatientContext } from '../store/context.ts';
import { type FactTexts, type FactType, factsOfPatient } from '../store/facts.ts';
import { findResource } from '../store/resources.ts';
import { type Evaluating, momentOf } from './evaluating.ts';

/**
 * What a report has to know beside itself, as it is recorded at its receipt, told of that moment or of the one for which it was due: by which versions of CTCAE its measured values or answers are graded, and the facts
 * that active policies ask for. An amendment keeps the versions that the report was graded by: they are no part of what it corrects. Nothing is read where
 * nothing of it is needed: then it is empty.
 */
export async function knownOf(
  deps: Deps,
  within: Compartment,
  { snapshot, patient, context, source, form, due }: Evaluating,
  { said: { findings, measured }, at, before }: Knowing,
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
  const byCtcae = measures || findings.some(({ system }) => system === 'ctcae');
  if (!asked && !byCtcae) return own;
  const others = asked ? await factsOfPatient(deps.db, within, context.shard, patient, ASKED_FACTS) : NOTHING_READ;
  const resources = others.texts.map((text): Medication | Condition => JSON.parse(text));
  const studies = await studiesOf(deps, within, context);
  return {
    ...own,
    ...(byCtcae ? { ctcae: before?.ctcae ?? versionsOf(studies) ?? deps.ctcaeVersions } : {}),
    ...(asked
      ? {
          facts: factsOf(
            { resources, studies, isCut: others.isCut },
            { rules: treatmentRules(snapshot), at: { symptom: at, receipt: momentOf(deps, { due }) } },
          ),
        }
      : {}),
  };
}

/** A report about to be evaluated: what it says, the symptom time that it was given, and what an earlier version of the same report was kept with. */
interface Knowing {
  said: Pick<Report, 'findings' | 'measured'>;
  at: string;
  before: Pick<Report, 'ctcae'> | undefined;
}

/** Whether the patient is a participant of a trial, as of now: what the category of a Flag says. */
export const takesPart = ({ subjects }: Pick<PatientContext, 'subjects'>): boolean =>
  subjects.some((text) => TAKES_PART.has((JSON.parse(text) as ResearchSubject).status));

/** What else than the trials that they take part in policies may ask of a patient. */
const ASKED_FACTS: readonly FactType[] = ['MedicationStatement', 'MedicationAdministration', 'Condition'];

const NOTHING_READ: FactTexts = { texts: [], isCut: false };

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

/** A study that the patient takes part in, as their ResearchSubject names it, with what is held of it. `id` is that of a study of this server. */
interface Study {
  named: ResearchSubject['study'] | undefined;
  id?: string;
  study?: ResearchStudy;
}

async function studiesOf(
  deps: Deps,
  within: Compartment,
  { subjects }: Pick<PatientContext, 'subjects'>,
): Promise<Study[]> {
  const parts = subjects
    .map((text): ResearchSubject => JSON.parse(text))
    .filter(({ status }) => TAKES_PART.has(status));
  return Promise.all(
    parts.map(async ({ study: named }): Promise<Study> => {
      const id = studyId(named?.reference, deps.baseUrl);
      if (id === undefined) return { named };
      const held = await findResource(deps.db, within, 'ResearchStudy', id);
      return held && !held.deleted ? { named, id, study: JSON.parse(held.content) } : { named, id };
    }),
  );
}

/** The id of the study of this server that a reference names; of one to a version it is the study all the same. */
function studyId(reference: string | undefined, baseUrl: string): string | undefined {
  const own = reference === undefined ? undefined : ownReference(reference, baseUrl);
  return own?.type === 'ResearchStudy' ? own.id : undefined;
}

/** The versions that the patient's studies name, all of them; undefined when none names any. */
function versionsOf(studies: readonly Study[]): CtcaeVersion[] | undefined {
  const named = studies
    .flatMap(({ study }) => study?.extension ?? [])
    .filter(({ url }) => url === EXTENSION.ctcaeVersions);
  const versions = CTCAE_VERSIONS.filter((version) => named.some(({ valueCode }) => valueCode === version));
  return versions.length > 0 ? versions : undefined;
}

/**
 * What is known of the two moments of `at`. Enrolment is recorded here: who is no subject of a study is in none. Not so of what is recorded elsewhere first: no
 * record of a medication or of a condition is no statement that there is none. Sorted: the same facts give the same record, in whatever
 * order they were read.
 */
function factsOf(
  read: { resources: readonly (Medication | Condition)[]; studies: readonly Study[]; isCut: boolean },
  { rules, at }: { rules: TreatmentRules; at: ReportTimes },
): ReportFacts {
  const { resources, studies, isCut } = read;
  const conditions = knownCodes(
    resources.flatMap((one) => (one.resourceType === 'Condition' ? recordOf(one, at) : [])),
    { isCut },
  );
  const medications = resources.filter((one): one is Medication => one.resourceType !== 'Condition');
  const treated = treatmentFacts(medications, rules, { at, isCut });
  const unknown: ReportFacts['unknown'] = {
    ...(conditions.unknown ? { conditions: conditions.unknown } : {}),
    // What it is called elsewhere, or here, nobody knows of a study that is not held.
    ...(studies.some(({ study }) => study === undefined) ? { studies: { allBut: [] } } : {}),
    ...treated.unknown,
  };
  return {
    ...(treated.treatments ? { treatments: treated.treatments } : {}),
    studies: [...new Set(studies.flatMap(namesOf))].sort(),
    ...(conditions.codes ? { conditions: conditions.codes } : {}),
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
  };
}

/** How policies may name a study: `ResearchStudy/id`, `system|value`. */
const namesOf = ({ named, id, study }: Study): string[] => [
  ...(named?.reference ? [named.reference] : []),
  ...(id ? [`ResearchStudy/${id}`] : []),
  ...[...(named?.identifier ? [named.identifier] : []), ...(study?.identifier ?? [])].flatMap(({ system, value }) =>
    value === undefined ? [] : [`${system ?? ''}|${value}`],
  ),
];

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

/**
 * What a Condition says of its codes: that they are so, unless it is said to be over or refuted; not known where it ended after the symptom time, by its
 * own date. Nothing when it was entered in error. Source: HL7 Terminology, CodeSystems condition-clinical and condition-ver-status.
 */
function recordOf(condition: Condition, { symptom }: ReportTimes): CodedRecord[] {
  const { code, clinicalStatus, verificationStatus } = condition;
  const has = (concept: CodeableConcept | undefined, codes: readonly string[]) =>
    concept?.coding?.some((coding) => coding.code !== undefined && codes.includes(coding.code)) === true;
  if (has(verificationStatus, ['entered-in-error'])) return [];
  const codes = readableCodes(code);
  if (has(verificationStatus, ['refuted'])) return [{ codes, says: 'not so' }];
  if (!has(clinicalStatus, ['inactive', 'remission', 'resolved'])) return [{ codes, says: 'so' }];
  return [{ codes, says: endedAfter(condition, symptom) ? 'perhaps' : 'not so' }];
}

/** Whether the date of its end, if it has one, lies after a moment. */
function endedAfter({ abatementDateTime, abatementPeriod }: Condition, at: string): boolean {
  const written = abatementDateTime ?? abatementPeriod?.end ?? abatementPeriod?.start;
  const ended = written === undefined ? undefined : dateInterval(written)?.end;
  return ended !== undefined && ended > Date.parse(at);
}
