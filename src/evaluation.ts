import type { Patient } from '@medplum/fhirtypes';
import type { Deps } from './deps.ts';
import {
  type Consequence,
  type Evaluating,
  isOf,
  isOperational,
  isPartly,
  NOT_EVALUATED,
  type Past,
} from './evaluation/evaluating.ts';
import { waitingAfter, withReporting } from './evaluation/expected.ts';
import { extracted } from './evaluation/extraction.ts';
import { knownOf, patientFacts } from './evaluation/facts.ts';
import { flagVersions, ledgerRow } from './evaluation/flag-versions.ts';
import { notEvaluated } from './evaluation/not-evaluated.ts';
import { observationVersions } from './evaluation/observation-versions.ts';
import { recordOf } from './evaluation/recording.ts';
import { regradedOf, withGraded } from './evaluation/regrading.ts';
import { scored } from './evaluation/scored.ts';
import { partlyOf, policiesOf, stepsToTell, withOtherWordings } from './evaluation/steps.ts';
import { findingsOf, readReport, rowOf, type StoredReport, timeOf } from './evaluation/stored-report.ts';
import { momentVersions, ticking } from './evaluation/ticking.ts';
import { workVersions } from './evaluation/work-versions.ts';
import { writerOf } from './evaluation/writer.ts';
import type { Compartment } from './fhir/compartment.ts';
import { FhirError } from './fhir/errors.ts';
import { ageYears } from './rules/age.ts';
import type { FoldState } from './rules/episode.ts';
import { fold, isNext, type TermStep } from './rules/episodes.ts';
import { type Finding, originOf, type Report, type SourceRef } from './rules/finding.ts';
import { advance, reconcile } from './rules/flags.ts';
import { inVersions } from './rules/gradings/ctcae-answer-form.ts';
import type { MeasuredInput } from './rules/gradings/measured.ts';
import { newLastGrades } from './rules/last-grades.ts';
import { type KeptState, readState, writeState } from './rules/state-packed.ts';
import { findReport, type PatientContext, patientHistory } from './store/context.ts';
import { StaleRead } from './store/errors.ts';
import { isDerivedFrom } from './store/resources.ts';
import type { EpisodeRow } from './store/write.ts';
import type { SymptomTime } from './symptom-time.ts';

/**
 * Grades a response or Observation, folds its patient's episodes anew and gives everything that follows: Observations, Flag versions,
 * Provenance, decision record. Undefined when nothing follows: the status asks for none, or nothing of it can be graded, and no
 * earlier version was graded. A failure inside grading or policy never loses the resource: then a Flag that says so follows.
 * Throws FhirError 422 for an unusable symptom time, StaleRead when the patient changed between two reads.
 */
export async function evaluate(deps: Deps, within: Compartment, input: Evaluating): Promise<Consequence | undefined> {
  const began = performance.now();
  const consequence = await evaluated(deps, within, input);
  if (consequence) deps.metrics.decided(performance.now() - began);
  return consequence;
}

async function evaluated(deps: Deps, within: Compartment, input: Evaluating): Promise<Consequence | undefined> {
  const { source, asks, context } = input;
  const asked = asks === 'grading';
  const again = input.again ?? source.version > 1;
  if (asks === 'nothing' || (!asked && !again)) return undefined;
  const state = readState(context.state);
  let past = again ? await readPast(deps, within, input) : undefined;
  const { before, failed } = past ?? {};
  if (!asked && !before && !failed) return undefined;
  const time = asked ? input.time(deps.now(), timeOf(before)) : undefined;

  let report: StoredReport | undefined;
  try {
    report = time && (await reportOf(deps, within, input, { time, before: before?.report }));
    if (!report && !before && !failed) return undefined;
    if (report && (state.stale || report.report.tick || !isNext(state, report.report)))
      past ??= await readPast(deps, within, input);
    return await follow(deps, within, input, { state, past, report });
  } catch (error) {
    // What the database could not tell is no fault of the rules: the client is told to try again.
    if (error instanceof StaleRead || isOutage(error)) throw error;
    // A moment loses nothing by being tried again: it stays due, and is seen to be.
    if (report?.report.tick) throw error;
    deps.log.error({ err: error, resource: `${source.type}/${source.id}` }, 'not evaluated');
    const at = time?.at ?? before?.report.at ?? deps.now().toISOString();
    const ledger = past?.ledger ?? context.open;
    return notEvaluated(deps, within, input, {
      state,
      at,
      failed: past && failureOf(past.ledger, source),
      report,
      ledger,
    });
  }
}

const isOutage = (error: unknown): boolean => error instanceof FhirError && error.issues[0].code === 'transient';

/** Whether anything rests on a resource, or rested on it before it was withdrawn: then it cannot be deleted. */
export async function isGraded(
  deps: Deps,
  within: Compartment,
  patient: string,
  context: PatientContext,
  source: Pick<SourceRef, 'type' | 'id'>,
): Promise<boolean> {
  const { shard } = context;
  if (await isDerivedFrom(deps.db, within, shard, patient, source)) return true;
  if ((await findReport(deps.db, within, shard, patient, source)) !== undefined) return true;
  const { ledger } = await patientHistory(deps.db, within, shard, patient);
  return failureOf(ledger, source) !== undefined;
}

/** The row of the Flag that says, or once said, that a report could not be evaluated. */
const failureOf = (ledger: readonly EpisodeRow[], source: Pick<SourceRef, 'type' | 'id'>): EpisodeRow | undefined =>
  ledger.find((row) => row.term === NOT_EVALUATED && row.origin === originOf(source));

async function readPast(deps: Deps, within: Compartment, { source, patient, context }: Evaluating): Promise<Past> {
  const { n, reports, ledger } = await patientHistory(deps.db, within, context.shard, patient);
  if (n !== context.n) throw new StaleRead();
  const all = reports.map(readReport);
  const before = all.find((stored) => isOf(source, stored));
  const failed = failureOf(ledger, source);
  return {
    reports: all,
    ledger,
    ...(before ? { before } : {}),
    ...(failed?.status === 'active' ? { failed } : {}),
    partly: ledger.filter((row) => isPartly(row) && row.origin === originOf(source)),
  };
}

/** What the resource says of its patient; undefined when nothing of it can be graded. `before`: its earlier version. */
async function reportOf(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { time, before }: { time: SymptomTime; before: Report | undefined },
): Promise<StoredReport | undefined> {
  const slots = input.slots?.(time) ?? [];
  const said = input.read(time) ?? (slots.length > 0 ? input.bare : undefined);
  if (!said) return undefined;
  const { source, snapshot, performer, seconds } = input;
  const asked = {
    ...(input.draft ? { draft: true as const } : {}),
    ...(slots.length > 0 ? { slots } : {}),
    ...(seconds === undefined ? {} : { seconds }),
  };
  const { authored, baseline, unvalidatedWording, measured, baselines, expected, tick, scores } = said;
  if (snapshot.broken.length > 0) throw new Error('an active policy cannot be compiled by this engine');
  const findings = time.clockAhead
    ? said.findings.map((finding): Finding => ({ ...finding, dataQuality: [...finding.dataQuality, 'clock-ahead'] }))
    : said.findings;
  const known = await knownOf(deps, within, input, { said: withReporting(said, asked), at: time.at, before });
  return {
    report: {
      source,
      ...(input.form ? { form: input.form.canonical } : {}),
      at: time.at,
      ...(time.clockAhead || authored === '' ? {} : { authored }),
      day: time.day,
      baseline,
      findings: inVersions(findings, known.ctcae),
      ...(time.clockAhead ? { clockAhead: true } : {}),
      ...(unvalidatedWording ? { unvalidatedWording: true } : {}),
      policies: snapshot.policies.map(({ canonical }) => canonical),
      ...(measured ? { measured: aged(measured, input.context, time) } : {}),
      ...(baselines ? { baselines } : {}),
      ...(expected ? { expected } : {}),
      ...(tick ? { tick } : {}),
      ...asked,
      ...known,
    },
    authored,
    clockAhead: time.clockAhead,
    unvalidatedWording,
    ...(scores ? { scores } : {}),
    ...(measured && performer !== undefined ? { performer } : {}),
  };
}

interface Facts {
  state: KeptState;
  past: Past | undefined;
  report: StoredReport | undefined;
}

async function follow(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { state, past, report: read }: Facts,
): Promise<Consequence | undefined> {
  const { source, context, snapshot } = input;
  const others = past?.reports.filter((stored) => !isOf(source, stored)) ?? [];
  const folded = fold(
    [...others, ...(read ? [read] : [])].map((stored) => stored.report),
    (one) => policiesOf(snapshot, one),
    patientFacts(context.patient),
    past ? undefined : state,
  );
  const report = read && withGraded(read, folded.steps);
  const regraded = regradedOf(others, folded.steps);
  const ledger = (past?.ledger ?? context.open).filter((row) => !isOperational(row));
  const changes = (past ? reconcile : advance)(ledger.map(ledgerRow), folded.episodes);
  const steps = stepsToTell(folded.steps, [past?.before, report], regraded, changes);

  const own = folded.steps.filter((step) => step.source.id === source.id && step.source.type === source.type);
  // Something has been heard since: the moment means nothing any more.
  if (read?.report.tick && own.length === 0) return undefined;

  const writer = writerOf(deps, within, input);
  const reports = [...others, ...(report ? [report] : [])];
  const observations = await observationVersions(deps, within, input, writer, {
    before: past?.before,
    report,
    regraded,
  });
  const vitals = await extracted(deps, within, input, writer, { before: past?.before, report });
  const scores = await scored(deps, within, input, writer, { before: past?.before, report });
  const flags = await flagVersions(deps, within, input, writer, {
    changes,
    steps,
    reports,
    failed: past?.failed,
    partly: { held: past?.partly ?? [], now: partlyOf(own) },
  });
  const work = await workVersions(deps, within, input, {
    events: flags.events,
    written: flags.ledger,
    ledger: past?.ledger ?? context.open,
    steps,
  });
  const derived = [...vitals, ...scores, ...observations, ...flags.versions, ...work.versions];
  const { decision, provenance } = recordOf(deps, withForm(input, own, reports), writer, {
    before: past?.before,
    report,
    steps: withOtherWordings(steps, folded.steps),
    derived,
  });
  const moments = await ticking(deps, within, input, {
    own: report?.report,
    before: state,
    again: past !== undefined,
    reports: reports.map((stored) => stored.report),
    steps: folded.steps,
  });
  const waits = waitingAfter(deps, input, { before: past?.before, report });
  return {
    versions: [...momentVersions(deps, input, writer, report?.report), ...derived, provenance],
    patient: {
      id: input.patient,
      shard: context.shard,
      n: context.n,
      state: writeState(folded.state),
      ...lastGradesAfter(state, folded.state),
      ...(waits.expected === undefined ? {} : { expected: waits.expected }),
      reports: [...(report ? [report] : []), ...regraded.map(({ stored }) => stored)].map(rowOf),
      ...(report ? {} : { retract: { type: source.type, id: source.id } }),
      episodes: flags.ledger,
      decision,
    },
    work: work.work,
    due: moments.length + waits.due.length > 0 ? [...work.due, ...moments, ...waits.due] : work.due,
    changes: {
      flags: flags.events,
      findings: report ? findingsOf(report) : [],
      undecided: own.flatMap(({ term, finding, conditions }) =>
        conditions
          .filter(({ value }) => value === 'undecided' && finding.outcome.kind !== 'not-gradable')
          .map(({ policy, action }) => ({ term, policy, action })),
      ),
    },
  };
}

/** A moment asks what was answered by the form of the report in force: its record names that one. */
function withForm(input: Evaluating, own: readonly TermStep[], reports: readonly StoredReport[]): Evaluating {
  const on = own[0]?.tick?.on;
  const canonical = on && reports.find((stored) => isOf(on, stored))?.report.form;
  const form = canonical === undefined ? undefined : input.snapshot.form(canonical);
  return form ? { ...input, form } : input;
}

/** Written only where they differ. */
function lastGradesAfter(before: KeptState, after: FoldState): { lastGrades?: string } {
  const lastGrades = newLastGrades(before, after);
  return lastGrades === undefined ? {} : { lastGrades };
}

/** Some ladders are another for children. */
function aged(
  measured: readonly MeasuredInput[],
  { patient }: PatientContext,
  { day }: SymptomTime,
): readonly MeasuredInput[] {
  const { birthDate }: Patient = JSON.parse(patient.content);
  const years = birthDate === undefined ? undefined : ageYears(birthDate, day);
  return years === undefined ? measured : measured.map((input) => ({ ...input, ageYears: years }));
}
