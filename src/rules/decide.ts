import type { ActionRef, Episode, Priority } from './episode.ts';
import type { ConditionResult, Policy } from './policy.ts';
import { type Context, isContradictory, PRIORITIES } from './policy-language.ts';

/** What the policies want done about one term after one report, and all that they were asked. */
export interface Decision {
  conditions: readonly ConditionResult[];
  effect: Effect;
}

export type Effect =
  | { kind: 'none' }
  | { kind: 'open' | 'de-escalate'; priority: Priority; by: readonly ActionRef[] }
  /** `by` is empty when the true actions all stand below the present priority. */
  | { kind: 'escalate'; priority: Priority; by: readonly ActionRef[] }
  | { kind: 'close'; by: readonly ActionRef[] };

/** Policies in the order in which they are asked and recorded, whatever the order in which they were loaded. */
export function inOrder(policies: readonly Policy[]): readonly Policy[] {
  return policies.length < 2 ? policies : [...policies].sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
}

/**
 * Asks every policy, in the order given, about the finding of `context`.
 *
 * With no episode open, any true `open` action opens one at the highest priority among the true. With one open: a true
 * `escalate`, or a true `open` above the present priority, raises it (never lowers it); else a true `close` closes it;
 * else a true `de-escalate` lowers it, to the highest priority among the true. Undecided conditions do nothing, and are
 * in `conditions` for the record. A report that is not gradable or contradictory never closes.
 */
export function decide(policies: readonly Policy[], context: Context): Decision {
  const { episode, finding } = context;
  if (!episode) {
    const conditions = ask(policies, { open: 'none' }, context);
    return { conditions, effect: strongest('open', conditions.filter(isTrue)) };
  }
  const mayClose = finding.outcome.kind !== 'not-gradable' && !isContradictory(finding);
  const conditions = ask(policies, { open: episode.priority, mayClose }, context);
  const held = conditions.filter(isTrue);
  return { conditions, effect: held.length === 0 ? { kind: 'none' } : effectOn(episode, held) };
}

function effectOn(episode: Episode, held: readonly ConditionResult[]): Effect {
  const raising = held.filter(({ code }) => code === 'escalate' || code === 'open');
  if (raising.length > 0) {
    // An action below the priority that stands already is not what it rests on.
    const by = raising.filter(({ priority = 'PN' }) => higher(priority, episode.priority) === priority).map(refOf);
    const priority = raising.reduce((highest, one) => higher(highest, one.priority ?? 'PN'), episode.priority);
    return { kind: 'escalate', priority, by };
  }
  const closing = held.filter(({ code }) => code === 'close');
  if (closing.length > 0) return { kind: 'close', by: closing.map(refOf) };
  const lowering = strongest(
    'de-escalate',
    held.filter(({ code }) => code === 'de-escalate'),
  );
  const lowers = lowering.kind === 'de-escalate' && higher(lowering.priority, episode.priority) !== lowering.priority;
  return lowers ? lowering : { kind: 'none' };
}

function ask(
  policies: readonly Policy[],
  which: Parameters<Policy['evaluate']>[0],
  context: Context,
): readonly ConditionResult[] {
  const [only] = policies;
  if (only && policies.length === 1) return only.evaluate(which, context);
  return policies.flatMap((policy) => policy.evaluate(which, context));
}

/** All the true actions together, at the highest priority among them. */
function strongest(kind: 'open' | 'de-escalate', held: readonly ConditionResult[]): Effect {
  if (held.length === 0) return { kind: 'none' };
  const priority = held.reduce<Priority>((highest, one) => higher(highest, one.priority ?? 'PN'), 'PN');
  return { kind, priority, by: held.map(refOf) };
}

const higher = (a: Priority, b: Priority): Priority => (PRIORITIES.indexOf(a) >= PRIORITIES.indexOf(b) ? a : b);

const isTrue = ({ value }: ConditionResult): boolean => value === true;

const refOf = ({ policy, action }: ConditionResult): ActionRef => ({ policy, action });
