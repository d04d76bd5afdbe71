import type { RecordedCondition, RecordedTerm } from './decision-record.ts';
import { numberText } from './explain-quantity.ts';
import { variableName } from './explain-variables.ts';
import type { Words } from './explain-words.ts';
import { type Comparison, comparisonsOf, type Operand } from './policy/comparisons.ts';
import type { Policy } from './policy.ts';
import type { Context } from './policy-language.ts';
import type { Labels, Language } from './resources/labels.ts';

/** A condition of a policy with what it compares. */
export interface Threshold extends RecordedCondition {
  /** Absent where the policy is no longer held as it was. */
  expression?: string;
  comparisons: readonly Comparison[];
}

/** Each condition that was asked, taken apart into what it compares; without comparisons where its policy, or what it was told, is not at hand. */
export function thresholdsOf(
  { conditions }: RecordedTerm,
  policies: readonly Policy[],
  context: Context | undefined,
): readonly Threshold[] {
  return conditions.map((condition) => {
    const policy = policies.find(({ canonical }) => canonical === condition.policy);
    const expression = policy?.actions.find(({ id }) => id === condition.action)?.expression;
    if (expression === undefined) return { ...condition, comparisons: [] };
    return { ...condition, expression, comparisons: context ? comparisonsOf(expression, context) : [] };
  });
}

/**
 * What was met, what was not and what cannot be told, each threshold once with the actions that ask it: of a condition that is true what
 * made it so, of one that is false what kept it from being so. Conditions about other terms or kinds are left to the structured answer.
 */
export function thresholdText(
  thresholds: readonly Threshold[],
  words: Words,
  labels: Pick<Labels, 'term'>,
  language: Language,
): string[] {
  const listed = (value: RecordedCondition['value']): string => {
    const actions = new Map<string, Set<string>>();
    for (const { action, comparisons } of thresholds.filter((one) => one.value === value && isAboutThis(one))) {
      for (const comparison of comparisons) {
        if (comparison.value !== value || isFilter(comparison) || (value === true && isExistence(comparison))) continue;
        const text = comparisonText(comparison, words, labels, language);
        actions.set(text, (actions.get(text) ?? new Set()).add(action));
      }
    }
    return [...actions].map(([text, asking]) => words.of(text, [...asking].join(', '))).join(words.semicolon);
  };
  const [met, notMet, notKnown] = [listed(true), listed(false), listed('undecided')];
  return [
    ...(met ? [words.met(met)] : []),
    ...(notMet ? [words.notMet(notMet)] : []),
    ...(notKnown ? [words.notKnown(notKnown)] : []),
  ];
}

const isAboutThis = ({ comparisons }: Threshold): boolean =>
  !comparisons.some((comparison) => isFilter(comparison) && comparison.value === false);

/** That there is a previous report is no threshold by itself; that there is none may be what kept a condition from being true. */
const isExistence = ({ operator, operands }: Comparison): boolean =>
  operator === undefined && operands[0]?.parts.at(-1) === '.exists()';

/** A comparison of texts says which findings a condition is about, and is no threshold. */
const isFilter = ({ operands }: Comparison): boolean =>
  operands.length === 2 &&
  operands.some(
    ({ value, parts }) =>
      typeof value === 'string' && parts.every((part) => typeof part === 'string' && part.startsWith("'")),
  );

function comparisonText(
  { operator, operands }: Comparison,
  words: Words,
  labels: Pick<Labels, 'term'>,
  language: Language,
): string {
  return operands.map((operand) => operandText(operand, words, labels, language)).join(` ${operator} `);
}

function operandText(
  { parts, value }: Operand,
  words: Words,
  labels: Pick<Labels, 'term'>,
  language: Language,
): string {
  const [first, rest] = parts;
  const nameOf = (mention: string) => variableName(mention, language, (key) => labels.term(keyOf(key))[language]);
  if (parts.length === 2 && typeof first === 'object' && (rest === '.exists()' || rest === '.empty()')) {
    return words.existence(nameOf(first.mention), value === (rest === '.exists()'));
  }
  return parts
    .map((part) => {
      if (typeof part === 'string') return literalText(part, words, language);
      const { mention, value } = part;
      const known = typeof value === 'boolean' ? words.truth[`${value}`] : value;
      return `${nameOf(mention)} ${typeof known === 'number' ? numberText(known, language) : (known ?? words.unknown)}`;
    })
    .join('');
}

/** What a condition is written with, as a reader of the language writes it. */
function literalText(part: string, words: Words, language: Language): string {
  if (part === 'true' || part === 'false') return words.truth[part];
  return /^-?\d+\.\d+$/.test(part) ? numberText(part, language) : part;
}

/** A variable spells the key of a term with low lines in the place of what a name cannot hold. */
const keyOf = (spelled: string): string => spelled.replace(/_(\d)_(\d)$/, '@$1.$2');
