import type { Coding, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../fhir/errors.ts';
import { canonicalJson, sha256 } from './canonical-json.ts';
import type { Priority } from './episode.ts';
import type { ReportFacts } from './finding.ts';
import { OVERRUN, spend } from './policy/budget.ts';
import { checkExpression } from './policy/check-expression.ts';
import { checkShape, codeOf, priorityOf } from './policy/check-shape.ts';
import { compileCondition, type RunnableExpression, remember, type Verdict } from './policy/run-expression.ts';
import { SCALES, type Scale } from './policy/scales.ts';
import { triggersKey, type Waker, wakerOf } from './policy/triggers.ts';
import { type Applies, appliesTo } from './policy/use-context.ts';
import {
  type ActionCode,
  type Context,
  OBJECTS,
  type PolicyNeed,
  type PolicyNeeds,
  PRIORITIES,
} from './policy-language.ts';

export { isOverrun, MAX_STEPS, type StepBudget, stepBudget } from './policy/budget.ts';
export type { Applies } from './policy/use-context.ts';

/** One action of a policy, ready to run. */
export interface PolicyAction {
  /** PlanDefinition.action.id: what records and explanations quote. */
  id: string;
  code: ActionCode;
  /** Present unless the code is `close`. */
  priority?: Priority;
  title?: string;
  expression: string;
}

/** What the condition of one action came to. */
export interface ConditionResult extends Verdict {
  /** `url|version`. */
  readonly policy: string;
  /** PlanDefinition.action.id. */
  readonly action: string;
  readonly code: ActionCode;
  readonly priority?: Priority;
}

/** A PlanDefinition compiled once: its actions in the order in which they are written. */
export interface Policy {
  /** `url|version`. */
  canonical: string;
  title?: string;
  /** SHA-256 of what the policy decides by; see policyDigest. */
  digest: string;
  actions: readonly PolicyAction[];
  /** The optional groups of a Context that its conditions name: what has to be loaded before it is asked. */
  needs: PolicyNeeds;
  /** Whether a trigger of any of its actions lets a finding through of whose term its condition can be true: else what it needs need not be loaded. */
  wakes: Waker;
  /** Whether it is meant for a patient of these facts. Where that is unknown it is asked. */
  applies: (facts: ReportFacts | undefined) => Applies;
  /**
   * The conditions of the actions that come into question, that their triggers let through, in their order; none where the policy is not
   * meant for the patient. The same list for the same answers. Undecided with the error `budget` where the budget of the context does not
   * reach for them. Remembers answers; never throws.
   */
  evaluate: (which: Which, context: Context) => readonly ConditionResult[];
}

/**
 * Which actions come into question. With no open episode those that open; with one, those that escalate, de-escalate
 * and, unless `mayClose` is false, close, and those that would open at a priority above the present one.
 */
export type Which = { open: 'none' } | { open: Priority; mayClose: boolean };

const ECA_RULE = { system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' };

/** Whether a PlanDefinition is a policy of this engine. Source: HL7 Terminology, CodeSystem plan-definition-type. */
export function isPolicy(plan: PlanDefinition): boolean {
  return (
    plan.type?.coding?.some(({ system, code }: Coding) => system === ECA_RULE.system && code === ECA_RULE.code) === true
  );
}

/**
 * Everything that is wrong with a policy, each with its place; empty when it can be compiled. Numbers may be left open in a draft, and only there:
 * a condition that names one is undecided.
 */
export function checkPolicy(plan: PlanDefinition): Issue[] {
  const open = plan.status === 'draft';
  return [...checkShape(plan), ...(plan.action ?? []).flatMap((action, index) => checkCondition(action, index, open))];
}

/** Compiles a policy. Throws a FhirError of status 422 with every fault that checkPolicy finds. */
export function compilePolicy(plan: PlanDefinition): Policy {
  const [first, ...more] = checkPolicy(plan);
  if (first) throw new FhirError([first, ...more], { status: 422 });
  const canonical = `${plan.url}|${plan.version}`;
  const actions = (plan.action ?? []).map((action) => compileAction(action, canonical));
  const applies = appliesTo(plan);
  return {
    canonical,
    ...(plan.title ? { title: plan.title } : {}),
    digest: policyDigest(plan),
    actions: actions.map(({ action }) => action),
    needs: new Set([...actions.flatMap(({ needs }) => needs), ...(applies ? (['facts'] as const) : [])]),
    wakes: wakesAny(actions),
    applies: applies ?? (() => 'yes'),
    evaluate: evaluatorOf(actions, applies),
  };
}

/**
 * Lower-case hexadecimal SHA-256 of the canonical JSON of a policy without id, meta, text, status and date: the
 * "content of a released url|version", which never changes, while a policy may be retired. Source: RFC 8785; FIPS 180-4.
 */
export function policyDigest(plan: PlanDefinition): string {
  const { id: _id, meta: _meta, text: _text, status: _status, date: _date, ...content } = plan;
  return sha256(canonicalJson(content));
}

/** Rows of conditions remembered for each situation: about a kilobyte each. */
const SITUATIONS = 4000;

const NONE: readonly ConditionResult[] = [];

interface Compiled extends RunnableExpression {
  action: PolicyAction;
  policy: string;
  needs: readonly PolicyNeed[];
  /** What it costs to ask; see policy/budget.ts. */
  cost: number;
  /** Scales of findings for which its condition is not false at once. */
  concerns: readonly Scale[];
  /** Actions of one key have the same triggers. */
  triggers: string;
  wakes: Waker;
}

function compileAction(plan: PlanDefinitionAction, policy: string): Compiled {
  const expression = plan.condition?.[0]?.expression?.expression ?? '';
  const { mentions, parts, nodes, concerns } = checkExpression(expression, { open: true }); // checked before
  const title = plan.title ?? plan.description;
  const priority = priorityOf(plan);
  return {
    ...compileCondition(parts),
    policy,
    needs: mentions.flatMap((mention) => OBJECTS[mention.slice(1).split('.', 1)[0] ?? '']?.need ?? []),
    cost: nodes,
    concerns,
    triggers: triggersKey(plan),
    wakes: wakerOf(plan),
    action: {
      id: plan.id ?? '',
      code: codeOf(plan) ?? 'open', // checked before: the code is there
      ...(priority ? { priority } : {}),
      ...(title ? { title } : {}),
      expression,
    },
  };
}

/** Whether a finding wakes any of the actions, and any of their conditions can be true of its term. */
function wakesAny(actions: readonly Compiled[]): Waker {
  const wakers = [...new Map(actions.map(({ triggers, wakes }) => [triggers, wakes])).values()];
  const others = unconcerned(actions);
  return (context) => !others.has(context.finding.term) && wakers.some((wakes) => wakes(context));
}

/** Codes of terms of which none of the conditions can be true: most policies have nothing to say of most terms. */
function unconcerned(actions: readonly Compiled[]): ReadonlySet<string> {
  const concerned = new Set(actions.flatMap(({ concerns }) => concerns.map(({ term }) => term)));
  return new Set(SCALES.map(({ term }) => term).filter((term) => !concerned.has(term)));
}

/** Chooses the actions that come into question, and evaluates them together. Each choice is made once and kept. */
function evaluatorOf(
  actions: readonly Compiled[],
  applies: ((facts: ReportFacts | undefined) => Applies) | undefined,
): Policy['evaluate'] {
  const wakers = [...new Map(actions.map(({ triggers, wakes }) => [triggers, wakes]))];
  const situations = new Map<number, Situation>();
  const choose = (which: Which, context: Context): Situation => {
    const awake = new Set(wakers.filter(([, wakes]) => wakes(context)).map(([triggers]) => triggers));
    return situationOf(actions.filter(({ action, triggers }) => isIn(which, action) && awake.has(triggers)));
  };
  return (which, context) => {
    if (applies?.(context.facts) === 'no') return NONE;
    let key = which.open === 'none' ? 0 : 1 + 2 * PRIORITIES.indexOf(which.open) + (which.mayClose ? 1 : 0);
    for (const [, wakes] of wakers) key = key * 2 + (wakes(context) ? 1 : 0);
    let situation = situations.get(key);
    if (!situation) {
      situation = choose(which, context);
      // More triggers than a number has digits for are asked one by one each time.
      if (Number.isSafeInteger(key)) situations.set(key, situation);
    }
    if (context.budget && !spend(context.budget, situation.cost)) return situation.overrun;
    return situation.evaluate(context);
  };
}

interface Situation {
  /** Of all its conditions together. */
  cost: number;
  evaluate: (context: Context) => readonly ConditionResult[];
  /** What its conditions come to when the budget does not reach for them. */
  overrun: readonly ConditionResult[];
}

/** All conditions of one situation together, remembered by everything that any of them depends on where that is not much. */
function situationOf(list: readonly Compiled[]): Situation {
  const rows = list.map(({ policy, action: { id, code, priority } }) => ({
    policy,
    action: id,
    code,
    ...(priority ? { priority } : {}),
  }));
  const listOf = interned(rows);
  const evaluate = (context: Context) => listOf(list.map(({ run }) => run(context)));
  const remembered = list.every(({ few }) => few)
    ? remember([...new Set(list.flatMap(({ inputs }) => inputs))], evaluate, SITUATIONS)
    : evaluate;
  const others = unconcerned(list);
  const no = listOf(rows.map(() => ({ value: false })));
  return {
    cost: list.reduce((sum, { cost }) => sum + cost, 0),
    evaluate:
      others.size === 0 ? remembered : (context) => (others.has(context.finding.term) ? no : remembered(context)),
    overrun: rows.map((row) => ({ ...row, value: 'undecided', error: OVERRUN })),
  };
}

/** Gives the same list for the same verdicts, so that what is made of a list can be kept with it. */
function interned(
  rows: readonly Omit<ConditionResult, 'value'>[],
): (verdicts: readonly Verdict[]) => readonly ConditionResult[] {
  const known = new Map<string, readonly ConditionResult[]>();
  return (verdicts) => {
    let key = '';
    for (const { value, error } of verdicts) key += error ? `e${error} ` : value === true ? 't' : value ? 'u' : 'f';
    const before = known.get(key);
    if (before) return before;
    const made = rows.map((row, place): ConditionResult => ({ ...row, value: 'undecided', ...verdicts[place] }));
    if (known.size >= SITUATIONS) known.clear();
    known.set(key, made);
    return made;
  };
}

function isIn(which: Which, { code, priority }: PolicyAction): boolean {
  if (which.open === 'none') return code === 'open';
  if (code === 'close') return which.mayClose;
  return code !== 'open' || (priority !== undefined && PRIORITIES.indexOf(priority) > PRIORITIES.indexOf(which.open));
}

function checkCondition(action: PlanDefinitionAction, index: number, open: boolean): Issue[] {
  const expression = action.condition?.[0]?.expression?.expression;
  if (typeof expression !== 'string') return [];
  return checkExpression(expression, { open }).faults.map(({ code, message, line, column }) => ({
    severity: 'error',
    code,
    diagnostics: `Action ${action.id ?? index}, line ${line}, column ${column}: ${message}`,
    expression: `PlanDefinition.action[${index}].condition[0].expression.expression`,
  }));
}
