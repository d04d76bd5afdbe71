import type { Extension, Questionnaire, QuestionnaireItemEnableWhen } from '@medplum/fhirtypes';
import { fault, type Issue } from '../errors.ts';
import type { Terminology } from '../terminology.ts';
import { kindsOf } from './answers.ts';
import { compileForm, type Form } from './compile.ts';
import { answerOf } from './enable-when.ts';
import {
  extensionOf,
  FOREIGN_CONDITIONS,
  MAX_OCCURS,
  MAX_VALUE,
  MIN_OCCURS,
  MIN_VALUE,
  UNCHECKED,
} from './extensions.ts';
import type { Level, Node } from './node.ts';
import { named, oneOf, stated, typeName } from './say.ts';
import { comparerTo, type Kind, keyOf, kindOf, ORDERED, type Valued } from './values.ts';

/**
 * Faults of a Questionnaire beyond its structure; those of severity error mean that responses to it could not be
 * judged as its author meant. What is only not checked here is a warning.
 * Source: FHIR R4, Questionnaire, invariants que-2, que-4, que-7, que-12 and que-13 and the text of each element.
 */
export function checkQuestionnaire(questionnaire: Questionnaire, terminology: Terminology): Issue[] {
  const form = compileForm(questionnaire, terminology);
  const issues: Issue[] = [];
  const report: Report = (place, diagnostics, severity = 'error') =>
    void issues.push({ ...fault('business-rule', diagnostics, place), severity });
  const check = ({ nodes }: Level): void => {
    for (const node of nodes) {
      for (const rule of RULES) rule(node, form, report);
      check(node.level);
    }
  };
  check(form.root);
  return issues;
}

type Report = (place: string, diagnostics: string, severity?: 'error' | 'warning') => void;
type Rule = (node: Node, form: Form, report: Report) => void;

const uniqueLinkId: Rule = (node, form, report) => {
  const first = form.items.get(node.linkId);
  if (first !== node) report(node.place, `Item ${named(node)}: its linkId is already taken by ${first?.place}`);
};

const understood: Rule = (node, _, report) => {
  for (const { url } of node.source.modifierExtension ?? []) {
    report(node.place, `Item ${named(node)}: the modifier extension ${url} is not understood here`);
  }
  for (const { url } of node.source.extension ?? []) {
    if (FOREIGN_CONDITIONS.includes(url)) {
      report(node.place, `Item ${named(node)}: ${url} is not run here; expected enableWhen`);
    } else if (UNCHECKED.includes(url)) {
      report(node.place, `Item ${named(node)}: answers are not checked against ${url}`, 'warning');
    }
  }
};

const options: Rule = (node, _, report) => {
  const { answerOption, answerValueSet } = node.source;
  if (answerOption && answerValueSet)
    report(node.place, `Item ${named(node)}: expected answerOption or answerValueSet, not both`);
  if (answerValueSet && node.type !== 'choice' && node.type !== 'open-choice') {
    report(node.place, `Item ${named(node)}: expected an answerValueSet on a choice only; its type is ${node.type}`);
  } else if (node.optionsUnknown && answerValueSet?.startsWith('#')) {
    report(node.place, `Item ${named(node)}: the value set ${answerValueSet} is not contained or cannot be enumerated`);
  } else if (node.optionsUnknown) {
    report(
      node.place,
      `Item ${named(node)}: the value set ${answerValueSet} is not held here or cannot be enumerated, so answers are not checked against it`,
      'warning',
    );
  } else if (node.type === 'choice' && !node.options) {
    report(node.place, `Item ${named(node)}: a choice without options takes any code`, 'warning');
  }
  const seen = new Set<string>();
  const fits = node.type === 'choice' || node.type === 'open-choice' ? undefined : optionKinds(node);
  for (const [k, option] of (answerOption ?? []).entries()) {
    const place = `${node.place}.answerOption[${k}]`;
    const kind = kindOf(option);
    if (fits && kind && !fits.includes(kind)) {
      report(place, `Item ${named(node)}: expected options of its own type ${node.type}; received ${typeName(kind)}`);
    }
    const key = keyOf(option);
    if (key === undefined)
      report(place, `Item ${named(node)}: an option without a code cannot be recognised in an answer`);
    else if (seen.has(key)) report(place, `Item ${named(node)}: option ${stated(option)} is given twice`);
    else seen.add(key);
  }
};

/** R4 has no decimal or dateTime option; whole numbers and days stand for them. */
function optionKinds(node: Node): readonly Kind[] {
  if (node.type === 'decimal') return ['valueInteger'];
  if (node.type === 'dateTime') return ['valueDate'];
  return kindsOf(node);
}

const initial: Rule = (node, _, report) => {
  const values = node.source.initial ?? [];
  if (values.length > 1 && !node.repeats)
    report(node.place, `Item ${named(node)}: expected one initial value, since it does not repeat`);
  const allowed = node.options && new Set(node.options.map(({ value }) => keyOf(value)));
  for (const [k, value] of values.entries()) {
    const kind = kindOf(value);
    const place = `${node.place}.initial[${k}]`;
    if (kind && !kindsOf(node).includes(kind)) {
      report(
        place,
        `Item ${named(node)}: expected an initial value of its type ${node.type}; received ${typeName(kind)}`,
      );
    } else if (
      allowed &&
      node.options &&
      !allowed.has(keyOf(value)) &&
      !(node.type === 'open-choice' && value.valueString)
    ) {
      report(place, `Item ${named(node)}: expected as initial value ${oneOf(node.options)}; received ${stated(value)}`);
    }
  }
};

const range: Rule = (node, _, report) => {
  const min = extensionOf(node.source.extension, MIN_VALUE);
  const max = extensionOf(node.source.extension, MAX_VALUE);
  for (const limit of [min, max]) if (limit) checkLimit(node, limit, report);
  if (min && max && comparerTo(max)(min) === 1) {
    report(node.place, `Item ${named(node)}: minValue ${stated(min)} lies above maxValue ${stated(max)}`);
  }
};

function checkLimit(node: Node, limit: Extension, report: Report): void {
  const kind = kindOf(limit);
  if (kind === undefined || !kindsOf(node).some((each) => comparable(each, kind)) || !ORDERED.has(kind)) {
    report(
      node.place,
      `Item ${named(node)}: a limit of type ${kind ? typeName(kind) : 'none'} cannot bound an item of type ${node.type}`,
    );
  }
}

const occurs: Rule = (node, _, report) => {
  const min = extensionOf(node.source.extension, MIN_OCCURS)?.valueInteger;
  const max = extensionOf(node.source.extension, MAX_OCCURS)?.valueInteger;
  if (min !== undefined && max !== undefined && min > max) {
    report(node.place, `Item ${named(node)}: minOccurs ${min} is greater than maxOccurs ${max}`);
  }
  if (((min ?? 0) > 1 || (max ?? 0) > 1) && !node.repeats) {
    report(node.place, `Item ${named(node)}: minOccurs or maxOccurs above 1 needs repeats`);
  }
};

const conditions: Rule = (node, form, report) => {
  const list = node.source.enableWhen ?? [];
  if (list.length > 1 && !node.source.enableBehavior) {
    report(node.place, `Item ${named(node)}: several enableWhen need an enableBehavior, all or any`);
  }
  for (const [k, when] of list.entries()) {
    const problem = conditionProblem(node, when, form.items.get(when.question));
    if (problem) report(`${node.place}.enableWhen[${k}]`, `Item ${named(node)}: its enableWhen ${problem}`);
  }
};

function conditionProblem(node: Node, when: QuestionnaireItemEnableWhen, asked: Node | undefined): string | undefined {
  if (!asked) return `asks about '${when.question}', which is not in the form`;
  if (asked === node) return 'asks about the item itself';
  if (asked.chain.includes(node)) return `asks about ${named(asked)}, which stands beneath it and is disabled with it`;
  if (asked.type === 'group' || asked.type === 'display') return `asks about ${named(asked)}, which takes no answer`;
  const answer: Valued = answerOf(when);
  const kind = kindOf(answer);
  if (kind === undefined) return 'has no answer to compare with';
  if (when.operator === 'exists')
    return kind === 'valueBoolean' ? undefined : 'with operator exists needs answerBoolean';
  if (!kindsOf(asked).some((each) => comparable(each, kind))) {
    return `compares ${named(asked)}, of type ${asked.type}, with a ${typeName(kind)}`;
  }
  if (when.operator !== '=' && when.operator !== '!=') {
    return ORDERED.has(kind) ? undefined : `uses ${when.operator} on a ${typeName(kind)}, which has no order`;
  }
  if (keyOf(answer) === undefined) return 'compares with a value that nothing equals';
  const free = asked.type === 'open-choice' && kind === 'valueString';
  if (!asked.options || free || asked.options.some(({ value }) => keyOf(value) === keyOf(answer))) return undefined;
  return `compares ${named(asked)} with ${stated(answer)}, which is not among its answers: ${oneOf(asked.options)}`;
}

const FAMILIES: readonly (readonly Kind[])[] = [
  ['valueInteger', 'valueDecimal'],
  ['valueDate', 'valueDateTime'],
  ['valueString', 'valueUri'],
];

const comparable = (a: Kind, b: Kind): boolean =>
  a === b || FAMILIES.some((family) => family.includes(a) && family.includes(b));

const RULES: readonly Rule[] = [uniqueLinkId, understood, options, initial, range, occurs, conditions];
