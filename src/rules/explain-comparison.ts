import type { Reason } from './explain-logic.ts';
import { numberText } from './explain-quantity.ts';
import { existenceKind, valueName, variableName } from './explain-variables.ts';
import type { Words } from './explain-words.ts';
import type { Comparison, Operand } from './policy/comparisons.ts';
import type { Labels, Language } from './resources/labels.ts';

/** By what comparisons are told. */
export interface Wording {
  words: Words;
  labels: Pick<Labels, 'term'>;
  language: Language;
}

/** What is asked of a variable to learn whether it is there, and what that comes to where it is absent: each has one value at most. */
const ABSENT: Readonly<Record<string, boolean | number>> = { '.exists()': false, '.empty()': true, '.count()': 0 };

/** Whether a variable is there, or known, where a comparison asks just that; undefined where it asks anything else. */
export function existenceOf(comparison: Comparison): { mention: string; there: boolean } | undefined {
  const { parts: [first, call = '', ...more] = [], value } = questionOf(comparison) ?? countOf(comparison) ?? {};
  if (typeof first !== 'object' || typeof call !== 'string' || more.length > 0) return undefined;
  const absent = ABSENT[call];
  return absent === undefined ? undefined : { mention: first.mention, there: value !== absent };
}

/** A comparison as its condition asks for it, with the values on both sides. What holds because something is not known says so. */
export function reasonText({ comparison, negated, value }: Reason, wording: Wording): string {
  const existence = existenceOf(comparison);
  if (existence) return existenceText(existence, value === true, wording);
  const { operator, operands } = comparison;
  const stated = questionOf(comparison);
  const fact = stated && factText(stated, wording);
  if (fact !== undefined) return fact;
  const beside = operands.flatMap(mentionsOf)[0];
  const told = operands.map((operand) => operandText(operand, beside, wording));
  if (operator !== undefined) return told.join(` ${negated ? (OPPOSITE[operator] ?? operator) : operator} `);
  return negated ? `(${told.join('')}).not()` : told.join('');
}

/** What is so of two known values where the other is not. */
const OPPOSITE: Readonly<Record<string, string>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

const TRUTHS: readonly unknown[] = ['true', 'false'];

/** What a comparison asks the truth of: all of what has no operator, or what stands beside `true` or `false`. */
function questionOf({ operands: [first, second] }: Comparison): Operand | undefined {
  if (!second) return first;
  return [first, second].find((_side, place) => isTruth([second, first][place]));
}

/** A `count()` beside a number. */
const countOf = ({ operands }: Comparison): Operand | undefined =>
  operands.every(({ parts }) => parts[1] === '.count()' || (parts.length === 1 && typeof parts[0] === 'string'))
    ? operands.find(({ parts }) => parts[1] === '.count()')
    : undefined;

const isTruth = (side: Operand | undefined): boolean => side?.parts.length === 1 && TRUTHS.includes(side.parts[0]);

function existenceText(
  { mention, there }: { mention: string; there: boolean },
  holds: boolean,
  wording: Wording,
): string {
  const { words } = wording;
  const name = nameOf(mention, wording);
  const kind = existenceKind(mention, there);
  if (kind === 'there') return words.existence(name, there);
  const told = words[kind](name, there);
  return holds && !there ? words.countsAsMet(told) : told;
}

/** A variable that is true or false, as it is, whatever is asked of it. */
function factText({ parts }: Operand, wording: Wording): string | undefined {
  const [first, call] = parts;
  if (typeof first !== 'object' || parts.length > 2 || (parts.length === 2 && call !== '.not()')) return undefined;
  const { mention, value } = first;
  const isOpen = value === undefined && existenceKind(mention, false) === 'whether';
  return isOpen ? wording.words.whether(nameOf(mention, wording), false) : partText(first, undefined, wording);
}

const operandText = ({ parts }: Operand, beside: string | undefined, wording: Wording): string =>
  parts.map((part) => partText(part, beside, wording)).join('');

/** `beside`: the variable whose values a word stands for. */
function partText(part: Operand['parts'][number], beside: string | undefined, wording: Wording): string {
  if (typeof part === 'string') return literalText(part, beside, wording);
  return `${nameOf(part.mention, wording)} ${valueText(part, wording)}`;
}

function valueText({ mention, value }: Exclude<Operand['parts'][number], string>, wording: Wording): string {
  const { words, language } = wording;
  if (value === undefined) return words.unknown;
  if (typeof value === 'boolean') return words.truth[`${value}`];
  if (value === '') return words.none;
  return typeof value === 'number' ? numberText(value, language) : valueName(mention, value, language);
}

/** What a condition is written with, as a reader of the language writes it. */
function literalText(part: string, beside: string | undefined, { words, language }: Wording): string {
  if (part === 'true' || part === 'false') return words.truth[part];
  const word = /^'(.*)'$/.exec(part)?.[1];
  if (word !== undefined) return valueName(beside ?? '', word, language);
  return /^-?\d+\.\d+$/.test(part) ? numberText(part, language) : part;
}

const mentionsOf = ({ parts }: Operand): string[] =>
  parts.flatMap((part) => (typeof part === 'string' ? [] : [part.mention]));

const nameOf = (mention: string, { labels, language }: Wording): string =>
  variableName(mention, language, (key) => labels.term(keyOf(key))[language]);

/** A variable spells the key of a term with low lines in the place of what a name cannot hold. */
const keyOf = (spelled: string): string => spelled.replace(/_(\d)_(\d)$/, '@$1.$2');
