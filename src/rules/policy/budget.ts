/**
 * Steps that the conditions of one report may cost in all, those of emergencies apart (see ownBudget). A step is one part of an expression
 * (variable, property, call, operator, literal) of a condition that is asked, counted whether or not its answer is remembered: the same on every
 * machine, at every time. So a form of 80 terms may ask 2,500 parts of each, about a second of evaluation at the worst.
 */
export const MAX_STEPS = 200_000;

/** What is left of a budget, in steps. */
interface Purse {
  left: number;
}

/** What is left to one report: `left` to all policies together, and apart from that to each that names emergencies. */
export interface StepBudget extends Purse {
  /** What each began with. */
  readonly limit: number;
  /** By `url|version`, of the policies that have spent of their own. */
  own?: Map<string, Purse>;
}

/** The kind of error of a condition that was not asked because the budget of its report was spent. */
export const OVERRUN = 'budget';

/** The budget of one report: made anew for each, and spent by its terms in their order. */
export function stepBudget(limit = MAX_STEPS): StepBudget {
  return { left: limit, limit };
}

/**
 * What a policy that names emergencies may cost at the emergencies of a report, by its `url|version`: as much as all others together, and
 * nothing else spends of it. An emergency is told whatever the other policies of a site cost.
 */
export function ownBudget(budget: StepBudget, policy: string): Purse {
  budget.own ??= new Map();
  const known = budget.own.get(policy);
  if (known) return known;
  const made = { left: budget.limit };
  budget.own.set(policy, made);
  return made;
}

/** Takes a cost from the budget. False when it is not there: then nothing is left for anything after it either. */
export function spend(budget: Purse, cost: number): boolean {
  if (cost <= budget.left) {
    budget.left -= cost;
    return true;
  }
  budget.left = 0;
  return false;
}

/** Whether conditions were left undecided because they failed, and not for want of budget or of an answer: an operational Flag tells that too. */
export function isFaulty(conditions: readonly { readonly error?: string }[]): boolean {
  return conditions.some(({ error }) => error !== undefined && error !== OVERRUN);
}

/** Whether conditions were left undecided because the budget was spent: an operational Flag tells it. */
export function isOverrun(conditions: readonly { readonly error?: string }[]): boolean {
  return conditions.some(({ error }) => error === OVERRUN);
}
