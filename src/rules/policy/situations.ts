import type { Priority } from '../episode.ts';
import type { Finding, ReportFacts, SourceType } from '../finding.ts';
import { type Context, PRIORITIES } from '../policy-language.ts';
import { OVERRUN, ownBudget, type StepBudget, spend } from './budget.ts';
import type { Compiled, ConditionResult, PolicyAction } from './compiled.ts';
import { mayAct } from './naming.ts';
import { type Input, inputNamed, remember, type Verdict } from './run-expression.ts';
import { SCALES } from './scales.ts';
import type { Applies } from './use-context.ts';

/**
 * Which actions come into question. With no open episode those that open; with one, those that escalate, de-escalate
 * and, unless `mayClose` is false, close, and those that would open at a priority above the present one.
 */
export type Which = { open: 'none' } | { open: Priority; mayClose: boolean };

/** The actions of one policy, and for whom it is meant; everyone where nothing is said. */
export interface Group {
  actions: readonly Compiled[];
  applies: ((facts: ReportFacts | undefined) => Applies) | undefined;
}

/** Asks the conditions of the actions that come into question; see Policy.evaluate. */
export type Evaluate = (which: Which, context: Context) => readonly ConditionResult[];

const SOURCES: readonly SourceType[] = ['QuestionnaireResponse', 'Observation', 'CarePlan', 'ServiceRequest', 'Basic'];

/** Answers remembered of each situation: about a hundred bytes each. */
const REMEMBERED = 4000;

/**
 * Chooses the actions that come into question by what is open, whom the policies are meant for, what woke them and which term it is, and
 * evaluates them together. Each choice is made once and kept.
 */
export function evaluatorOf(groups: readonly Group[]): Evaluate {
  const all = groups.flatMap(({ actions }) => actions);
  const wakers = [...new Map(all.map((one) => [one.triggers, one])).values()];
  const others = wakers.filter(({ byTerm }) => !byTerm);
  const meant = groups.flatMap(({ applies }) => applies ?? []);
  const choices = new Map<number, Map<string, Situation>>();

  const choose = (which: Which, context: Context): Situation => {
    const awake = new Set(wakers.filter(({ wakes }) => wakes(context)).map(({ triggers }) => triggers));
    const { system, term } = context.finding;
    const asked = groups
      .filter(({ applies }) => applies?.(context.facts) !== 'no')
      .map(({ actions }): Asked => {
        const those = actions.filter(
          (one) => isIn(which, one.action) && awake.has(one.triggers) && mayAct(one.action.code, one, system),
        );
        const cost = those.reduce((sum, one) => sum + one.cost, 0);
        const apart = system === 'emergency' && actions.some(({ namesEmergency }) => namesEmergency);
        return { actions: those, cost, own: apart ? those[0]?.policy : undefined };
      });
    return situationOf(asked, term);
  };

  return (which, context) => {
    let key = which.open === 'none' ? 0 : 1 + 2 * PRIORITIES.indexOf(which.open) + (which.mayClose ? 1 : 0);
    for (const applies of meant) key = key * 2 + (applies(context.facts) === 'no' ? 0 : 1);
    const { source, finding } = context;
    key = key * (SOURCES.length + 1) + (source === undefined ? 0 : 1 + SOURCES.indexOf(source.type));
    key = key * 5 + scaleOf(finding);
    for (const { wakes } of others) key = key * 2 + (wakes(context) ? 1 : 0);
    const { term } = finding;
    let situation = choices.get(key)?.get(term);
    if (!situation) {
      situation = choose(which, context);
      // What is more than a number has digits for, or no term of ours, is chosen anew each time.
      if (Number.isSafeInteger(key) && TERMS.has(term)) held(choices, key).set(term, situation);
    }
    const { budget } = context;
    if (budget && !isPaid(situation, budget)) return overrun(situation, context, budget);
    return situation.evaluate(context);
  };
}

const TERMS: ReadonlySet<string> = new Set(SCALES.map(({ term }) => term));

/** A number for each version of each system that we hold; not a number for any other. */
function scaleOf({ system, version }: Finding): number {
  if (system === 'ctcae') return version === '5.0' ? 1 : version === '6.0' ? 2 : Number.NaN;
  if (version !== VERSIONS[system]) return Number.NaN;
  return system === 'pro-ctcae' ? 0 : system === 'emergency' ? 3 : 4;
}

const VERSIONS: Readonly<Record<string, string>> = Object.fromEntries(
  SCALES.map(({ system, version }) => [system, version]),
);

function held<K, V>(map: Map<K, Map<string, V>>, key: K): Map<string, V> {
  const known = map.get(key);
  if (known) return known;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}

type Row = Omit<ConditionResult, 'value'>;

/** What one policy is asked at a finding. */
interface Asked {
  actions: readonly Compiled[];
  /** Of all its conditions together. */
  cost: number;
  /** `url|version` where that is paid from a budget of its own: at an emergency, of a policy that names emergencies. */
  own: string | undefined;
}

interface Situation {
  policies: readonly Asked[];
  /** What all those cost together that share the budget of the report. */
  cost: number;
  /** And those that do not. */
  apart: readonly { policy: string; cost: number }[];
  evaluate: (context: Context) => readonly ConditionResult[];
}

function situationOf(policies: readonly Asked[], term: string): Situation {
  return {
    policies,
    cost: policies.reduce((sum, { own, cost }) => (own === undefined ? sum + cost : sum), 0),
    apart: policies.flatMap(({ own, cost }) => (own === undefined ? [] : [{ policy: own, cost }])),
    evaluate: evaluatorAt(
      policies.flatMap(({ actions }) => actions),
      term,
    ),
  };
}

/**
 * All conditions together at a finding of one term. Those that cannot be true of it are false. Of the rest those with few values are
 * remembered together by everything that any of them depends on, the others each by itself.
 */
function evaluatorAt(list: readonly Compiled[], term: string): Situation['evaluate'] {
  const rows = list.map(rowOf);
  const idle = list.map(({ concerns }) => TERMS.has(term) && !concerns.some((scale) => scale.term === term));
  const live = list.filter((_, place) => !idle[place]);
  const few = live.filter((one) => one.few);
  const many = live.filter((one) => !one.few);
  const inputs = [...new Set(few.flatMap((one) => one.inputs))].filter((input) => !SETTLED.has(input));
  const lists = new Map<string, readonly ConditionResult[]>();

  const listOf = (context: Context, key: string): readonly ConditionResult[] => {
    const before = lists.get(key);
    if (before) return before;
    const made = list.map((one, place) => resultOf(rows[place], idle[place] ? NO : one.run(context)));
    if (lists.size >= REMEMBERED) lists.clear();
    lists.set(key, made);
    return made;
  };
  const letters = (context: Context) => few.reduce((text, { run }) => text + letterOf(run(context)), '');
  if (many.length === 0) return remember(inputs, (context) => listOf(context, letters(context)), REMEMBERED);

  const fewOf = few.length === 0 ? () => '' : remember(inputs, letters, REMEMBERED);
  return (context) => {
    let key = fewOf(context);
    for (const { run } of many) key += letterOf(run(context));
    return listOf(context, key);
  };
}

const NO: Verdict = { value: false };

/** The same at every finding of one situation, which is chosen by them. */
const SETTLED: ReadonlySet<Input> = new Set(['%finding.term', '%finding.system', '%finding.version'].map(inputNamed));

const letterOf = ({ value, error }: Verdict): string => {
  if (error) return `e${error} `;
  return value === true ? 't' : value === false ? 'f' : 'u';
};

const rowOf = ({ policy, action: { id, code, priority } }: Compiled): Row => ({
  policy,
  action: id,
  code,
  ...(priority ? { priority } : {}),
});

// The rows are those of the same list.
const resultOf = (row: Row | undefined, verdict: Verdict): ConditionResult => ({ ...(row as Row), ...verdict });

/** Takes the cost of the whole from what is left; nothing is taken where it does not reach for all. */
function isPaid({ cost, apart }: Situation, budget: StepBudget): boolean {
  if (cost > budget.left || apart.some((one) => one.cost > ownBudget(budget, one.policy).left)) return false;
  for (const one of apart) spend(ownBudget(budget, one.policy), one.cost);
  return spend(budget, cost);
}

/**
 * The budget does not reach for all: policies are asked in their order, each whole or not at all, and of those that share one budget none after
 * the first that is not.
 */
function overrun({ policies }: Situation, context: Context, budget: StepBudget): readonly ConditionResult[] {
  return policies.flatMap(({ cost, own, actions }) => {
    const reached = spend(own === undefined ? budget : ownBudget(budget, own), cost);
    return actions.map((one) =>
      resultOf(rowOf(one), reached ? one.run(context) : { value: 'undecided', error: OVERRUN }),
    );
  });
}

function isIn(which: Which, { code, priority }: PolicyAction): boolean {
  if (which.open === 'none') return code === 'open';
  if (code === 'close') return which.mayClose;
  return code !== 'open' || (priority !== undefined && PRIORITIES.indexOf(priority) > PRIORITIES.indexOf(which.open));
}
