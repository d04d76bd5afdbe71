import type { Coding, Flag, Patient, QuestionnaireResponse, Resource } from '@medplum/fhirtypes';
import type { Form, Snapshot } from './catalog.ts';
import type { Deps } from './deps.ts';
import type { Compartment } from './fhir/compartment.ts';
import { FhirError } from './fhir/errors.ts';
import { derivedId, newId } from './fhir/ids.ts';
import { resourceSpec } from './fhir/resources.ts';
import { spliceOwn } from './fhir/text.ts';
import type { Episode, FoldState } from './rules/episode.ts';
import { fold, isNext, type TermStep } from './rules/episodes.ts';
import type { Finding, Report } from './rules/finding.ts';
import { advance, type FlagChange, reconcile, signature } from './rules/flags.ts';
import { GRADING_DIGESTS } from './rules/gradings/index.ts';
import type { Policy } from './rules/policy.ts';
import { decisionRecord } from './rules/record.ts';
import { EXTENSION, UNVALIDATED_WORDING } from './rules/resources/codes.ts';
import { flagOf, notEvaluatedFlag, withStatus } from './rules/resources/flag.ts';
import { observationOf } from './rules/resources/observation.ts';
import type { Changes, FlagEvent } from './rules/resources/outcome.ts';
import { provenanceOf } from './rules/resources/provenance.ts';
import { type PatientContext, patientHistory } from './store/context.ts';
import { StaleRead } from './store/errors.ts';
import { indexRow } from './store/index-rows.ts';
import { findResources, type Stored } from './store/resources.ts';
import type { EpisodeRow, NewVersion, Write } from './store/write.ts';
import { type SymptomTime, symptomTime } from './symptom-time.ts';

/** A response that is about to be written, with all that its evaluation may know. */
export interface Evaluating {
  id: string;
  version: number;
  response: QuestionnaireResponse;
  form: Form;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
}

/** What is written with the response, in the same statement. */
export interface Consequence {
  versions: NewVersion[];
  patient: NonNullable<Write['patient']>;
  changes: Pick<Changes, 'flags' | 'findings' | 'undecided'>;
}

/** What a report row holds. */
interface StoredReport {
  report: Report;
  authored: string;
  clockAhead: boolean;
  tags: readonly Coding[];
}

/** The fold of a patient, and whether an evaluation has failed since: then one step does not suffice, all is folded again. */
type StoredState = FoldState & { stale?: true };

/** What was written of this patient before, read only where one step of the fold does not suffice. */
interface Past {
  reports: readonly StoredReport[];
  ledger: readonly EpisodeRow[];
  /** What this very response said in its earlier version. */
  before?: StoredReport;
  /** The Flag that says an earlier version of it was not evaluated. */
  failed?: EpisodeRow;
}

/** The tag without its display, since it is repeated on all that is derived. */
const UNVALIDATED_TAG: Coding = { system: UNVALIDATED_WORDING.system, code: UNVALIDATED_WORDING.code };

/** The ledger's term for Flags of responses that could not be evaluated. */
const NOT_EVALUATED = 'not-evaluated';

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
  const state: StoredState = JSON.parse(context.state);
  let past = input.version > 1 ? await readPast(deps, within, input) : undefined;
  const { before, failed } = past ?? {};
  if (!asked && !before && !failed) return undefined;
  const time = asked ? symptomTime(response, deps.now(), earlierTime(before)) : undefined;

  let report: StoredReport | undefined;
  try {
    report = time && reportOf(input, time);
    if (!report && !before && !failed) return undefined;
    if (report && (state.stale || !isNext(state, report.report))) past ??= await readPast(deps, within, input);
    return await follow(deps, within, input, { state, past, report });
  } catch (error) {
    // What the database could not tell is no fault of the rules: the client is told to try again.
    if (error instanceof StaleRead || isOutage(error) || !time) throw error;
    deps.log.error({ err: error, resource: `QuestionnaireResponse/${id}` }, 'not evaluated');
    return notEvaluated(deps, within, input, { state, time, failed, report });
  }
}

const isOutage = (error: unknown): boolean => error instanceof FhirError && error.issues[0].code === 'transient';

/** Whether anything rests on a response: then it cannot be deleted. */
export async function isGraded(
  deps: Deps,
  within: Compartment,
  patient: string,
  context: PatientContext,
  id: string,
): Promise<boolean> {
  const { reports, ledger } = await patientHistory(deps.db, within, context.shard, patient);
  return (
    reports.some((text) => (JSON.parse(text) as StoredReport).report.source.id === id) ||
    ledger.some((row) => row.term === NOT_EVALUATED && row.origin === id)
  );
}

async function readPast(deps: Deps, within: Compartment, { id, patient, context }: Evaluating): Promise<Past> {
  const { n, reports, ledger } = await patientHistory(deps.db, within, context.shard, patient);
  if (n !== context.n) throw new StaleRead();
  const all = reports.map((text): StoredReport => JSON.parse(text));
  const before = all.find(({ report }) => report.source.id === id);
  const failed = ledger.find((row) => row.term === NOT_EVALUATED && row.origin === id && row.status === 'active');
  return { reports: all, ledger, ...(before ? { before } : {}), ...(failed ? { failed } : {}) };
}

const earlierTime = (before: StoredReport | undefined): { authored: string; time: SymptomTime } | undefined =>
  before && {
    authored: before.authored,
    time: { at: before.report.at, day: before.report.day, clockAhead: before.clockAhead },
  };

/** What the response says; undefined when no item of its form can be graded. */
function reportOf({ id, version, response, form, snapshot }: Evaluating, time: SymptomTime): StoredReport | undefined {
  // A term of which nothing was asked this time says nothing, and gets no Observation.
  const graded = form.grade(form.compiled.collect(response)).filter(wasAsked);
  if (graded.length === 0) return undefined;
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
    tags: form.unvalidatedWording ? [UNVALIDATED_TAG] : [],
  };
}

const wasAsked = ({ outcome }: Finding): boolean => outcome.kind !== 'not-gradable' || outcome.reason !== 'not-asked';

interface Facts {
  state: StoredState;
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
  const terms = new Set(
    [...(past?.before?.report.findings ?? []), ...(report?.report.findings ?? [])].map(({ term }) => term),
  );
  const since = [past?.before?.report.at, report?.report.at].filter((at) => at !== undefined).sort()[0] ?? '';
  const steps = folded.steps.filter(({ term, at }) => terms.has(term) && at >= since);

  const asked = policiesAsked(snapshot, steps);
  const writer = writerOf(deps, within, input);
  const observations = await observationVersions(deps, within, input, writer, past?.before, report);
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
        tags: report?.tags ?? [],
      }),
    }),
  );
  return {
    versions,
    patient: {
      id: input.patient,
      shard: context.shard,
      n: context.n,
      state: JSON.stringify(folded.state),
      ...(report
        ? { report: { type: 'QuestionnaireResponse', id, at: report.report.at, content: JSON.stringify(report) } }
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

/** The place in time of a withdrawal of what was never graded. */
const withdrawn = (now: Date): Pick<Report, 'at' | 'day' | 'baseline'> => ({
  at: now.toISOString(),
  day: now.toISOString().slice(0, 10),
  baseline: false,
});

type Writer = (type: string, id: string, version: number, resource: Resource) => NewVersion;

/** Versions of what the engine derives: spliced, indexed, in the patient's shard and compartment. */
function writerOf(deps: Deps, within: Compartment, { context, patient }: Evaluating): Writer {
  return (type, id, version, resource) => {
    const spec = resourceSpec(type);
    if (!spec) throw new Error(`${type} is not served`);
    return {
      type,
      id,
      shard: context.shard,
      version,
      ...spliceOwn(resource, { id, versionId: String(version) }),
      derived: true,
      index: indexRow(deps.registry, spec, within.tenant, resource, { baseUrl: deps.baseUrl, patient }),
    };
  };
}

/** One Observation per asked term; those of terms that an amended response no longer asks, or of a retracted one, are entered in error. */
async function observationVersions(
  deps: Deps,
  within: Compartment,
  { id, patient, context, response }: Evaluating,
  write: Writer,
  before: StoredReport | undefined,
  report: StoredReport | undefined,
): Promise<NewVersion[]> {
  const now = report?.report.findings ?? [];
  const asked = new Set(now.map(({ term }) => term));
  const gone = before?.report.findings.filter(({ term }) => !asked.has(term)) ?? [];
  const held = await versionsOf(
    deps,
    within,
    context.shard,
    before ? [...now, ...gone].map(({ term }) => derivedId(id, term)) : [],
  );
  const make = (
    finding: Finding,
    stored: StoredReport,
    status: 'final' | 'amended' | 'entered-in-error',
  ): NewVersion => {
    const observationId = derivedId(id, finding.term);
    const version = (held.get(observationId) ?? 0) + 1;
    return write('Observation', observationId, version, {
      ...observationOf(finding, {
        patient: `Patient/${patient}`,
        source: `QuestionnaireResponse/${id}`,
        device: deps.engine.device,
        effective: { end: stored.report.authored ?? stored.report.at },
        status,
        issued: deps.now().toISOString(),
        ...(response.source?.reference ? { performer: response.source.reference } : {}),
        tags: stored.tags,
        labels: deps.labels,
        language: deps.language,
      }),
    });
  };
  const amended = response.status === 'amended' || before !== undefined;
  return [
    ...(report ? now.map((finding) => make(finding, report, amended ? 'amended' : 'final')) : []),
    ...(before ? gone.map((finding) => make(finding, before, 'entered-in-error')) : []),
  ];
}

async function versionsOf(
  deps: Deps,
  within: Compartment,
  shard: number,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const held = await findResources(deps.db, within, shard, 'Observation', ids);
  return new Map(held.map(({ id, version }) => [id, version]));
}

interface FlagFacts {
  changes: readonly FlagChange[];
  steps: readonly TermStep[];
  reports: readonly StoredReport[];
  failed: EpisodeRow | undefined;
}

/** Flags whose grade, status or priority changed, their rows in the ledger, and what to tell of them. */
async function flagVersions(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  write: Writer,
  { changes, steps, reports, failed }: FlagFacts,
): Promise<{ versions: NewVersion[]; ledger: EpisodeRow[]; events: Changes['flags'][number][] }> {
  const versions: NewVersion[] = [];
  const ledger: EpisodeRow[] = [];
  const events: Changes['flags'][number][] = [];
  const put = (row: EpisodeRow, flag: Flag, event: FlagEvent): void => {
    versions.push(write('Flag', row.flagId, row.version, flag));
    ledger.push(row);
    events.push({ event, reference: `Flag/${row.flagId}/_history/${row.version}`, flag });
  };

  for (const change of changes) {
    switch (change.kind) {
      case 'none':
        break;
      case 'ledger-only':
        ledger.push(rowOf(change.episode, change.row));
        break;
      case 'create':
      case 'update': {
        const { episode } = change;
        const held = change.kind === 'update' ? change.row : undefined;
        const origin = held?.origin ?? episode.origin;
        const flagId = held?.flagId ?? derivedId(origin, episode.term);
        const row = rowOf(episode, { flagId, origin, version: (held?.version ?? 0) + 1 });
        put(row, flagNow(deps, input, episode, `${origin}.${episode.term}`, reports), eventOf(change, steps));
        break;
      }
      case 'retract': {
        const stored = await currentFlag(deps, within, input, change.row.flagId);
        const row: EpisodeRow = {
          flagId: change.row.flagId,
          version: change.row.version + 1,
          term: change.row.term,
          origin: change.row.origin,
          status: 'entered-in-error',
          started: change.row.start,
          ended: change.row.end ?? null,
          signature: '',
        };
        put(row, withStatus(stored, 'entered-in-error'), 'retracted');
      }
    }
  }
  if (failed) {
    const stored = await currentFlag(deps, within, input, failed.flagId);
    const ended = deps.now().toISOString();
    const retracted = input.response.status === 'entered-in-error';
    put(
      { ...failed, version: failed.version + 1, status: retracted ? 'entered-in-error' : 'inactive', ended },
      withStatus(stored, retracted ? 'entered-in-error' : 'inactive', ended),
      retracted ? 'retracted' : 'closed',
    );
  }
  return { versions, ledger, events };
}

async function currentFlag(deps: Deps, within: Compartment, { context }: Evaluating, id: string): Promise<Flag> {
  const [stored]: Stored[] = await findResources(deps.db, within, context.shard, 'Flag', [id]);
  if (!stored) throw new Error('the ledger names a Flag that is not there');
  return JSON.parse(stored.content);
}

function flagNow(
  deps: Deps,
  { patient }: Evaluating,
  episode: Episode,
  identifier: string,
  reports: readonly StoredReport[],
): Flag {
  const latest = reports.find(({ report }) => report.source.id === episode.latest.id);
  const finding = latest?.report.findings.find(({ term }) => term === episode.term);
  return flagOf(episode, {
    patient: `Patient/${patient}`,
    identifier,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    observations: [episode.opening, episode.latest].map(({ id }) => `Observation/${derivedId(id, episode.term)}`),
    labels: deps.labels,
    dataQuality: finding?.dataQuality ?? [],
    tags: latest?.tags ?? [],
  });
}

function eventOf(change: { kind: string; episode: Episode }, steps: readonly TermStep[]): FlagEvent {
  const { episode } = change;
  if (change.kind === 'create') return 'opened';
  if (episode.status === 'closed') return 'closed';
  const last = steps.findLast(({ term }) => term === episode.term)?.transition;
  return last === 'worse' || last === 'better' ? last : 'changed';
}

const rowOf = (episode: Episode, identity: Pick<EpisodeRow, 'flagId' | 'origin' | 'version'>): EpisodeRow => ({
  flagId: identity.flagId,
  version: identity.version,
  term: episode.term,
  origin: identity.origin,
  status: episode.status === 'open' ? 'active' : 'inactive',
  started: episode.start,
  ended: episode.end ?? null,
  signature: signature(episode),
});

const ledgerRow = (row: EpisodeRow) => ({
  flagId: row.flagId,
  version: row.version,
  term: row.term,
  origin: row.origin,
  start: row.started,
  ...(row.ended === null ? {} : { end: row.ended }),
  signature: row.signature,
  status: row.status,
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

/** The response is stored all the same; a Flag of high priority asks a person to read it. */
function notEvaluated(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  {
    state,
    time,
    failed,
    report,
  }: { state: StoredState; time: SymptomTime; failed: EpisodeRow | undefined; report: StoredReport | undefined },
): Consequence {
  const { id, patient, context } = input;
  const write = writerOf(deps, within, input);
  const flagId = failed?.flagId ?? derivedId(id, NOT_EVALUATED);
  const version = (failed?.version ?? 0) + 1;
  const flag = notEvaluatedFlag({
    patient: `Patient/${patient}`,
    identifier: `${id}.${NOT_EVALUATED}`,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    source: `QuestionnaireResponse/${id}`,
    at: time.at,
  });
  const row: EpisodeRow = {
    flagId,
    version,
    term: NOT_EVALUATED,
    origin: id,
    status: 'active',
    started: time.at,
    ended: null,
    signature: NOT_EVALUATED,
  };
  const stale: StoredState = { ...state, stale: true };
  return {
    versions: [write('Flag', flagId, version, flag)],
    patient: {
      id: patient,
      shard: context.shard,
      n: context.n,
      state: JSON.stringify(stale),
      // What could be graded is kept for the next fold.
      ...(report
        ? { report: { type: 'QuestionnaireResponse', id, at: report.report.at, content: JSON.stringify(report) } }
        : {}),
      episodes: [row],
    },
    changes: {
      flags: [{ event: 'not-evaluated', reference: `Flag/${flagId}/_history/${version}`, flag }],
      findings: [],
      undecided: [],
    },
  };
}
