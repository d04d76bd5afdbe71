import type { ActionRef, Episode, Priority } from './episode.ts';
import { type Finding, highest } from './finding.ts';
import { type ConditionResult, type Policy, together } from './policy.ts';
import { type Context, isContradictory, PRIORITIES } from './policy-language.ts';

/** What the policies want done about one term after one report, and all that they were asked. */
export interface Decision {
  conditions: readonly ConditionResult[];
  effect: Effect;
  /** A rise that the conditions asked for was held back by the level that a clinician expects. */
  held?: boolean;
}

/** What the situation of a report leaves to the policies. */
export interface Leave {
  /** The priority may rise: no expected level holds it back. */
  raise: boolean;
  /** The priority may fall and the episode may close: the report is no mere double of another. */
  lower: boolean;
}

const FREE: Leave = { raise: true, lower: true };

export type Effect =
  | { kind: 'none' }
  | { kind: 'open' | 'de-escalate'; priority: Priority; by: readonly ActionRef[] }
  /** `by` is empty when the true actions all stand below the present priority. */
  | { kind: 'escalate'; priority: Priority; by: readonly ActionRef[] }
  | { kind: 'close'; by: readonly ActionRef[] };

/** Policies in the order in which they are asked and recorded, whatever the order in which they were loaded. */
export function inOrder(policies: readonly Policy[]): readonly Policy[] {
  if (policies.length < 2) return policies;
  const known = ORDERED.get(policies);
  if (known) return known;
  const ordered = [...policies].sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
  ORDERED.set(policies, ordered);
  ORDERED.set(ordered, ordered);
  return ordered;
}

/** A list serves thousands of reports. */
const ORDERED = new WeakMap<readonly Policy[], readonly Policy[]>();

/**
 * Asks every policy, in the order given, about the finding of `context`.
 *
 * With no episode open, any true `open` action opens one at the highest priority among the true. With one open: a true
 * `escalate`, or a true `open` above the present priority, raises it (never lowers it); else a true `close` closes it;
 * else a true `de-escalate` lowers it, to the highest priority among the true. Undecided conditions do nothing, and are
 * in `conditions` for the record. A report that is not gradable or contradictory, or whose range reaches the opening level or above
 * grade 1, neither closes nor lowers. What `leave` does not leave is
 * as if it were not asked for.
 */
export function decide(policies: readonly Policy[], context: Context, leave: Leave = FREE): Decision {
  const { episode, finding } = context;
  if (!episode) {
    const conditions = together(policies)(NONE_OPEN, context);
    return { conditions, effect: strongest('open', trueOf(conditions)) };
  }
  const mayClose = leave.lower && finding.outcome.kind !== 'not-gradable' && !isContradictory(finding);
  const conditions = together(policies)({ open: episode.priority, mayClose }, context);
  const held = trueOf(conditions);
  if (held.length === 0) return { conditions, effect: NO_EFFECT };
  const raising = held.filter(raises);
  if (raising.length === 0 || leave.raise)
    return { conditions, effect: effectOn(context.finding, episode, held, raising, leave) };
  return { conditions, effect: effectOn(context.finding, episode, held, [], leave), held: true };
}

/**
 * Asks again what would raise the priority of the open episode: every action that may, or those that want to be asked after a time without news.
 * Nothing else comes of it: no episode opens, falls or closes. Throws a RangeError where none is open.
 */
export function decideAgain(
  policies: readonly Policy[],
  context: Context,
  { raise, after }: Pick<Leave, 'raise'> & { after: string | undefined },
): Decision {
  const { episode } = context;
  if (!episode) throw new RangeError('Only of an open episode is anything asked again');
  const wanted = after === undefined ? undefined : new Set(policies.flatMap((one) => askedAfter(one, after, context)));
  const conditions = together(policies)({ open: episode.priority, mayClose: false }, context).filter(
    (one) => raises(one) && wanted?.has(`${one.policy} ${one.action}`) !== false,
  );
  const rising = trueOf(conditions).filter(({ priority = 'PN' }) => !isAsUrgent(episode.priority, priority));
  if (rising.length === 0) return { conditions, effect: NO_EFFECT };
  if (!raise) return { conditions, effect: NO_EFFECT, held: true };
  const priority = rising.reduce((highest, one) => higher(highest, one.priority ?? 'PN'), episode.priority);
  return { conditions, effect: { kind: 'escalate', priority, by: rising.map(refOf) } };
}

const askedAfter = ({ canonical, asksAgain }: Policy, after: string, context: Context): string[] =>
  asksAgain.flatMap((one) => (one.after === after && one.wakes(context) ? [`${canonical} ${one.action}`] : []));

const NONE_OPEN = { open: 'none' } as const;
const NO_EFFECT: Effect = { kind: 'none' };

const raises = ({ code }: ConditionResult): boolean => code === 'escalate' || code === 'open';

/**
 * Whether a report leaves open that the term is as bad as when its episode opened, or above grade 1: it has no grade, contradicts itself, or
 * its range reaches so far. Then nothing is eased, whatever a condition on what is certain says.
 */
function leavesOpen(finding: Finding, { openingLevel }: Episode): boolean {
  if (isContradictory(finding)) return true;
  const top = highest(finding.outcome);
  if (finding.outcome.kind === 'graded') return false;
  // Of the reporting itself an open grade is what a policy has to choose a limit for, and nothing that could be worse than is known.
  if (finding.kind === 'monitoring') return false;
  return top === undefined || top > 1 || top >= openingLevel;
}

function effectOn(
  finding: Finding,
  episode: Episode,
  held: readonly ConditionResult[],
  raising: readonly ConditionResult[],
  leave: Leave,
): Effect {
  if (raising.length > 0) {
    // An action below the priority that stands already is not what it rests on.
    const by = raising.filter(({ priority = 'PN' }) => isAsUrgent(priority, episode.priority)).map(refOf);
    const priority = raising.reduce((highest, one) => higher(highest, one.priority ?? 'PN'), episode.priority);
    return { kind: 'escalate', priority, by };
  }
  if (!leave.lower || leavesOpen(finding, episode)) return NO_EFFECT;
  const closing = held.filter(({ code }) => code === 'close');
  if (closing.length > 0) return { kind: 'close', by: closing.map(refOf) };
  const lowering = strongest(
    'de-escalate',
    held.filter(({ code }) => code === 'de-escalate'),
  );
  const lowers = lowering.kind === 'de-escalate' && !isAsUrgent(lowering.priority, episode.priority);
  return lowers ? lowering : NO_EFFECT;
}

/** The true ones of a list, which is the same list for the same answers: looked through once. */
function trueOf(conditions: readonly ConditionResult[]): readonly ConditionResult[] {
  const known = TRUE.get(conditions);
  if (known) return known;
  const found = conditions.filter(isTrue);
  TRUE.set(conditions, found);
  return found;
}

const TRUE = new WeakMap<readonly ConditionResult[], readonly ConditionResult[]>();

/** All the true actions together, at the highest priority among them. */
function strongest(kind: 'open' | 'de-escalate', held: readonly ConditionResult[]): Effect {
  if (held.length === 0) return NO_EFFECT;
  const priority = held.reduce<Priority>((highest, one) => higher(highest, one.priority ?? 'PN'), 'PN');
  return { kind, priority, by: held.map(refOf) };
}

/** Whether one priority is the other or above it. */
export const isAsUrgent = (one: Priority, other: Priority): boolean =>
  PRIORITIES.indexOf(one) >= PRIORITIES.indexOf(other);

const higher = (a: Priority, b: Priority): Priority => (isAsUrgent(a, b) ? a : b);

const isTrue = ({ value }: ConditionResult): boolean => value === true;

const refOf = ({ policy, action }: ConditionResult): ActionRef => ({ policy, action });
