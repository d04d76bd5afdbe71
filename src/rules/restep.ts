import type { RecordedTerm } from './decision-record.ts';
import type { Episode, PatientFacts, TermState } from './episode.ts';
import { step, type TermStep, type Told } from './episodes.ts';
import { type Finding, type Report, type Tick, termKey } from './finding.ts';
import type { Policy } from './policy.ts';
import type { Context } from './policy-language.ts';
import { namedAs } from './tick.ts';

/** What the steps of a report rest on beside what its record says of each term. */
export interface Surroundings {
  /** The policies that are asked. */
  policies: readonly Policy[];
  patient: PatientFacts;
  /** Canonical of the form of the report, where it is known. */
  form?: string | undefined;
  /** The moment as the report's author wrote it. */
  authored?: string | undefined;
}

/** A step taken once more, and what its conditions were told; no context where no policy was asked. */
export interface Restep {
  made: TermStep;
  context: Context | undefined;
}

/**
 * Takes the recorded steps of one report once more, from what their record says was known before it, through the very code that took
 * them first. The steps are of one report, each of another term.
 */
export function resteps(recorded: readonly RecordedTerm[], around: Surroundings): readonly Restep[] {
  const [first] = recorded;
  if (!first) return [];
  const contexts = new Map<string, Context>();
  const told = new Map(recorded.map((one) => [termKey(one.finding), one.told]));
  const { steps } = step(
    { terms: Object.fromEntries(recorded.map((one) => [termKey(one.finding), before(one)])) },
    reportOf(recorded, first, around),
    around.policies.map((policy) => listening(policy, contexts)),
    around.patient,
    (term) => told.get(term),
  );
  return steps.map((made) => ({ made, context: contexts.get(made.term) }));
}

/** What is put in the place of what was. */
export interface Otherwise {
  finding?: Finding;
  episodeBefore?: Episode | undefined;
  told?: Told | undefined;
}

/**
 * One recorded step taken once more, or as it would have been otherwise; `beside` are steps of the same report that have a part in it: the
 * other wording of the same adverse event.
 */
export function restep(
  recorded: RecordedTerm,
  around: Surroundings,
  otherwise: Otherwise = {},
  beside: readonly RecordedTerm[] = [],
): Restep {
  const steps = resteps([{ ...recorded, ...otherwise }, ...beside], around);
  const taken = steps.find(({ made }) => made.term === termKey(recorded.finding));
  if (!taken) throw new Error('a report of one finding makes one step');
  return taken;
}

function reportOf(recorded: readonly RecordedTerm[], first: RecordedTerm, { form, authored }: Surroundings): Report {
  const { source, at, day } = first;
  return {
    source,
    at,
    day,
    baseline: recorded.some(isOwnBaseline),
    findings: recorded.map(({ finding }) => finding),
    ...(first.tick ? { tick: tickOf(first, first.tick, form) } : {}),
    ...(form === undefined ? {} : { form }),
    ...(authored === undefined ? {} : { authored }),
  };
}

/** A moment asked one term again: the form is that of the report that its finding is of. */
const tickOf = (
  { finding, previous, told }: RecordedTerm,
  { what, on, at }: NonNullable<RecordedTerm['tick']>,
  form: string | undefined,
): Tick => ({
  term: termKey(finding),
  ...namedAs(what),
  since: '',
  on: { source: on, at, finding, form, facts: told?.facts, previous },
});

/** The report recorded the baseline that its own conditions were told. */
const isOwnBaseline = ({ baseline, source }: RecordedTerm): boolean =>
  baseline !== undefined && baseline.source.id === source.id && baseline.source.type === source.type;

function before(recorded: RecordedTerm): TermState {
  const { previous, baseline, told, episodeBefore, at, source } = recorded;
  const closed = episodeBefore ? undefined : closedBefore(recorded);
  return {
    ...(previous ? { previous } : {}),
    ...(baseline ? { baseline } : {}),
    ...(episodeBefore ? { episode: episodeBefore } : {}),
    ...(closed ? { closed } : {}),
    ...(told?.expected ? { expected: { ...told.expected, at, source } } : {}),
  };
}

/** Of the episode that had ended the record tells what the step rests on. */
function closedBefore({ episodeAfter, ended, source, at }: RecordedTerm): TermState['closed'] {
  const past = episodeAfter?.reopens ?? (ended && { origin: source.id, start: at, end: at });
  return past && ended ? { ...past, priority: ended } : past;
}

/** The policy, noting what it was told of each term. */
const listening = (policy: Policy, contexts: Map<string, Context>): Policy => ({
  ...policy,
  evaluate: (which, context) => {
    contexts.set(termKey(context.finding), context);
    return policy.evaluate(which, context);
  },
});
