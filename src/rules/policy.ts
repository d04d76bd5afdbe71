import type { Coding, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { FhirError, type Issue, MOST_ISSUES } from '../fhir/errors.ts';
import { canonicalJson, sha256 } from './canonical-json.ts';
import type { ReportFacts } from './finding.ts';
import type { AsksAgain } from './policy/ask-again.ts';
import { neverTrue } from './policy/can-be-true.ts';
import { type CheckedExpression, checkExpression } from './policy/check-expression.ts';
import { checkShape, codeOf } from './policy/check-shape.ts';
import { asksAgainOf, compileAction, type PolicyAction, wakesAny } from './policy/compiled.ts';
import { mayAct, namingOf } from './policy/naming.ts';
import { SCALES } from './policy/scales.ts';
import { type Evaluate, evaluatorOf, type Group } from './policy/situations.ts';
import { type ExpressionFault, parse, placeOf } from './policy/syntax.ts';
import { withoutTranslations } from './policy/titles.ts';
import { mayBeWokenBy, type Waker } from './policy/triggers.ts';
import { type Applies, appliesTo } from './policy/use-context.ts';
import type { PolicyNeeds } from './policy-language.ts';

export { isFaulty, isOverrun, MAX_STEPS, type StepBudget, stepBudget } from './policy/budget.ts';
export type { ConditionResult, PolicyAction } from './policy/compiled.ts';
export type { Which } from './policy/situations.ts';
export type { Applies } from './policy/use-context.ts';

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
  /** The actions that are asked again when nothing more is heard; of most policies none. */
  asksAgain: readonly AsksAgain[];
  /** Whether it is meant for a patient of these facts. Where that is unknown it is asked. */
  applies: (facts: ReportFacts | undefined) => Applies;
  /**
   * The conditions of the actions that come into question, that their triggers let through, in their order; none where the policy is not
   * meant for the patient. The same list for the same answers. Undecided with the error `budget` where the budget of the context does not
   * reach for them. Remembers answers; never throws.
   */
  evaluate: Evaluate;
}

const ECA_RULE = { system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' };

/** Whether a PlanDefinition is a policy of this engine. Source: HL7 Terminology, CodeSystem plan-definition-type. */
export function isPolicy(plan: PlanDefinition): boolean {
  return (
    plan.type?.coding?.some(({ system, code }: Coding) => system === ECA_RULE.system && code === ECA_RULE.code) === true
  );
}

/**
 * Everything that is wrong with a policy, each with its place, whether or not it could run so; empty when it can be accepted. Numbers may be left open in
 * a draft, and only there: a condition that names one is undecided.
 */
export function checkPolicy(plan: PlanDefinition): Issue[] {
  const conditions = conditionsOf(plan);
  const issues = [...checkShape(plan), ...conditions.flatMap((one, index) => faultsOf(one, index))];
  return issues.length > 0 ? issues : conditions.flatMap((one, index) => issue(one, index, neverAsked(one)));
}

/** Refuses what comes in or is to be released. Throws a FhirError of status 422 with what checkPolicy finds, MOST_ISSUES at most. */
export const refuseFaulty = (plan: PlanDefinition): void => refuse(checkPolicy(plan));

/**
 * Compiles a policy, also one that was released when less was refused: a condition that can never fire, or that is always the same, runs as it did.
 * Throws a FhirError of status 422 with the faults that keep it from running, MOST_ISSUES at most.
 */
export function compilePolicy(plan: PlanDefinition): Policy {
  const conditions = conditionsOf(plan);
  refuse([...checkShape(plan), ...conditions.flatMap((one, index) => faultsOf(one, index, keepsFromRunning))]);
  const canonical = `${plan.url}|${plan.version}`;
  const actions = conditions.map(({ action, expression, checked }) =>
    compileAction(action, { canonical, expression, checked }),
  );
  const applies = appliesTo(plan);
  const policy: Policy = {
    canonical,
    ...(plan.title ? { title: plan.title } : {}),
    digest: policyDigest(plan),
    actions: actions.map(({ action }) => action),
    needs: new Set([...actions.flatMap(({ needs }) => needs), ...(applies ? (['facts'] as const) : [])]),
    wakes: wakesAny(actions),
    asksAgain: asksAgainOf(actions),
    applies: applies ?? (() => 'yes'),
    evaluate: evaluatorOf([{ actions, applies }]),
  };
  GROUPS.set(policy, { actions, applies });
  return policy;
}

/**
 * Asks several policies in their order, as if each were asked by itself, but all at once: it costs little more than to ask one. For the same
 * list of policies the same function; the same list for the same answers.
 */
export function together(policies: readonly Policy[]): Evaluate {
  const [only] = policies;
  if (only && policies.length === 1) return only.evaluate;
  const known = TOGETHER.get(policies);
  if (known) return known;
  const found = togetherOf(policies);
  TOGETHER.set(policies, found);
  return found;
}

/** A list is made anew for each report, of policies that are the same: they lead from one to the next. */
function togetherOf(policies: readonly Policy[]): Evaluate {
  const groups = policies.flatMap((policy) => GROUPS.get(policy) ?? []);
  if (groups.length < policies.length) {
    return (which, context) => policies.flatMap((policy) => policy.evaluate(which, context));
  }
  const node = policies.reduce<Node>((at, policy) => {
    const next = at.next.get(policy) ?? { next: new WeakMap() };
    at.next.set(policy, next);
    return next;
  }, ROOT);
  node.evaluate ??= evaluatorOf(groups);
  return node.evaluate;
}

interface Node {
  next: WeakMap<Policy, Node>;
  evaluate?: Evaluate;
}

const ROOT: Node = { next: new WeakMap() };
const TOGETHER = new WeakMap<readonly Policy[], Evaluate>();
const GROUPS = new WeakMap<Policy, Group>();

/**
 * Lower-case hexadecimal SHA-256 of the canonical JSON of a policy without id, meta, text, status and date: the
 * "content of a released url|version", which never changes, while a policy may be retired. Translations of titles are left out
 * too: they decide nothing, and may come after the release. Source: RFC 8785; FIPS 180-4.
 */
export function policyDigest(plan: PlanDefinition): string {
  const { id: _id, meta: _meta, text: _text, status: _status, date: _date, ...content } = withoutTranslations(plan);
  return sha256(canonicalJson(content));
}

/** The condition of one action, checked. */
interface Condition {
  action: PlanDefinitionAction;
  expression: string;
  checked: CheckedExpression;
}

/** The condition of each action, each parsed and checked once: that takes longer than all else here. */
function conditionsOf({ status, action = [] }: PlanDefinition): readonly Condition[] {
  const open = status === 'draft';
  return action.map((one) => {
    const expression = one.condition?.[0]?.expression?.expression;
    if (typeof expression !== 'string') return { action: one, expression: '', checked: NOTHING };
    return { action: one, expression, checked: checkExpression(expression, { open }) };
  });
}

/** Where no expression stands: checkShape tells that it is missing. */
const NOTHING: CheckedExpression = { faults: [], mentions: [], parts: [], nodes: 0, concerns: [] };

function refuse(issues: readonly Issue[]): void {
  const [first, ...more] = issues.slice(0, MOST_ISSUES);
  if (first) throw new FhirError([first, ...more], { status: 422 });
}

const keepsFromRunning = ({ runs }: ExpressionFault): boolean => !runs;

const faultsOf = (condition: Condition, index: number, which: (fault: ExpressionFault) => boolean = () => true) =>
  condition.checked.faults.filter(which).flatMap((fault) => issue(condition, index, fault));

/** Where a sound condition can never be true of what its action is asked of: most often two of its parts, or a part and a trigger, speak of different things. */
function neverAsked({ action, expression }: Condition): ExpressionFault | undefined {
  const parsed = parse(expression);
  const code = codeOf(action);
  if ('fault' in parsed || code === undefined) return undefined; // refused before
  const naming = namingOf(action, expression);
  const among = SCALES.filter((scale) => mayBeWokenBy(action, scale) && mayAct(code, naming, scale.system));
  const node = neverTrue(parsed.tree, among);
  const message =
    among.length === 0
      ? 'no finding is ever asked about: its triggers let none through that it may act on'
      : 'this is never true, with what stands beside it, of any finding that the triggers let through';
  return node && { code: 'value', message, ...placeOf(node) };
}

function issue({ action }: Condition, index: number, fault: ExpressionFault | undefined): Issue[] {
  if (!fault) return [];
  const { code, message, line, column } = fault;
  return [
    {
      severity: 'error',
      code,
      diagnostics: `Action ${action.id ?? index}, line ${line}, column ${column}: ${message}`,
      expression: `PlanDefinition.action[${index}].condition[0].expression.expression`,
    },
  ];
}
