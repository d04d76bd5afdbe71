import type { Coding, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../fhir/errors.ts';
import { canonicalJson, sha256 } from './canonical-json.ts';
import type { Priority } from './episode.ts';
import { checkExpression } from './policy/check-expression.ts';
import { checkShape, codeOf, priorityOf } from './policy/check-shape.ts';
import { compileExpression, type RunnableExpression, remember, type Verdict } from './policy/run-expression.ts';
import {
  type ActionCode,
  type Context,
  OBJECTS,
  type PolicyNeed,
  type PolicyNeeds,
  PRIORITIES,
} from './policy-language.ts';

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
  /** The conditions of the actions named, in their order. Remembers answers; never throws. */
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

/** Everything that is wrong with a policy, each with its place; empty when it can be compiled. */
export function checkPolicy(plan: PlanDefinition): Issue[] {
  return [...checkShape(plan), ...(plan.action ?? []).flatMap(checkCondition)];
}

/** Compiles a policy. Throws a FhirError of status 422 with every fault that checkPolicy finds. */
export function compilePolicy(plan: PlanDefinition): Policy {
  const [first, ...more] = checkPolicy(plan);
  if (first) throw new FhirError([first, ...more], { status: 422 });
  const canonical = `${plan.url}|${plan.version}`;
  const actions = (plan.action ?? []).map((action) => compileAction(action, canonical));
  const bySituation = new Map<string, Evaluate>();
  return {
    canonical,
    ...(plan.title ? { title: plan.title } : {}),
    digest: policyDigest(plan),
    actions: actions.map(({ action }) => action),
    needs: new Set(actions.flatMap(({ needs }) => needs)),
    evaluate: (which, context) => {
      const situation = which.open === 'none' ? 'none' : `${which.open} ${which.mayClose}`;
      let evaluate = bySituation.get(situation);
      if (!evaluate) {
        evaluate = evaluateAll(actions.filter(({ action }) => isIn(which, action)));
        bySituation.set(situation, evaluate);
      }
      return evaluate(context);
    },
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

type Evaluate = (context: Context) => readonly ConditionResult[];

interface Compiled extends RunnableExpression {
  action: PolicyAction;
  policy: string;
  needs: readonly PolicyNeed[];
}

function compileAction(action: PlanDefinitionAction, policy: string): Compiled {
  const expression = action.condition?.[0]?.expression?.expression ?? '';
  const { mentions } = checkExpression(expression);
  const compiled = compileExpression(expression, mentions);
  const title = action.title ?? action.description;
  const priority = priorityOf(action);
  return {
    ...compiled,
    run: compiled.timed ? compiled.run : remember(compiled.inputs, compiled.run),
    policy,
    needs: mentions.flatMap((mention) => OBJECTS[mention.slice(1).split('.', 1)[0] ?? '']?.need ?? []),
    action: {
      id: action.id ?? '',
      code: codeOf(action) ?? 'open', // checked before: the code is there
      ...(priority ? { priority } : {}),
      ...(title ? { title } : {}),
      expression,
    },
  };
}

/** All conditions of one situation together, remembered by everything that any of them depends on. */
function evaluateAll(list: readonly Compiled[]): Evaluate {
  const rows = list.map(({ policy, action: { id, code, priority }, run }) => ({
    row: { policy, action: id, code, ...(priority ? { priority } : {}) },
    run,
  }));
  const evaluate: Evaluate = (context) => rows.map(({ row, run }) => ({ ...row, ...run(context) }));
  if (list.some(({ timed }) => timed)) return evaluate;
  return remember([...new Set(list.flatMap(({ inputs }) => inputs))], evaluate, SITUATIONS);
}

function isIn(which: Which, { code, priority }: PolicyAction): boolean {
  if (which.open === 'none') return code === 'open';
  if (code === 'close') return which.mayClose;
  return code !== 'open' || (priority !== undefined && PRIORITIES.indexOf(priority) > PRIORITIES.indexOf(which.open));
}

function checkCondition(action: PlanDefinitionAction, index: number): Issue[] {
  const expression = action.condition?.[0]?.expression?.expression;
  if (typeof expression !== 'string') return [];
  return checkExpression(expression).faults.map(({ code, message, line, column }) => ({
    severity: 'error',
    code,
    diagnostics: `Action ${action.id ?? index}, line ${line}, column ${column}: ${message}`,
    expression: `PlanDefinition.action[${index}].condition[0].expression.expression`,
  }));
}
