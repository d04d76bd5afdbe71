import type {
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import type { Form } from './compile.ts';
import { type Budget, type Entry, type Level, MOST_STEPS, NOTHING, type Node, type Scope, spend } from './node.ts';

/** What a walk tells on its way. */
export interface Visitor {
  /** A response item that does not belong where it stands. */
  stray(item: QuestionnaireResponseItem, path: string, level: Level): void;
  /** A response item that belongs here and stands behind one that the form puts after it. */
  outOfOrder?(node: Node, path: string, after: Node): void;
  /** One item of the form in one list of the response, whether or not anything was found there; `under` owns the list. */
  place?(node: Node, found: readonly Entry[], under: string, failed: readonly string[], scope: Scope): void;
  /**
   * One occurrence of it, in the order of the document, before what is beneath it; neither entry nor path when it is
   * absent. `failed` names what disables it and is empty when it is enabled.
   */
  occurrence(node: Node, entry: Entry | undefined, path: string | undefined, failed: readonly string[]): void;
}

/** Goes once through form and response together, in the order of the form. Throws 422 when that takes more than MOST_STEPS. */
export function walk(form: Form, response: QuestionnaireResponse, visitor: Visitor): void {
  const budget: Budget = { left: MOST_STEPS };
  walkLevel(form.root, response.item, 'QuestionnaireResponse', NOTHING, undefined, undefined, false, visitor, budget);
}

/** The path of a response item. */
export const pathOf = (under: string, { at }: Entry): string => `${under}.item[${at}]`;

/** The list that would stand beneath an absent item. */
export const implied = (up: Scope): Scope => ({ slots: NOTHING, up, absent: true, budget: up.budget });

function walkLevel(
  level: Level,
  items: readonly QuestionnaireResponseItem[] | undefined,
  under: string,
  outer: readonly string[],
  up: Scope | undefined,
  answer: QuestionnaireResponseItemAnswer | undefined,
  absent: boolean,
  visitor: Visitor,
  budget: Budget,
): void {
  spend(budget, level.nodes.length + (items?.length ?? 0));
  const slots = items && items.length > 0 ? sort(level, items, under, visitor) : NOTHING;
  const scope: Scope = { slots, up, answer, absent, budget };
  for (const node of level.nodes) {
    const found = slots[node.index] ?? NOTHING;
    const own = node.failing(scope);
    const failed = outer.length === 0 ? own : own.length === 0 ? outer : [...new Set([...own, ...outer])];
    visitor.place?.(node, found, under, failed, scope);
    if (found.length === 0) visitor.occurrence(node, undefined, undefined, failed);
    let descended = false;
    for (const entry of found) {
      const path = pathOf(under, entry);
      visitor.occurrence(node, entry, path, failed);
      if (node.type === 'group') {
        walkLevel(node.level, entry.item.item, path, failed, scope, undefined, false, visitor, budget);
        descended = true;
        continue;
      }
      const answers = entry.item.answer ?? NOTHING;
      for (let k = 0; k < answers.length; k += 1) {
        const given = answers[k];
        descended = true;
        if (!given || (node.children.length === 0 && !given.item)) continue;
        walkLevel(node.level, given.item, `${path}.answer[${k}]`, failed, scope, given, false, visitor, budget);
      }
    }
    if (!descended && node.children.length > 0) {
      walkLevel(node.level, undefined, under, failed, scope, undefined, true, visitor, budget);
    }
  }
}

function sort(
  level: Level,
  items: readonly QuestionnaireResponseItem[],
  under: string,
  visitor: Visitor,
): readonly (readonly Entry[] | undefined)[] {
  const slots: (Entry[] | undefined)[] = new Array(level.nodes.length);
  let last: Node | undefined;
  for (const [at, item] of items.entries()) {
    const entry = { item, at };
    const node = level.byLinkId.get(item.linkId);
    if (!node) {
      visitor.stray(item, pathOf(under, entry), level);
      continue;
    }
    if (last && node.index < last.index) visitor.outOfOrder?.(node, pathOf(under, entry), last);
    else last = node;
    const slot = slots[node.index];
    if (slot) slot.push(entry);
    else slots[node.index] = [entry];
  }
  return slots;
}
