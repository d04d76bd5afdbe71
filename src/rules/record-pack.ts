import type { RecordInput } from './decision-record.ts';
import type { ActionRef, Episode } from './episode.ts';
import type { TermStep } from './episodes.ts';
import type { Report } from './finding.ts';
import { packAnswers, packOutcome } from './finding-packed.ts';
import type { ConditionResult } from './policy.ts';
import type { Packed, PackedEpisode, PackedPolicy, PackedTerm } from './record-packed.ts';
import { type PackedShared, packShared, packTold } from './record-told.ts';

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
      ended: step.ended,
      errors: errors.length > 0 ? Object.fromEntries(errors) : undefined,
      grading: gradingOf(finding.system, finding.version),
      held: step.held,
      issues: finding.dataQuality.length > 0 ? finding.dataQuality : undefined,
      kind: finding.kind === 'composite' ? undefined : finding.kind,
      measured: finding.measured,
      merged: step.mergedInto,
      monitored: finding.monitored,
      outcome: packOutcome(finding.outcome),
      previous: previous && [previous.grade, placeOf(previous.source, previous.at, previous.day)],
      report: report === 0 ? undefined : report,
      structured: finding.structured,
      term: step.term,
      tick: step.tick && [step.tick.what, placeOf(step.tick.on, step.tick.at)],
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
    policies: packPolicies(policies, input.steps),
    questionnaire: input.questionnaire,
    reports: Array.from(reports, ([key, { at, day }]) => [key, at, day].filter((part) => part !== undefined)),
    shared: Object.keys(shared).length > 0 ? shared : undefined,
    terms,
  };
}

function packPolicies(policies: RecordInput['policies'], steps: readonly TermStep[]): PackedPolicy[] {
  const held = actionsHeld(steps);
  return policies.map((policy) => {
    const actions = held.get(policy.canonical);
    const titles = policy.actions
      .flatMap(({ id, title }) => (title && actions?.has(id) ? [[id, title] as const] : []))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (titles.length === 0) return untitled(policy);
    return { ...untitled(policy), titles: Object.fromEntries(titles) };
  });
}

/** Ids of the actions that were true in any of the steps, by policy. Terms that were answered alike share their list. */
function actionsHeld(steps: readonly TermStep[]): Map<string, Set<string>> {
  const held = new Map<string, Set<string>>();
  for (const conditions of new Set(steps.map((step) => step.conditions))) {
    for (const { policy, action, value } of conditions) {
      if (value !== true) continue;
      const actions = held.get(policy) ?? new Set();
      held.set(policy, actions.add(action));
    }
  }
  return held;
}

/** As nearly every record has it: made once, so that its text too is written once. */
function untitled(policy: RecordInput['policies'][number]): PackedPolicy {
  const known = UNTITLED.get(policy);
  if (known) return known;
  const { actions, canonical, digest, title } = policy;
  const made = { actions: actions.map(({ id }) => id), canonical, digest, title };
  UNTITLED.set(policy, made);
  return made;
}

const UNTITLED = new WeakMap<RecordInput['policies'][number], PackedPolicy>();

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
