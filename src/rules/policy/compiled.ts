import type { PlanDefinitionAction } from '@medplum/fhirtypes';
import type { Priority } from '../episode.ts';
import { type ActionCode, OBJECTS, type PolicyNeed } from '../policy-language.ts';
import type { RespondWithin } from '../site.ts';
import type { AsksAgain } from './ask-again.ts';
import type { CheckedExpression } from './check-expression.ts';
import { askAgainOf, codeOf, priorityOf, respondWithinOf } from './check-shape.ts';
import { type Naming, namingOf } from './naming.ts';
import { compileCondition, type RunnableExpression, type Verdict } from './run-expression.ts';
import { SCALES, type Scale } from './scales.ts';
import { type Titles, titleOf, titlesOf } from './titles.ts';
import { isWokenByTerm, triggersKey, type Waker, wakerOf } from './triggers.ts';

/** One action of a policy, ready to run. */
export interface PolicyAction {
  /** PlanDefinition.action.id: what records and explanations quote. */
  id: string;
  code: ActionCode;
  /** Present unless the code is `close`. */
  priority?: Priority;
  title?: string;
  /** Its title in other languages, where it is translated. */
  titles?: Titles;
  expression: string;
  /** Within which time a person answers what it decided; that of the site where it does not say. */
  respondWithin?: RespondWithin;
  /** After which time without news its condition is asked again, such as `21 d`; else it is asked of reports only. */
  askAgainAfter?: string;
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

/** An action of a checked policy, ready to run. */
export interface Compiled extends RunnableExpression, Naming {
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
  /** Whether the type of a report and the term of a finding tell whether it is woken. */
  byTerm: boolean;
}

/** Compiles an action that has been checked: `canonical` of its policy, and its condition as text and as `checkExpression` found it sound. */
export function compileAction(
  plan: PlanDefinitionAction,
  { canonical, expression, checked }: { canonical: string; expression: string; checked: CheckedExpression },
): Compiled {
  const { mentions, parts, nodes, concerns } = checked;
  const title = titleOf(plan);
  const titles = titlesOf(plan);
  const priority = priorityOf(plan);
  const respondWithin = respondWithinOf(plan);
  const askAgainAfter = askAgainOf(plan);
  return {
    ...compileCondition(parts),
    policy: canonical,
    needs: mentions.flatMap((mention) => OBJECTS[mention.slice(1).split('.', 1)[0] ?? '']?.need ?? []),
    cost: nodes,
    concerns,
    triggers: triggersKey(plan),
    wakes: wakerOf(plan),
    byTerm: isWokenByTerm(plan),
    ...namingOf(plan, expression),
    action: {
      id: plan.id ?? '',
      code: codeOf(plan) ?? 'open', // checked before: the code is there
      ...(priority ? { priority } : {}),
      ...(title ? { title } : {}),
      ...(titles ? { titles } : {}),
      expression,
      ...(respondWithin ? { respondWithin } : {}),
      ...(askAgainAfter === undefined ? {} : { askAgainAfter }),
    },
  };
}

/** Those that are asked again when nothing more is heard. */
export const asksAgainOf = (actions: readonly Compiled[]): AsksAgain[] =>
  actions.flatMap(({ action: { id, askAgainAfter }, wakes }) =>
    askAgainAfter === undefined ? [] : [{ action: id, after: askAgainAfter, wakes }],
  );

/** Whether a finding wakes any of the actions, and any of their conditions can be true of its term. */
export function wakesAny(actions: readonly Compiled[]): Waker {
  const wakers = [...new Map(actions.map(({ triggers, wakes }) => [triggers, wakes])).values()];
  const others = unconcerned(actions);
  return (context) => !others.has(context.finding.term) && wakers.some((wakes) => wakes(context));
}

/** Codes of terms of which none of the conditions can be true: most policies have nothing to say of most terms. */
function unconcerned(actions: readonly Compiled[]): ReadonlySet<string> {
  const concerned = new Set(actions.flatMap(({ concerns }) => concerns.map(({ term }) => term)));
  return new Set(SCALES.map(({ term }) => term).filter((term) => !concerned.has(term)));
}
