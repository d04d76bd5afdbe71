import type { Patient } from '@medplum/fhirtypes';
import type { Snapshot } from './catalog.ts';
import type { Deps } from './deps.ts';
import { type Consequence, type Evaluating, NOT_EVALUATED, type Past } from './evaluation/evaluating.ts';
import { flagVersions, ledgerRow } from './evaluation/flag-versions.ts';
import { notEvaluated } from './evaluation/not-evaluated.ts';
import { observationVersions } from './evaluation/observation-versions.ts';
import { readReport, type StoredReport, tagsOf, timeOf, writeReport } from './evaluation/stored-report.ts';
import { writerOf } from './evaluation/writer.ts';
import type { Compartment } from './fhir/compartment.ts';
import { FhirError } from './fhir/errors.ts';
import { newId } from './fhir/ids.ts';
import { fold, isNext, type TermStep } from './rules/episodes.ts';
import type { Finding, Report } from './rules/finding.ts';
import { advance, type FlagChange, reconcile } from './rules/flags.ts';
import { GRADING_DIGESTS } from './rules/gradings/index.ts';
import type { Policy } from './rules/policy.ts';
import { decisionRecord } from './rules/record.ts';
import { EXTENSION } from './rules/resources/codes.ts';
import { provenanceOf } from './rules/resources/provenance.ts';
import { type KeptState, readState, writeState } from './rules/state-packed.ts';
import { type PatientContext, patientHistory } from './store/context.ts';
import { StaleRead } from './store/errors.ts';
import { isDerivedFrom } from './store/resources.ts';
import type { EpisodeRow } from './store/write.ts';
import { type SymptomTime, symptomTime } from './symptom-time.ts';

/**
 * Grades a response, folds its patient's episodes anew and gives everything that follows: Observations, Flag versions, Provenance,
 * decision record. Undefined when nothing follows: the status asks for none, or no item of the form can be graded, and no
 * earlier version was graded. A failure inside grading or policy never loses the response: then a Flag that says so follows.
 * Throws FhirError 422 for an unusable `authored`, StaleRead when the patient changed between two reads.
 */
export async function evaluate(deps: Deps, within: Compartment, input: Evaluating): Promise<Consequence | undefined> {
  const { id, response, context } = input;
  const asked = response.status === 'completed' || response.status === 'amended';
  if (!asked && input.version === 1) return undefined;
  const state = readState(context.state);
  let past = input.version > 1 ? await readPast(deps, within, input) : undefined;
  const { before, failed } = past ?? {};
  if (!asked && !before && !failed) return undefined;
  const time = asked ? symptomTime(response, deps.now(), timeOf(before)) : undefined;

  let report: StoredReport | undefined;
  try {
    report = time && reportOf(input, time);
    if (!report && !before && !failed) return undefined;
    if (report && (state.stale || !isNext(state, report.report))) past ??= await readPast(deps, within, input);
    return await follow(deps, within, input, { state, past, report });
  } catch (error) {
    // What the database could not tell is no fault of the rules: the client is told to try again.
    if (error instanceof StaleRead || isOutage(error)) throw error;
    deps.log.error({ err: error, resource: `QuestionnaireResponse/${id}` }, 'not evaluated');
    const at = time?.at ?? before?.report.at ?? deps.now().toISOString();
    return notEvaluated(deps, within, input, { state, at, failed: past && failureOf(past.ledger, id), report });
  }
}

const isOutage = (error: unknown): boolean => error instanceof FhirError && error.issues[0].code === 'transient';

/** Whether anything rests on a response, or rested on it before it was withdrawn: then it cannot be deleted. */
export async function isGraded(
  deps: Deps,
  within: Compartment,
  patient: string,
  context: PatientContext,
  id: string,
): Promise<boolean> {
  if (await isDerivedFrom(deps.db, within, context.shard, patient, id)) return true;
  const { ledger } = await patientHistory(deps.db, within, context.shard, patient);
  return failureOf(ledger, id) !== undefined;
}

/** The row of the Flag that says, or once said, that a response could not be evaluated. */
const failureOf = (ledger: readonly EpisodeRow[], id: string): EpisodeRow | undefined =>
  ledger.find((row) => row.term === NOT_EVALUATED && row.origin === id);

async function readPast(deps: Deps, within: Compartment, { id, patient, context }: Evaluating): Promise<Past> {
  const { n, reports, ledger } = await patientHistory(deps.db, within, context.shard, patient);
  if (n !== context.n) throw new StaleRead();
  const all = reports.map(readReport);
  const before = all.find(({ report }) => report.source.id === id);
  const failed = failureOf(ledger, id);
  return {
    reports: all,
    ledger,
    ...(before ? { before } : {}),
    ...(failed?.status === 'active' ? { failed } : {}),
  };
}

/** What the response says; undefined when no item of its form can be graded. */
function reportOf({ id, version, response, form, snapshot }: Evaluating, time: SymptomTime): StoredReport | undefined {
  // A term of which nothing was asked this time says nothing, and gets no Observation.
  const graded = form.grade(form.compiled.collect(response)).filter(wasAsked);
  if (graded.length === 0) return undefined;
  if (snapshot.broken.length > 0) throw new Error('an active policy cannot be compiled by this engine');
  const findings = time.clockAhead
    ? graded.map((finding): Finding => ({ ...finding, dataQuality: [...finding.dataQuality, 'clock-ahead'] }))
    : graded;
  const baseline = response.extension?.some(
    ({ url, valueBoolean }) => url === EXTENSION.baselineReport && valueBoolean,
  );
  return {
    report: {
      source: { type: 'QuestionnaireResponse', id, version },
      at: time.at,
      ...(time.clockAhead || response.authored === undefined ? {} : { authored: response.authored }),
      day: time.day,
      baseline: baseline === true,
      findings,
      policies: snapshot.policies.map(({ canonical }) => canonical),
    },
    authored: response.authored ?? '',
    clockAhead: time.clockAhead,
    unvalidatedWording: form.unvalidatedWording,
  };
}

const wasAsked = ({ outcome }: Finding): boolean => outcome.kind !== 'not-gradable' || outcome.reason !== 'not-asked';

interface Facts {
  state: KeptState;
  past: Past | undefined;
  report: StoredReport | undefined;
}

async function follow(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { state, past, report }: Facts,
): Promise<Consequence> {
  const { id, context, snapshot } = input;
  const facts = patientFacts(context);
  const others = past?.reports.filter((stored) => stored.report.source.id !== id) ?? [];
  const own = report ? [report] : [];
  const reports = past ? [...others, ...own] : own;
  const folded = fold(
    reports.map((stored) => stored.report),
    (one) => policiesOf(snapshot, one),
    facts,
    past ? undefined : state,
  );
  const ledger = (past?.ledger ?? context.open).filter(({ term }) => term !== NOT_EVALUATED);
  const changes = (past ? reconcile : advance)(ledger.map(ledgerRow), folded.episodes);
  const steps = stepsToTell(folded.steps, [past?.before, report], changes);

  const asked = policiesAsked(snapshot, steps);
  const writer = writerOf(deps, within, input);
  const observations = await observationVersions(deps, within, input, past?.before, report);
  const flags = await flagVersions(deps, within, input, writer, { changes, steps, reports, failed: past?.failed });
  const versions = [...observations, ...flags.versions];

  const record = decisionRecord({
    engine: { name: deps.engine.name, version: deps.engine.version },
    fhirpathVersion: deps.engine.fhirpathVersion,
    questionnaire: { canonical: input.form.canonical, digest: input.form.digest },
    gradings: GRADING_DIGESTS,
    policies: asked,
    source: { type: 'QuestionnaireResponse', id, version: input.version },
    patient: { reference: `Patient/${input.patient}`, version: context.patient.version },
    report: (report ?? past?.before)?.report ?? withdrawn(deps.now()),
    steps,
  });
  const provenanceId = newId(context.shard, deps.now().getTime());
  versions.push(
    writer('Provenance', provenanceId, 1, {
      ...provenanceOf({
        targets: versions.map(({ type, id, version }) => `${type}/${id}/_history/${version}`),
        entities: [
          { role: 'source', what: `QuestionnaireResponse/${id}/_history/${input.version}` },
          { role: 'source', what: input.form.reference },
          { role: 'source', what: `Patient/${input.patient}/_history/${context.patient.version}` },
          ...earlierReports(steps, id).map((what) => ({ role: 'derivation' as const, what })),
        ],
        policies: asked.map(({ canonical }) => canonical),
        recorded: deps.now().toISOString(),
        ...(report ? { occurred: report.report.at } : {}),
        digest: record.digest,
        device: deps.engine.device,
        activity: !past?.before ? 'evaluate' : report ? 're-evaluate' : 'retract',
        tags: tagsOf(report),
      }),
    }),
  );
  return {
    versions,
    patient: {
      id: input.patient,
      shard: context.shard,
      n: context.n,
      state: writeState(folded.state),
      ...(report
        ? { report: { type: 'QuestionnaireResponse', id, at: report.report.at, content: writeReport(report) } }
        : { retract: { type: 'QuestionnaireResponse', id } }),
      episodes: flags.ledger,
      decision: { id: provenanceId, content: record.text },
    },
    changes: {
      flags: flags.events,
      findings: report?.report.findings ?? [],
      undecided: steps
        .filter(({ source }) => source.id === id)
        .flatMap(({ term, finding, conditions }) =>
          conditions
            .filter(({ value }) => value === 'undecided' && finding.outcome.kind !== 'not-gradable')
            .map(({ policy, action }) => ({ term, policy, action })),
        ),
    },
  };
}

/**
 * The steps that a record tells: of the terms that the response asks or asked, from its place in time on; and all of any other term whose
 * Flag this evaluation changes.
 */
function stepsToTell(
  steps: readonly TermStep[],
  stored: readonly (StoredReport | undefined)[],
  changes: readonly FlagChange[],
): TermStep[] {
  const own = stored.filter((one) => one !== undefined);
  const terms = new Set(own.flatMap(({ report }) => report.findings.map(({ term }) => term)));
  const since = own.map(({ report }) => report.at).sort()[0] ?? '';
  const changed = new Set(
    changes.flatMap((change) => {
      if (change.kind === 'none' || change.kind === 'ledger-only') return [];
      return [change.kind === 'retract' ? change.row.term : change.episode.term];
    }),
  );
  return steps.filter(({ term, at }) => (terms.has(term) ? at >= since : changed.has(term)));
}

/** The place in time of a withdrawal of what was never graded. */
const withdrawn = (now: Date): Pick<Report, 'at' | 'day' | 'baseline'> => ({
  at: now.toISOString(),
  day: now.toISOString().slice(0, 10),
  baseline: false,
});

/** Those that were active when a report came in; a report of an older store is judged by those of today. */
function policiesOf(snapshot: Snapshot, { policies }: Report): readonly Policy[] {
  if (!policies) return snapshot.policies;
  return policies.map((canonical) => {
    const policy = snapshot.policy(canonical);
    if (!policy) throw new Error('a report was judged by a policy that is no longer held');
    return policy;
  });
}

/** Every policy that a record of these steps has to name, sorted. */
function policiesAsked(snapshot: Snapshot, steps: readonly TermStep[]): Policy[] {
  const asked = new Map(snapshot.policies.map((policy) => [policy.canonical, policy]));
  for (const { conditions, episodeBefore, episodeAfter } of steps) {
    const refs = [
      ...conditions,
      ...(episodeBefore?.openedBy ?? []),
      ...(episodeBefore?.decidedBy ?? []),
      ...(episodeAfter?.decidedBy ?? []),
    ];
    for (const { policy } of refs) {
      const held = asked.has(policy) ? undefined : snapshot.policy(policy);
      if (held) asked.set(policy, held);
    }
  }
  return [...asked.values()].sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
}

/** The reports, other than its own, that the decisions about a response rest on. */
function earlierReports(steps: readonly TermStep[], id: string): string[] {
  const sources = steps.flatMap(({ previous, baseline, episodeBefore }) => [
    previous?.source,
    baseline?.source,
    episodeBefore?.opening,
  ]);
  const references = sources.flatMap((source) =>
    source && source.id !== id ? [`${source.type}/${source.id}/_history/${source.version}`] : [],
  );
  return [...new Set(references)];
}

function patientFacts({ patient }: PatientContext): { gender?: string; birthDate?: string } {
  const { gender, birthDate }: Patient = JSON.parse(patient.content);
  return { ...(gender ? { gender } : {}), ...(birthDate ? { birthDate } : {}) };
}
