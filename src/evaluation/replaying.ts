import type { Provenance, QuestionnaireResponse } from '@medplum/fhirtypes';
import { type Form, formOf, type Snapshot } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { FhirError } from '../fhir/errors.ts';
import { type DecisionRecord, type RecordedTerm, versioned } from '../rules/decision-record.ts';
import type { PatientFacts } from '../rules/episode.ts';
import { baselinesWith } from '../rules/episodes-measured.ts';
import { type CtcaeVersion, type Report, referenceTo, type SourceRef, termKey } from '../rules/finding.ts';
import { GRADING_DIGESTS } from '../rules/gradings/index.ts';
import type { MeasuredBaselines } from '../rules/gradings/measured.ts';
import { readRecord } from '../rules/record.ts';
import { type Replay, type Reread, replay } from '../rules/replay.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import { momentOf } from '../rules/resources/moment.ts';
import { patientContext } from '../store/context.ts';
import { readVersion, type Stored } from '../store/resources.ts';
import { type Circumstances, evaluatingOf, readAgain } from './again.ts';
import { patientFacts } from './facts.ts';

/** A stored version by its reference, `Type/id/_history/n`; undefined when it is not there. */
export async function versionOf(deps: Deps, within: Compartment, reference: string): Promise<Stored | undefined> {
  const [, type, id, version] = /^(\w+)\/([^/]+)\/_history\/(\d+)$/.exec(reference) ?? [];
  if (type === undefined || id === undefined || version === undefined) return undefined;
  try {
    return await readVersion(deps.db, within, type, id, version);
  } catch (error) {
    if (error instanceof FhirError && error.status < 500) return undefined;
    throw error;
  }
}

/** What policies may ask about the patient, as the version of the Patient says that a record names; undefined when it is not held. */
export async function patientOfRecord(
  deps: Deps,
  within: Compartment,
  { patient }: Pick<DecisionRecord, 'patient'>,
): Promise<PatientFacts | undefined> {
  const stored = await versionOf(deps, within, patient);
  return stored && patientFacts(stored);
}

/** Computes a stored decision once more from the stored versions that it names. Throws as readRecord does. */
export async function replayDecision(
  deps: Deps,
  within: Compartment,
  provenance: Provenance,
  text: string,
): Promise<Replay> {
  const record = readRecord(text);
  const snapshot = await deps.catalog.at(within);
  const patient = await patientOfRecord(deps, within, record);
  const reports = new Map<string, Reread>();
  for (const source of sourcesOf(record)) {
    const read = await reread(deps, within, { record, source, snapshot, provenance, facts: patient ?? {} });
    if (read) reports.set(versioned(source), read);
  }
  const digest = provenance.extension?.find(({ url }) => url === EXTENSION.decisionRecordDigest)?.valueString;
  return replay({
    text,
    digest: digest?.replace(/^sha256:/, '') ?? '',
    engine: {
      name: deps.engine.name,
      version: deps.engine.version,
      fhirpath: deps.engine.fhirpathVersion,
      gradings: GRADING_DIGESTS,
    },
    policy: (canonical) => snapshot.policy(canonical),
    patient,
    report: (source) => reports.get(versioned(source)),
  });
}

/** A stored response with its form, both in the versions that a decision rests on. */
export interface AnsweredForm {
  response: QuestionnaireResponse;
  form: Form;
}

/** The response that a record tells of; undefined for an Observation, and where the response or its form is no longer held. */
export async function responseOfRecord(
  deps: Deps,
  within: Compartment,
  { record, source, provenance }: Pick<Reading, 'record' | 'source' | 'provenance'>,
): Promise<AnsweredForm | undefined> {
  if (source.type !== 'QuestionnaireResponse') return undefined;
  const stored = await versionOf(deps, within, versioned(source));
  if (!stored) return undefined;
  const snapshot = await deps.catalog.at(within);
  const form = await formOfReport(deps, within, stored, { record, source, provenance, snapshot });
  return form && { response: JSON.parse(stored.content), form };
}

/** Every report that the record tells of, its own too. */
function sourcesOf({ terms }: DecisionRecord): Report['source'][] {
  return [...new Map(terms.map(({ source }) => [versioned(source), source])).values()];
}

interface Reading {
  record: DecisionRecord;
  source: Report['source'];
  snapshot: Snapshot;
  provenance: Provenance;
  facts: PatientFacts;
}

async function reread(deps: Deps, within: Compartment, reading: Reading): Promise<Reread | undefined> {
  const { record, source, snapshot, facts } = reading;
  const moment = record.terms.find((term) => term.tick && versioned(term.source) === versioned(source));
  if (moment?.tick) return rereadMoment(deps, within, reading, { ...moment, tick: moment.tick });
  const patient = record.patient.split('/')[1] ?? '';
  const [stored, context] = await Promise.all([
    versionOf(deps, within, referenceTo(source)),
    patientContext(deps.db, within, patient),
  ]);
  if (!stored || !context) return undefined;
  const told = reportingTold(record, source);
  // Of a slot that went by nothing was received that could be read again: the plan that expected it is held.
  if (stored.type === 'CarePlan' || stored.type === 'ServiceRequest') return told && { ...told, authored: told.at };
  const form = await formOfReport(deps, within, stored, reading);
  const circumstances: Circumstances = {
    snapshot,
    context,
    patient,
    facts,
    codes: deps.labCodes,
    at: timeOf(record, source),
    ctcae: ctcaeOf(record, source),
    baselines: await baselinesOf(deps, within, reading, { snapshot, context, patient }),
  };
  try {
    const read = readAgain(stored, form, circumstances);
    return read && told ? { ...read, findings: [...read.findings, ...told.findings] } : (read ?? told);
  } catch (error) {
    // What cannot be read or dated today was not what was graded then.
    if (error instanceof FhirError && error.status >= 500) throw error;
    return undefined;
  }
}

/** What a record tells of the reporting itself: which slots there were, and which were met, is a circumstance as it tells it. */
function reportingTold({ terms }: DecisionRecord, source: SourceRef): Reread | undefined {
  const told = terms.filter((term) => isOn(term, source) && term.finding.system === 'monitoring');
  const [first] = told;
  return first && { findings: told.map(({ finding }) => finding), at: first.tick?.at ?? first.at, day: first.day };
}

/** What a moment asked again: the finding of the report in force, read once more. */
async function rereadMoment(
  deps: Deps,
  within: Compartment,
  reading: Reading,
  { finding, day, tick, source }: RecordedTerm & { tick: NonNullable<RecordedTerm['tick']> },
): Promise<Reread | undefined> {
  const stored = await versionOf(deps, within, versioned(source));
  const moment = stored?.type === 'Basic' ? momentOf(JSON.parse(stored.content)) : undefined;
  const on = moment && (await reread(deps, within, { ...reading, source: tick.on }));
  if (!moment || !on) return undefined;
  const { at } = moment;
  const findings = on.findings.filter((one) => termKey(one) === termKey(finding));
  return { findings, at, day, ...(on.form ? { form: on.form } : {}) };
}

/** Whether a recorded step is of a report, or of a moment that asked its finding again. */
const isOn = ({ source, tick }: RecordedTerm, report: SourceRef): boolean =>
  versioned(tick?.on ?? source) === versioned(report);

/** Symptom time of a report, as the record says. */
function timeOf({ terms, report }: DecisionRecord, source: SourceRef): string {
  const own = terms.find((term) => versioned(term.source) === versioned(source));
  return own?.at ?? terms.find((term) => isOn(term, source))?.tick?.at ?? report.at;
}

/** The form of a response, none of an Observation: of the record's own the very version that its Provenance names. */
async function formOfReport(
  deps: Deps,
  within: Compartment,
  { type, content }: Stored,
  { record, source, snapshot, provenance }: Omit<Reading, 'facts'>,
): Promise<Form | undefined> {
  if (type !== 'QuestionnaireResponse') return undefined;
  const { questionnaire }: QuestionnaireResponse = JSON.parse(content);
  const own = record.terms.find((term) => versioned(term.source) === versioned(record.source))?.tick?.on;
  const isOwn = versioned(source) === versioned(own ?? record.source);
  const held = snapshot.form((isOwn ? record.questionnaire?.canonical : questionnaire) ?? '');
  if (!isOwn || held?.digest === record.questionnaire?.digest) return held;
  const reference = provenance.entity?.find(({ what }) => what.reference?.startsWith('Questionnaire/'))?.what.reference;
  const pinned = reference === undefined ? undefined : await versionOf(deps, within, reference);
  return pinned ? formOf(JSON.parse(pinned.content), snapshot.terminology) : held;
}

/** The versions of CTCAE that a report was graded by. */
function ctcaeOf({ terms }: DecisionRecord, source: SourceRef): CtcaeVersion[] {
  const versions = terms.flatMap((term) =>
    isOn(term, source) && term.finding.system === 'ctcae' ? [term.finding.version] : [],
  );
  return (['5.0', '6.0'] as const).filter((version) => versions.includes(version));
}

/** The recorded baselines that the results of a report were compared with, as the reports say that recorded them. */
async function baselinesOf(
  deps: Deps,
  within: Compartment,
  reading: Reading,
  around: Pick<Circumstances, 'snapshot' | 'context' | 'patient'>,
): Promise<MeasuredBaselines> {
  const used = reading.record.terms.flatMap((term) =>
    isOn(term, reading.source) ? (term.finding.measured?.baseline ?? []) : [],
  );
  let baselines: MeasuredBaselines = {};
  for (const { at, source } of used) {
    const stored = await versionOf(deps, within, versioned(source));
    if (!stored || (stored.type !== 'Observation' && stored.type !== 'QuestionnaireResponse')) continue;
    const recorder = { type: stored.type, id: stored.id, version: stored.version } as const;
    const form = await formOfReport(deps, within, stored, { ...reading, source: recorder });
    const time = { at, day: at.slice(0, 10), clockAhead: false };
    const measured = evaluatingOf(stored, form, { ...around, codes: deps.labCodes })?.read(time)?.measured;
    if (!measured) continue;
    const report = { source: recorder, at, day: time.day, baseline: true, findings: [], measured };
    baselines = baselinesWith(baselines, report) ?? baselines;
  }
  return baselines;
}
