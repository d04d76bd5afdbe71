import { decide, type Effect, isAsUrgent } from './decide.ts';
import type { Episode, PatientFacts, TermState } from './episode.ts';
import { againOf, begun, carriedOn, certainGrade, compared, counted, replaces } from './episode-carried.ts';
import { type Event, rowOf, type State, turned } from './episode-machine.ts';
import { type Asked, isDouble, isSaid } from './episodes-merge.ts';
import { pastWith } from './episodes-past.ts';
import { type Finding, highest, type Report } from './finding.ts';
import { type Policy, type StepBudget, stepBudget } from './policy.ts';
import { type Context, isContradictory, type PolicyNeed } from './policy-language.ts';
import type { TermStep, Told } from './term-step.ts';

/** One report, and what was known of its patient before it. */
export interface AboutReport {
  report: Report;
  /** Every finding of it, in order. */
  asked: readonly Asked[];
  /** By `termKey`, before the report. */
  before: Readonly<Record<string, TermState>>;
  /** In the order in which they are asked. */
  policies: readonly Policy[];
  patient: PatientFacts;
  /** What the conditions are told of a term, in the place of what its past says: where a recorded step is taken once more. */
  told?: ((term: string) => Told | undefined) | undefined;
  /** Filled when a policy first needs it: the same for all terms. */
  shared?: Shared;
}

interface Shared {
  needs: ReadonlySet<PolicyNeed>;
  symptoms: Context['symptoms'];
  /** What was known of the patient when the report came in, where that is another than what is known now. */
  person: Report['person'];
  source: Context['source'];
  budget: StepBudget;
  /** An action of any policy wants to be asked again when nothing more is heard. */
  asksAgain: boolean;
}

/** One report folded into one term. `lead` is the step of the other wording of the same adverse event, where there is a worse one. */
export function stepTerm(
  about: AboutReport,
  asked: Asked,
  lead: TermStep | undefined,
): { after: TermState; made: TermStep } {
  const { report, policies, patient } = about;
  const { key, finding } = asked;
  const before = about.before[key] ?? UNKNOWN;
  const { source, at, day } = report;
  const { previous, expected } = before;
  const isDoubled = isDouble(before, finding, at);
  const grade = isDoubled ? undefined : certainGrade(finding);
  const recorded = certainGrade(finding);
  const baseline = report.baseline && recorded !== undefined ? { grade: recorded, at, source } : before.baseline;
  const past = grade === undefined ? before : pastWith(before, grade, at, day);
  const counting = before.episode && (isDoubled ? before.episode : counted(before.episode, finding, day));
  const shared = sharedOf(about, report);
  const told = about.told ? about.told(key) : toldOf(shared, report, past.recent, past.burden, expected);
  const context = contextOf(
    { finding, at, day, before: { previous, baseline }, episode: counting },
    patient,
    shared,
    told,
  );
  const { conditions, effect, held } = decide(policies, context, {
    raise: !isExpected(expected, finding, at),
    lower: !isDoubled,
  });
  const state = stateAt(before, at);
  const informed = counting !== undefined && !isDoubled && replaces(finding, counting);
  const ended = !counting && isDoubled && before.closed?.end === at ? before.closed.priority : undefined;
  const event = counting
    ? eventOn(counting, finding, effect, isDoubled, informed)
    : eventOnNone(asked, effect, lead, ended);
  const { to, transition } = rowOf(state, event);
  const episode = counting
    ? carriedOn(counting, finding, report, effect, context, informed, to)
    : to === 'open' && effect.kind === 'open'
      ? begun(asked, report, effect, context, before.closed)
      : undefined;
  // Both are new objects where the report told the grade. What has ended is not asked again.
  if (episode && (informed || !counting)) {
    episode.again = shared.asksAgain && to !== 'closed' ? againOf(policies, context) : undefined;
  }
  // Members that do not apply are there and undefined, here and below: objects of one shape are twice as fast to make.
  return {
    after: {
      previous: grade === undefined ? previous : { grade, at, day, source },
      baseline,
      episode: episode?.status === 'open' ? episode : undefined,
      closed:
        episode?.end === undefined
          ? before.closed
          : { origin: episode.origin, start: episode.start, end: at, priority: episode.priority },
      recent: past.recent,
      burden: past.burden,
      expected,
    },
    made: {
      term: key,
      source,
      at,
      day,
      finding,
      previous,
      baseline,
      told,
      episodeBefore: before.episode,
      conditions,
      transition,
      episodeAfter: episode,
      held: held ? true : undefined,
      mergedInto: event === 'repeats' ? lead?.term : undefined,
      ended,
    },
  };
}

/** All that conditions may ask of one term at one moment. Members that nobody needs are there and undefined: see below. */
export const contextOf = (
  { finding, at, day, before, episode }: Pick<Context, 'finding' | 'at' | 'day' | 'before' | 'episode'>,
  patient: PatientFacts,
  { source, budget }: Pick<Context, 'source' | 'budget'>,
  told: Told | undefined,
): Context => ({
  finding,
  at,
  day,
  before,
  episode,
  patient: told?.patient ?? patient,
  recent: told?.recent,
  burden: told?.burden,
  expected: told?.expected,
  symptoms: told?.symptoms,
  facts: told?.facts,
  source,
  budget,
});

const UNKNOWN: TermState = {};

/** What a term is in at the moment of a report, before it. */
export function stateAt({ episode, closed, expected }: TermState, at: string): State {
  if (!episode) return closed ? 'closed' : 'none';
  if (!expected) return 'open';
  const snoozed = turned('open', 'expects');
  return at > expected.until ? turned(snoozed, 'expires') : snoozed;
}

/** `ended`: priority of the episode that ended at this very moment. What would not have raised it opens none. */
function eventOnNone(
  asked: Asked,
  effect: Effect,
  lead: TermStep | undefined,
  ended: Episode['priority'] | undefined,
): Event {
  if (effect.kind !== 'open') return 'untold';
  if (ended !== undefined && isAsUrgent(ended, effect.priority)) return 'doubles';
  const by = lead && { finding: lead.finding, episode: lead.episodeAfter };
  return by && isSaid(asked, effect.priority, by) ? 'repeats' : 'opens';
}

function eventOn(episode: Episode, finding: Finding, { kind }: Effect, isDoubled: boolean, informed: boolean): Event {
  if (kind === 'escalate') return 'raises';
  if (kind === 'close') return 'closes';
  if (isDoubled) return 'doubles';
  return informed ? compared(episode, finding) : 'untold';
}

/**
 * Whether a level that a clinician expects, still in force, holds back a rise: the finding is certainly no higher. What contradicts itself,
 * or cannot be graded, is not held back.
 */
export function isExpected(expected: Told['expected'], finding: Finding, at: string): boolean {
  if (!expected || at > expected.until || isContradictory(finding)) return false;
  const top = highest(finding.outcome);
  return top !== undefined && top <= expected.level;
}

/** `from`: what came in, or what was in force where a moment asks again. */
export function sharedOf(about: AboutReport, from: Pick<Report, 'source' | 'form' | 'person'>): Shared {
  if (about.shared) return about.shared;
  const { asked, before, policies, patient } = about;
  const needs = needsOf(policies);
  about.shared = {
    needs,
    symptoms: needs.has('symptoms') ? symptomsOf(before, asked) : undefined,
    person: needs.has('patient') && from.person && isOther(from.person, patient) ? from.person : undefined,
    source: { type: from.source.type, form: from.form },
    budget: stepBudget(),
    asksAgain: policies.some(({ asksAgain }) => asksAgain.length > 0),
  };
  return about.shared;
}

const isOther = (then: PatientFacts, now: PatientFacts): boolean =>
  then.gender !== now.gender || then.birthDate !== now.birthDate;

const NO_NEEDS: ReadonlySet<PolicyNeed> = new Set();

function needsOf(policies: readonly Policy[]): ReadonlySet<PolicyNeed> {
  const [only] = policies;
  if (policies.length < 2) return only?.needs ?? NO_NEEDS;
  const known = NEEDS.get(policies);
  if (known) return known;
  const needs = new Set(policies.flatMap((policy) => [...policy.needs]));
  NEEDS.set(policies, needs);
  return needs;
}

/** A list serves thousands of reports. */
const NEEDS = new WeakMap<readonly Policy[], ReadonlySet<PolicyNeed>>();

/** Grades of all terms as last known, those of the report itself first. */
function symptomsOf(before: AboutReport['before'], asked: readonly Asked[]): Record<string, number> {
  const symptoms: Record<string, number> = {};
  for (const [term, { previous }] of Object.entries(before)) if (previous) symptoms[term] = previous.grade;
  for (const { key, finding } of asked) {
    const grade = certainGrade(finding);
    if (grade !== undefined) symptoms[key] = grade;
  }
  return symptoms;
}

/** The groups that the policies need: the record has to hold what they were told; and an expected level, which decides without being asked for. */
export function toldOf(
  { needs, symptoms, person }: Pick<Shared, 'needs' | 'symptoms' | 'person'>,
  { facts }: Pick<Report, 'facts'>,
  recent: Told['recent'],
  burden: Told['burden'],
  expected: Told['expected'],
): Told | undefined {
  if (needs.size === 0) return expected && { expected };
  const told: Told = {};
  if (needs.has('recent') && recent) told.recent = recent;
  if (needs.has('burden') && burden) told.burden = burden;
  if (expected) told.expected = expected;
  if (symptoms) told.symptoms = symptoms;
  if (needs.has('facts') && facts) told.facts = facts;
  if (person) told.patient = person;
  return told;
}
