import type { DecisionRecord, RecordedCondition, RecordedTerm, RecordInput } from './decision-record.ts';
import type { ActionRef, Episode, PastEpisode, Priority } from './episode.ts';
import type { TermStep, Transition } from './episodes.ts';
import { type DataQuality, type Finding, type Measured, originOf, type Report, termOfKey } from './finding.ts';
import {
  type PackedAnswers,
  type PackedOutcome,
  packAnswers,
  packOutcome,
  readAnswers,
  readOutcome,
} from './finding-packed.ts';
import type { ConditionResult } from './policy.ts';
import { type PackedShared, type PackedTold, packShared, packTold, readTold } from './record-told.ts';

/**
 * A decision record as it is kept. There is one for every response, so what repeats is said once: reports and actions are
 * named in tables and then by their place, and what is as it mostly is (composite, the first grading, no change) is left out.
 */
export interface Packed {
  format: 1;
  engine: { name: string; version: string };
  fhirpath: string;
  /** The form of a response; left out for an Observation. */
  questionnaire?: { canonical: string; digest: string };
  gradings: RecordInput['gradings'];
  policies: readonly PackedPolicy[];
  patient: string;
  baseline?: true;
  /** Moments that terms point to: a symptom time, and the day where the patient was where that is another. */
  moments?: readonly string[];
  /** [`type/id/version`, symptom time, day]; the first is the report that the record is of. Time and day are left out where not known. */
  reports: readonly (readonly string[])[];
  /** What the conditions of all terms of a report were told, by the place of the report. */
  shared?: Record<string, PackedShared>;
  terms: readonly PackedTerm[];
  errors?: readonly string[];
}

interface PackedPolicy {
  canonical: string;
  digest: string;
  title?: string;
  /** Ids of all actions, in order. */
  actions: readonly string[];
  /** Titles of those that were true, by id. */
  titles?: Record<string, string>;
}

interface PackedTerm {
  term: string;
  report?: number;
  grading?: readonly [system: string, version: string];
  kind?: Finding['kind'];
  outcome: PackedOutcome;
  answers: PackedAnswers;
  measured?: Measured;
  issues?: readonly DataQuality[];
  /** [grade, report]. */
  previous?: readonly [number, number];
  baseline?: readonly [number, number];
  before?: PackedEpisode;
  /** What else the conditions were told. */
  told?: PackedTold;
  /** An expected level held back a rise. */
  held?: true;
  /** The other wording whose episode says as much. */
  merged?: string;
  transition?: Transition;
  /** The members that differ from `before`. */
  after?: Partial<PackedEpisode>;
  /** One text per policy, one letter per action: t true, f false, u undecided, - not asked. */
  conditions: readonly string[];
  /** Kinds of errors behind an undecided, by `policy place:action`. */
  errors?: Record<string, string>;
}

interface PackedEpisode {
  opening: number;
  latest: number;
  end?: string;
  /** Start and end as their authors wrote them. */
  startAuthored?: string;
  endAuthored?: string;
  grading?: readonly [system: string, version: string];
  outcome: PackedOutcome;
  level: number;
  previous?: number;
  baseline?: number;
  priority: Priority;
  openedBy: readonly string[];
  decidedBy: readonly string[];
  /** [days, the last of them]. */
  calm: readonly (number | string)[];
  reports: number;
  /** Opening report, start and end of the episode before. */
  reopens?: readonly [string, string, string];
}

/** The packed form of what an evaluation did. */
export function pack(input: RecordInput): Packed {
  const policies = [...input.policies].sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
  const places = new Map(policies.map(({ canonical }, place) => [canonical, place]));
  const reports = new Map<string, { place: number; at?: string; day?: string }>();
  const moments = new Map<string, number>();
  const shared: Record<string, PackedShared> = {};
  const momentPlace = (moment: string): number => {
    const known = moments.get(moment) ?? moments.size;
    moments.set(moment, known);
    return known;
  };
  const refText = ({ policy, action }: ActionRef) => `${places.get(policy) ?? policy}:${action}`;

  const placeOf = ({ type, id, version }: Report['source'], at?: string, day?: string): number => {
    const key = `${type}/${id}/${version}`;
    const known = reports.get(key) ?? { place: reports.size };
    reports.set(key, { place: known.place, at: known.at ?? at, day: known.day ?? day });
    return known.place;
  };

  const gradingOf = (system: string, version: string) => {
    const [first] = input.gradings;
    return first?.system === system && first.version === version ? undefined : ([system, version] as const);
  };

  const packEpisode = (episode: Episode): PackedEpisode => ({
    baseline: episode.baselineGrade,
    calm: episode.lastCalmDay === undefined ? [episode.calmDays] : [episode.calmDays, episode.lastCalmDay],
    decidedBy: episode.decidedBy.map(refText),
    end: episode.end,
    endAuthored: episode.endAuthored,
    grading: gradingOf(episode.system, episode.systemVersion),
    latest: placeOf(episode.latest),
    level: episode.openingLevel,
    openedBy: episode.openedBy.map(refText),
    opening: placeOf(episode.opening, episode.start),
    outcome: packOutcome(episode.outcome),
    previous: episode.previousGrade,
    priority: episode.priority,
    reopens: episode.reopens && [episode.reopens.origin, episode.reopens.start, episode.reopens.end],
    reports: episode.reports,
    startAuthored: episode.startAuthored,
  });

  const packTerm = (step: TermStep): PackedTerm => {
    const { finding, previous, baseline, told, episodeBefore, episodeAfter } = step;
    const report = placeOf(step.source, step.at, step.day);
    const alike = told && packShared(told);
    if (alike) shared[report] ??= alike;
    const before = episodeBefore && packEpisode(episodeBefore);
    const after = episodeAfter && packEpisode(episodeAfter);
    const errors = step.conditions.flatMap((one) => (one.error ? [[refText(one), one.error] as const] : []));
    return {
      after: after && changed(before, after),
      answers: packAnswers(finding.attributes),
      baseline: baseline && [baseline.grade, placeOf(baseline.source, baseline.at)],
      before,
      conditions: policies.map(({ canonical, actions }) => letters(step.conditions, canonical, actions)),
      errors: errors.length > 0 ? Object.fromEntries(errors) : undefined,
      grading: gradingOf(finding.system, finding.version),
      held: step.held,
      issues: finding.dataQuality.length > 0 ? finding.dataQuality : undefined,
      kind: finding.kind === 'composite' ? undefined : finding.kind,
      measured: finding.measured,
      merged: step.mergedInto,
      outcome: packOutcome(finding.outcome),
      previous: previous && [previous.grade, placeOf(previous.source, previous.at, previous.day)],
      report: report === 0 ? undefined : report,
      term: step.term,
      told: told && packTold(told, momentPlace),
      transition: step.transition === 'none' ? undefined : step.transition,
    };
  };

  placeOf(input.source, input.report.at, input.report.day);
  const terms = input.steps.map(packTerm);
  return {
    baseline: input.report.baseline || undefined,
    engine: input.engine,
    errors: input.errors?.length ? input.errors : undefined,
    fhirpath: input.fhirpathVersion,
    format: 1,
    gradings: input.gradings,
    moments: moments.size > 0 ? [...moments.keys()] : undefined,
    patient: `${input.patient.reference}/_history/${input.patient.version}`,
    policies: policies.map((policy) => packPolicy(policy, input.steps)),
    questionnaire: input.questionnaire,
    reports: Array.from(reports, ([key, { at, day }]) => [key, at, day].filter((part) => part !== undefined)),
    shared: Object.keys(shared).length > 0 ? shared : undefined,
    terms,
  };
}

/** What `pack` packed. */
export function unpack(packed: Packed): DecisionRecord {
  const { policies, reports, gradings } = packed;
  const report = (place: number | undefined) => readReport(reports[place ?? 0]);
  const ref = (text: string): ActionRef => {
    const colon = text.lastIndexOf(':');
    const policy = text.slice(0, colon);
    return { policy: policies[Number(policy)]?.canonical ?? policy, action: text.slice(colon + 1) };
  };
  const grading = (given: readonly [string, string] | undefined) => ({
    system: (given?.[0] ?? gradings[0]?.system ?? 'pro-ctcae') as Finding['system'], // it was one when it was packed
    version: given?.[1] ?? gradings[0]?.version ?? '',
  });

  const readEpisode = (episode: PackedEpisode, { term, kind = 'composite' }: PackedTerm): Episode => {
    const opening = report(episode.opening);
    const { system, version } = grading(episode.grading);
    const [calmDays, lastCalmDay] = episode.calm;
    return {
      term,
      status: episode.end === undefined ? 'open' : 'closed',
      origin: originOf(opening.source),
      start: opening.at,
      end: episode.end,
      startAuthored: episode.startAuthored,
      endAuthored: episode.endAuthored,
      opening: opening.source,
      latest: report(episode.latest).source,
      kind,
      system,
      systemVersion: version,
      outcome: readOutcome(episode.outcome),
      openingLevel: episode.level,
      previousGrade: episode.previous,
      baselineGrade: episode.baseline,
      ...(episode.reopens ? { reopens: pastOf(episode.reopens) } : {}),
      priority: episode.priority,
      openedBy: episode.openedBy.map(ref),
      decidedBy: episode.decidedBy.map(ref),
      calmDays: Number(calmDays),
      lastCalmDay: lastCalmDay === undefined ? undefined : String(lastCalmDay),
      reports: episode.reports,
    };
  };

  const readTerm = (term: PackedTerm): RecordedTerm => {
    const { before, after } = term;
    const told = readTold(term.told, packed.shared?.[term.report ?? 0], packed.moments ?? []);
    const previous = term.previous && { grade: term.previous[0], ...report(term.previous[1]) };
    const baselineReport = term.baseline && report(term.baseline[1]);
    return {
      ...report(term.report),
      finding: {
        term: termOfKey(term.term),
        ...grading(term.grading),
        kind: term.kind ?? 'composite',
        outcome: readOutcome(term.outcome),
        attributes: readAnswers(term.answers),
        ...(term.measured ? { measured: term.measured } : {}),
        dataQuality: term.issues ?? [],
      },
      previous,
      baseline: baselineReport && {
        grade: term.baseline?.[0] ?? 0,
        at: baselineReport.at,
        source: baselineReport.source,
      },
      ...(told ? { told } : {}),
      ...(term.held ? { held: true } : {}),
      ...(term.merged === undefined ? {} : { mergedInto: term.merged }),
      episodeBefore: before && readEpisode(before, term),
      transition: term.transition ?? 'none',
      // Only what differs was kept; where nothing was open before it is all there.
      episodeAfter: after && readEpisode({ ...before, ...after } as PackedEpisode, term),
      conditions: policies.flatMap((policy, place) => readLetters(policy, place, term)),
    };
  };

  const own = report(0);
  return {
    engine: packed.engine,
    fhirpath: packed.fhirpath,
    ...(packed.questionnaire ? { questionnaire: packed.questionnaire } : {}),
    gradings,
    policies: policies.map(({ canonical, digest, title }) => ({ canonical, digest, ...(title && { title }) })),
    source: own.source,
    patient: packed.patient,
    report: { at: own.at, day: own.day, baseline: packed.baseline === true },
    terms: packed.terms.map(readTerm),
    errors: packed.errors ?? [],
  };
}

function packPolicy(policy: RecordInput['policies'][number], steps: readonly TermStep[]): PackedPolicy {
  const { canonical, digest, title, actions } = policy;
  const held = new Set<string>();
  for (const { conditions } of steps) {
    for (const one of conditions) if (one.policy === canonical && one.value === true) held.add(one.action);
  }
  const titles = actions
    .flatMap(({ id, title }) => (title && held.has(id) ? [[id, title] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    actions: actions.map(({ id }) => id),
    canonical,
    digest,
    title,
    titles: titles.length > 0 ? Object.fromEntries(titles) : undefined,
  };
}

/** The engine gives the same list for the same answers: its letters are found once. */
const spelled = new WeakMap<readonly ConditionResult[], Map<string, string>>();

function letters(
  conditions: readonly ConditionResult[],
  canonical: string,
  actions: readonly { id: string }[],
): string {
  const known = spelled.get(conditions) ?? new Map<string, string>();
  const found = known.get(canonical) ?? spell(conditions, canonical, actions);
  known.set(canonical, found);
  spelled.set(conditions, known);
  return found;
}

function spell(conditions: readonly ConditionResult[], canonical: string, actions: readonly { id: string }[]): string {
  const letter = { true: 't', false: 'f', undecided: 'u' } as const;
  return actions
    .map(({ id }) => {
      const found = conditions.find(({ policy, action }) => policy === canonical && action === id);
      return found ? letter[`${found.value}`] : '-';
    })
    .join('');
}

function readLetters(policy: PackedPolicy, place: number, { conditions, errors }: PackedTerm): RecordedCondition[] {
  const text = conditions[place] ?? '';
  return policy.actions.flatMap((action, index): RecordedCondition[] => {
    const letter = text[index];
    if (letter !== 't' && letter !== 'f' && letter !== 'u') return [];
    const value = letter === 'u' ? 'undecided' : letter === 't';
    const title = value === true ? policy.titles?.[action] : undefined;
    const error = errors?.[`${place}:${action}`];
    return [{ policy: policy.canonical, action, ...(title && { title }), value, ...(error && { error }) }];
  });
}

function readReport([key = '', at = '', day = at.slice(0, 10)]: readonly string[] = []): Pick<
  RecordedTerm,
  'source' | 'at' | 'day'
> {
  const [type, id = '', version] = key.split('/');
  return {
    source: { type: type === 'Observation' ? type : 'QuestionnaireResponse', id, version: Number(version) },
    at,
    day,
  };
}

const pastOf = ([origin, start, end]: readonly [string, string, string]): PastEpisode => ({ origin, start, end });

/** The members of `after` that `before` does not have, or not so. An episode never loses a member. */
function changed(before: PackedEpisode | undefined, after: PackedEpisode): Partial<PackedEpisode> {
  if (!before) return after;
  const was = new Map(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after).filter(([member, value]) => {
      const old = was.get(member);
      return value !== undefined && (old === undefined || !same(old, value));
    }),
  );
}

/** Members of an episode are texts, numbers and flat lists of these. */
function same(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, place) => item === b[place]);
}
