import type { Coding, DataRequirement, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { expressionOf, type PolicyDifference } from './compare.ts';
import { contextWords } from './compare-context.ts';
import { english } from './compare-english.ts';
import { french } from './compare-french.ts';
import type { CompareWords } from './compare-vocabulary.ts';
import { codeOf, priorityOf } from './policy/check-shape.ts';
import { titleIn } from './policy/titles.ts';
import { PRIORITY, TERMS } from './resources/codes.ts';
import type { Labels, Language } from './resources/labels.ts';

const WORDS: Readonly<Record<Language, CompareWords>> = { en: english, fr: french };

/** By what a comparison is told. */
export interface Telling {
  before: PlanDefinition;
  after: PlanDefinition;
  labels: Labels;
  language: Language;
}

/** All of a comparison in words, one sentence a line; the first says whether anything that decides differs. */
export function comparisonText(differences: readonly PolicyDifference[], telling: Telling): string {
  const words = WORDS[telling.language];
  const deciding = differences.filter(({ decides }) => decides).length;
  return [
    words.summary(deciding, differences.length - deciding),
    ...differences.map((one) => sentenceOf(one, telling)),
  ].join('\n');
}

/** One difference as a sentence. */
export function sentenceOf(difference: PolicyDifference, telling: Telling): string {
  const words = WORDS[telling.language];
  const { kind, what, before, after, decides } = difference;
  const of = (plan: PlanDefinition): PlanDefinitionAction | undefined =>
    plan.action?.find(({ id }) => id === difference.action);
  const action = of(telling.after) ?? of(telling.before);
  const name = action ? words.name(titleIn(action, telling.language), action.id ?? '') : '';
  switch (what) {
    case 'action': {
      if (kind === 'renamed') return words.renamed(name, before ?? '');
      const does = action ? words.does(codeOf(action) ?? 'open', priorityName(action, telling)) : '';
      return words.action(kind === 'added', name, does, action ? expressionOf(action) : '');
    }
    case 'code':
      return words.code(name, verb(before, words), verb(after, words));
    case 'priority':
      return words.priority(name, priorityWords(before, telling), priorityWords(after, telling));
    case 'condition':
      if (!decides) return words.rewritten(name);
      return conditionSentence(name, before ?? '', after ?? '', words);
    case 'trigger':
      return words.trigger(name, kind === 'added', triggerWords(after ?? before ?? '{}', telling, words));
    case 'respond-within':
      return words.respondWithin(name, before, after);
    case 'ask-again-after':
      return words.askAgain(name, before, after);
    case 'use-context':
      // written by canonicalJson
      return words.useContext(kind === 'added', contextWords(JSON.parse(after ?? before ?? '{}'), words));
    case 'order':
      return words.order(after ?? '');
    case 'wording':
      return words.wording(name, before, after);
  }
}

function priorityName(action: PlanDefinitionAction, telling: Telling): string | undefined {
  const priority = priorityOf(action);
  return priority === undefined ? undefined : priorityWords(priority, telling);
}

const priorityWords = (code: string | undefined, { language }: Telling): string =>
  code !== undefined && isPriority(code) ? `${PRIORITY[code].words[language]} (${code})` : '–';

const isPriority = (code: string): code is keyof typeof PRIORITY => Object.hasOwn(PRIORITY, code);

const verb = (code: string | undefined, words: CompareWords): string => words.does(code ?? '', undefined);

/** Of parts joined by `and`, those that differ; where one number alone differs, that number. */
function conditionSentence(name: string, before: string, after: string, words: CompareWords): string {
  const [olds, news] = [partsOf(before), partsOf(after)];
  const gone = olds.filter((part) => !news.includes(part));
  const come = news.filter((part) => !olds.includes(part));
  const [one, other] = [gone[0], come[0]];
  if (gone.length === 0 && come.length === 0) return words.condition(name, before, after);
  if (one !== undefined && other !== undefined && gone.length === 1 && come.length === 1) {
    const numbers = oneNumber(one, other);
    return numbers ? words.threshold(name, numbers[0], numbers[1], other) : words.condition(name, one, other);
  }
  if (come.length === 0) return words.eased(name, gone);
  if (gone.length === 0) return words.narrowed(name, come);
  return words.condition(name, before, after);
}

/** The parts of an expression between those `and` that stand outside of brackets and quotes, where no weaker operator stands there. */
function partsOf(expression: string): string[] {
  const tokens = expression.split(/('(?:[^'\\]|\\.)*'|[()]|\b(?:and|or|xor|implies)\b)/);
  const parts: string[] = [''];
  let depth = 0;
  for (const token of tokens) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0 && (token === 'or' || token === 'xor' || token === 'implies')) return [expression.trim()];
    if (depth === 0 && token === 'and') parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.replace(/\s+/g, ' ').trim());
}

const NUMBERS = /(?<![\w.@-])(\d+(?:\.\d+)?)/;

/** The one number in which two texts differ. */
function oneNumber(before: string, after: string): [string, string] | undefined {
  // Every second piece is a number.
  const [olds, news] = [before.split(NUMBERS), after.split(NUMBERS)];
  const changed = olds.flatMap((piece, n) => (piece === news[n] ? [] : [n]));
  const [at] = changed;
  if (olds.length !== news.length || at === undefined || changed.length !== 1 || at % 2 === 0) return undefined;
  return [olds[at] ?? '', news[at] ?? ''];
}

/** What a trigger lets through. */
function triggerWords(text: string, { labels, language }: Telling, words: CompareWords): string {
  const { type = '', codeFilter = [] }: DataRequirement = JSON.parse(text); // written by canonicalJson
  const filters = codeFilter.map(({ code = [] }) => words.oneOf(code.map((one) => codeWords(one, labels, language))));
  return words.lets(type, filters);
}

function codeWords({ system, code = '', version }: Coding, labels: Labels, language: Language): string {
  const ofTerm = Object.values(TERMS).some((one) => one === system);
  const shown = version === undefined ? code : `${code} ${version}`;
  if (!ofTerm) return system === 'http://loinc.org' ? `LOINC ${shown}` : shown;
  return `${labels.term(code)[language]} (${shown})`;
}
