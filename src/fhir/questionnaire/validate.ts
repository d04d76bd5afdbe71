import type { QuestionnaireResponse, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import { fault, type Issue } from '../errors.ts';
import { type AnswerCheck, compileAnswers } from './answers.ts';
import type { Form } from './compile.ts';
import { extensionOf, MAX_OCCURS, MIN_OCCURS } from './extensions.ts';
import { type Entry, type Level, NOTHING, type Node, type Scope } from './node.ts';
import { clip, named } from './say.ts';
import { kindOf } from './values.ts';
import { implied, pathOf, walk } from './walk.ts';

/** Responses that claim to be whole; the others may lack what is required. Source: FHIR R4, questionnaire-answers-status. */
const WHOLE: ReadonlySet<QuestionnaireResponse['status']> = new Set(['completed', 'amended']);

/** More than these help nobody, and could fill the memory; of errors, and of warnings. */
const MAX_ISSUES = 50;

/** What is known of one item before any response comes. */
interface Rules {
  answers: AnswerCheck;
  /** Bounds of the number of answers of a question, or of the repetitions of a group. */
  min: number;
  max: number;
}

/** Compiles the check of responses against a form: all faults at once but no more than 50. */
export function compileValidation(form: Form): (response: QuestionnaireResponse) => Issue[] {
  const rules = new Map<Node, Rules>();
  const compile = ({ nodes }: Level): void => {
    for (const node of nodes) {
      rules.set(node, { answers: compileAnswers(node), ...bounds(node) });
      compile(node.level);
    }
  };
  compile(form.root);

  return (response) => {
    const issues: Issue[] = [];
    const told = { errors: 0, others: 0 };
    const report = (issue: Issue): void => {
      const kind = issue.severity === 'error' ? 'errors' : 'others';
      told[kind] += 1;
      if (told[kind] <= MAX_ISSUES) issues.push(issue);
    };
    const whole = WHOLE.has(response.status);
    walk(form, response, {
      stray: (item, path, level) => report(strayFault(form, item, path, level)),
      outOfOrder: (node, path, after) =>
        report(
          fault('structure', `Item ${named(node)}: expected in the order of the form, before ${named(after)}`, path),
        ),
      place(node, found, under, failed, scope) {
        const rule = rules.get(node);
        if (!rule || failed.length > 0) return;
        checkRepetition(node, rule, found, under, report);
        // What stands beneath something that is not there could not be given, so it is not missed.
        if (whole && rule.min > 0 && !scope.absent) checkPresence(node, rule, found, under, scope, report);
      },
      occurrence(node, entry, path, failed) {
        const rule = rules.get(node);
        if (!rule || !entry || path === undefined) return;
        if (failed.length > 0) checkDisabled(node, entry, path, failed, report);
        else checkInstance(node, rule, entry, path, report);
      },
    });
    return issues;
  };
}

/**
 * "The minimum number of times the group must appear, or the minimum number of answers for a question"; for required
 * items it is 1. Source: FHIR R4 extensions questionnaire-minOccurs and questionnaire-maxOccurs.
 */
function bounds(node: Node): { min: number; max: number } {
  const min = extensionOf(node.source.extension, MIN_OCCURS)?.valueInteger ?? 0;
  const max = extensionOf(node.source.extension, MAX_OCCURS)?.valueInteger ?? Number.POSITIVE_INFINITY;
  if (node.type === 'display') return { min: 0, max: 1 };
  return { min: Math.max(min, node.required ? 1 : 0), max: node.repeats ? max : 1 };
}

function strayFault(form: Form, item: QuestionnaireResponseItem, path: string, level: Level): Issue {
  const known = form.items.get(item.linkId);
  if (known) {
    const parent = known.chain.at(-2);
    const where = parent ? `beneath ${named(parent)}` : 'at the top of the response';
    return fault('structure', `Item ${named(known)}: expected ${where}; received in another place`, path);
  }
  const here = level.nodes.slice(0, 8).map(({ linkId }) => `'${clip(linkId)}'`);
  const expected = here.length === 0 ? 'no items' : `${here.join(', ')}${level.nodes.length > 8 ? ', …' : ''}`;
  const said = `Item '${clip(item.linkId)}' is not known to the Questionnaire; expected here: ${expected}`;
  return fault('structure', said, path);
}

function checkDisabled(
  node: Node,
  { item }: Entry,
  path: string,
  failed: readonly string[],
  report: (i: Issue) => void,
) {
  if (!item.answer?.some((answer) => kindOf(answer) !== undefined)) return;
  const because = failed.map((linkId) => `'${clip(linkId)}'`).join(', ');
  const said = `Question ${named(node)}: expected no answer, since it is disabled by the answer or its lack to ${because}; received ${answers(item.answer.length)}`;
  report(fault('business-rule', said, path));
}

/** Groups hold items, questions hold answers, texts hold nothing. Source: FHIR R4, QuestionnaireResponse.item. */
function checkInstance(node: Node, rule: Rules, { item }: Entry, path: string, report: (i: Issue) => void): void {
  if (node.type === 'group' || node.type === 'display') {
    if (item.answer) {
      const expected =
        node.type === 'group' ? 'items and no answer, since it is a group' : 'no answer, since it only displays';
      report(
        fault('structure', `Item ${named(node)}: expected ${expected}; received ${answers(item.answer.length)}`, path),
      );
    }
    if (node.type === 'display' && item.item) {
      report(
        fault('structure', `Item ${named(node)}: expected no items beneath a text; received ${item.item.length}`, path),
      );
    }
    return;
  }
  if (item.item) {
    const said = `Question ${named(node)}: expected nested items beneath its answer (answer.item); received them beneath the question`;
    report(fault('structure', said, path));
  }
  if (item.answer) rule.answers(item.answer, path, report);
}

function checkRepetition(
  node: Node,
  { max }: Rules,
  found: readonly Entry[],
  under: string,
  report: (i: Issue) => void,
) {
  const [first, second] = found;
  if (!first) return;
  if (node.type !== 'group') {
    if (second) {
      const said = `Item ${named(node)}: expected once, with all answers in one item; received ${found.length} items`;
      report(fault('structure', said, pathOf(under, second)));
    }
    const count = first.item.answer?.length ?? 0;
    if (count > max && node.type !== 'display') {
      const said = `Question ${named(node)}: expected at most ${answers(max)}; received ${count}`;
      report(fault('business-rule', said, pathOf(under, first)));
    }
  } else if (found.length > max) {
    const said = `Group ${named(node)}: expected at most ${max} time${max === 1 ? '' : 's'}; received ${found.length}`;
    report(fault('business-rule', said, pathOf(under, found[max] ?? first)));
  }
}

/**
 * A required question has an answer; a required group is there and holds an item, unless nothing in it is enabled.
 * Source: FHIR R4, Questionnaire.item.required ("must be present in a completed QuestionnaireResponse"; "required
 * groups must contain at least one child element").
 */
function checkPresence(
  node: Node,
  { min }: Rules,
  found: readonly Entry[],
  under: string,
  scope: Scope,
  report: (i: Issue) => void,
): void {
  const [first] = found;
  const path = first ? pathOf(under, first) : under;
  if (node.type === 'group') {
    const filled = found.filter(({ item }) => (item.item?.length ?? 0) > 0).length;
    if (filled >= min || !canHold(node, scope)) return;
    report(
      fault(
        'required',
        `Group ${named(node)}: expected at least ${times(min)} with an item in it; received ${filled}`,
        path,
      ),
    );
    return;
  }
  const count = (first?.item.answer ?? NOTHING).filter((answer) => kindOf(answer) !== undefined).length;
  if (count >= min) return;
  const said = `Question ${named(node)}: expected ${min === 1 ? 'an answer' : `at least ${min} answers`}, since it is required; received ${count === 0 ? 'none' : count}`;
  report(fault('required', said, path));
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const answers = (count: number): string => `${count} answer${count === 1 ? '' : 's'}`;

function canHold(node: Node, scope: Scope): boolean {
  const inside = implied(scope);
  return node.children.some((child) => child.type !== 'display' && child.failing(inside).length === 0);
}
