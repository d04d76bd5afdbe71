import type { DecisionRecord, RecordedCondition, RecordedTerm } from './decision-record.ts';
import type { Words } from './explain-words.ts';
import type { Policy } from './policy.ts';

/** What was done, which actions decided it or were held back, and what of an earlier Flag or of calm belongs to it. */
export function decisionText(
  record: Pick<DecisionRecord, 'policies'>,
  step: RecordedTerm,
  policies: readonly Policy[],
  words: Words,
): string[] {
  const { episodeBefore: before, episodeAfter: after, transition } = step;
  const { deciding, heldBack } = trueOnes(step, policies);
  const named = (conditions: readonly RecordedCondition[]): string =>
    conditions.map(({ title, action, policy }) => words.action(title ?? action, action, policy)).join(words.and);
  return [
    // A moment brings no report: that it changed nothing says nothing of answers.
    words.transition[step.tick && transition === 'kept' ? 'same' : transition](
      after ? words.priority[after.priority] : '',
    ),
    ...(after?.reopens ? [words.reopens(after.reopens.start.slice(0, 10), after.reopens.end.slice(0, 10))] : []),
    ...(before && after && before.priority !== after.priority
      ? [words.priorityNow(words.priority[after.priority], words.priority[before.priority])]
      : []),
    ...(deciding.length > 0 ? [words.because(named(deciding))] : []),
    ...(heldBack.length > 0 ? [words.held(named(heldBack))] : []),
    ...(deciding.length + heldBack.length > 0
      ? []
      : [record.policies.length === 0 ? words.noPolicy : words.nothingTrue]),
    ...(before && after ? [words.calm(after.calmDays)] : []),
  ];
}

/**
 * The conditions that were true. Where an expected level held a rise back those that asked for it decided nothing: what then closed or lowered is
 * what the episode says of itself. Of a policy that is no longer held it is not known what an action does; it counts as asking for the rise.
 */
function trueOnes(
  { conditions, held, transition, episodeBefore: before, episodeAfter: after }: RecordedTerm,
  policies: readonly Policy[],
): { deciding: readonly RecordedCondition[]; heldBack: readonly RecordedCondition[] } {
  const all = conditions.filter(({ value }) => value === true);
  if (!held) return { deciding: all, heldBack: [] };
  const changed = transition === 'close' || before?.priority !== after?.priority;
  const decided = changed ? (after?.decidedBy ?? []) : [];
  const deciding = all.filter((one) => decided.some((ref) => ref.policy === one.policy && ref.action === one.action));
  const eases = ({ policy, action }: RecordedCondition): boolean => {
    const code = policies.find((one) => one.canonical === policy)?.actions.find(({ id }) => id === action)?.code;
    return code === 'close' || code === 'de-escalate';
  };
  return { deciding, heldBack: all.filter((one) => !deciding.includes(one) && !eases(one)) };
}
