import { numberText, quantityText } from './explain-quantity.ts';
import type { Words } from './explain-words.ts';
import type { Answer, Attribute, Finding, Measured, Missing } from './finding.ts';
import { monitoringText } from './gradings/monitoring-data.ts';
import { factsText } from './resources/clinical-facts.ts';
import { ATTRIBUTE, isAttribute, type Language, missingLabel } from './resources/labels.ts';

/** What was answered of one attribute, as words. */
export function answerText(attribute: Attribute, answer: Answer, words: Words, language: Language): string {
  const label = ATTRIBUTE[attribute][language];
  switch (answer.state) {
    case 'answered': {
      const score = attribute === 'presence' ? words.yesNo(label, answer.value) : words.score(label, answer.value);
      return `${score} [${answer.linkId}]`;
    }
    case 'hidden':
      return words.hidden(label, answer.because);
    case 'written':
      return words.written;
    default:
      return words.state[answer.state](label);
  }
}

/** What a finding is graded, with the scale that it is graded on. */
export function gradeText(
  { term, outcome, kind, system, version, attributes, monitored }: Finding,
  words: Words,
  language: Language,
): string {
  if (kind === 'monitoring') {
    const { seconds, items = 0 } = monitored ?? {};
    return seconds === undefined
      ? words.monitoring(monitoringText(term, outcome, language))
      : words.seconds(seconds, items);
  }
  if (outcome.kind === 'not-gradable') {
    return words.notGradable(words.scale[system](version), words.reason[outcome.reason]);
  }
  if (outcome.kind === 'at-least') {
    const missing = missingText(outcome.missing, attributes, words, language);
    const write = kind === 'ladder' ? words.ladderAtLeast : words.atLeast;
    return write(version, outcome.min, outcome.max, missing);
  }
  if (kind === 'composite') return words.composite(version, outcome.grade);
  if (kind === 'ladder') return words.ladder(version, outcome.grade);
  if (kind === 'emergency') return words.emergency(outcome.grade > 0);
  return words[kind](version, outcome.grade > 0);
}

/** What a ladder was climbed with: value, limits of normal and baseline. */
export function measuredText({ measured, dataQuality }: Finding, words: Words, language: Language): string[] {
  if (!measured) return [];
  const { value, upTo, unit, comparator, canonical, canonicalUnit, low, high, baseline, beside = [], loinc } = measured;
  const quantity = (number: number, code: string) => quantityText(number, code, language);
  const limit = (number: number | undefined) => (number === undefined ? undefined : quantity(number, unit));
  // Limits that are not believed did come.
  const unbelieved = low === undefined && high === undefined && dataQuality.includes('limit-implausible');
  return [
    words.measured(
      `${comparator ? `${comparator} ` : ''}${upTo === undefined ? '' : `${numberText(value, language)}–`}${quantity(upTo ?? value, unit)}`,
      loinc,
    ),
    ...beside.map((one) => words.beside(quantity(one.value, one.unit), one.loinc)),
    ...(canonical === undefined || upTo !== undefined
      ? []
      : [words.canonical(quantity(canonical, canonicalUnit ?? ''))]),
    ...(unbelieved ? [] : [words.limits(limit(low), limit(high))]),
    ...factsText(measured.facts, language),
    ...(baseline
      ? [
          words.measuredBaseline(
            quantity(baseline.value, baseline.unit),
            baseline.at.slice(0, 10),
            reference(baseline.source),
          ),
        ]
      : []),
  ];
}

/** What would have told a grade, as words. */
export function missingText(
  missing: readonly Missing[],
  attributes: Finding['attributes'],
  words: Words,
  language: Language,
): string {
  const answerOf = (attribute: Attribute): Answer => attributes[attribute] ?? { state: 'not-asked' };
  return missing
    .map((one) => (isAttribute(one) ? answerText(one, answerOf(one), words, language) : missingLabel(one)[language]))
    .join(', ');
}

const reference = ({ type, id, version }: NonNullable<Measured['baseline']>['source']): string =>
  `${type}/${id}/_history/${version}`;
