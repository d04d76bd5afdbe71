import type { ParametersParameter } from '@medplum/fhirtypes';
import { PRO_CTCAE } from '../fhir/canonical.ts';
import { type DecisionRecord, type RecordedCondition, type RecordedTerm, versioned } from './decision-record.ts';
import { WORDS, type Words } from './explain-words.ts';
import { type Answer, type Attribute, type Finding, type Missing, termKey } from './finding.ts';
import { ATTRIBUTE, isAttribute, type Labels, type Language, missingLabel } from './resources/labels.ts';

/** Why a term came out as it did: the record as FHIR Parameters, and the same as one readable paragraph. */
export interface Explanation {
  parameters: ParametersParameter[];
  text: string;
}

/**
 * Explains one term of a decision record: items and answers, grade and scale, what it was measured against, which action
 * of which policy decided, what was undecided, and all versions. Where a refold went over several reports it is the last
 * of the term that speaks. Nothing when the record does not hold the term.
 */
export function explain(
  record: DecisionRecord,
  term: string,
  labels: Pick<Labels, 'term'>,
  language: Language,
): Explanation | undefined {
  const step = record.terms.findLast(({ finding }) => termKey(finding) === term);
  if (!step) return undefined;
  const name = labels.term(step.finding.term)[language];
  const text = paragraph(record, step, name, WORDS[language], language);
  return { parameters: [...parametersOf(record, step, name), { name: 'text', valueString: text }], text };
}

function paragraph(record: DecisionRecord, step: RecordedTerm, name: string, words: Words, language: Language): string {
  const { finding } = step;
  const answers = Object.entries(finding.attributes).map(([attribute, answer]) =>
    answerText(attribute as Attribute, answer, words, language),
  );
  return [
    words.report(name, step.day, versioned(step.source)),
    words.answers(answers.join(', ') || words.none),
    gradeText(finding, words, language),
    ...finding.dataQuality.map((issue) => words.dataQuality[issue]),
    step.previous ? words.previous(step.previous.grade, step.previous.day) : words.noPrevious,
    step.baseline ? words.baseline(step.baseline.grade, step.baseline.at.slice(0, 10)) : words.noBaseline,
    ...decisionText(record, step, words, language),
    words.versions(
      `${record.engine.name} ${record.engine.version}`,
      record.gradings.map(({ system, version }) => `${system} ${version}`).join(', '),
      record.fhirpath,
      record.questionnaire?.canonical ?? words.none,
      record.policies.map(({ canonical }) => canonical).join(', ') || words.none,
    ),
  ].join(' ');
}

function decisionText(record: DecisionRecord, step: RecordedTerm, words: Words, language: Language): string[] {
  const { episodeBefore: before, episodeAfter: after, transition, conditions } = step;
  const held = conditions.filter(({ value }) => value === true);
  const open = conditions.filter(({ value }) => value === 'undecided');
  const named = ({ title, action, policy }: RecordedCondition) => words.action(title ?? action, action, policy);
  const priorityMoved = before && after && before.priority !== after.priority;
  return [
    words.transition[transition](after ? words.priority[after.priority] : ''),
    ...(priorityMoved ? [words.priorityNow(words.priority[after.priority], words.priority[before.priority])] : []),
    ...(held.length > 0 ? [words.because(held.map(named).join(words.and))] : []),
    ...(held.length === 0 ? [record.policies.length === 0 ? words.noPolicy : words.nothingTrue] : []),
    ...(before && after ? [words.calm(after.calmDays)] : []),
    ...(open.length > 0
      ? [words.undecided(open.map(({ action }) => action).join(', '), unknownText(step.finding, words, language))]
      : []),
  ];
}

function gradeText({ outcome, kind, version, attributes }: Finding, words: Words, language: Language): string {
  if (outcome.kind === 'not-gradable') return words.notGradable(version, outcome.reason);
  if (outcome.kind === 'at-least') {
    return words.atLeast(version, outcome.min, outcome.max, missingText(outcome.missing, attributes, words, language));
  }
  if (kind === 'composite') return words.composite(version, outcome.grade);
  if (kind === 'ladder') return words.ladder(version, outcome.grade);
  if (kind === 'emergency') return words.emergency(outcome.grade > 0);
  return words[kind](version, outcome.grade > 0);
}

/** What is not known of the term, so that an undecided condition can be understood. */
function unknownText({ outcome, attributes }: Finding, words: Words, language: Language): string {
  const missing = outcome.kind === 'graded' ? [] : outcome.missing;
  const open = Object.entries(attributes).flatMap(([attribute, answer]) =>
    attribute !== 'text' && scoreOf(answer) === undefined ? [attribute as Attribute] : [],
  );
  return missingText([...new Set([...missing, ...open])], attributes, words, language);
}

function missingText(
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

function answerText(attribute: Attribute, answer: Answer, words: Words, language: Language): string {
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

/** A score: answered, or the true 0 of a hidden item. */
function scoreOf(answer: Answer): number | undefined {
  return answer.state === 'answered' || answer.state === 'hidden' ? answer.value : undefined;
}

function parametersOf(record: DecisionRecord, step: RecordedTerm, display: string): ParametersParameter[] {
  const { finding, episodeBefore: before, episodeAfter: after } = step;
  const { outcome } = finding;
  return [
    { name: 'term', valueCoding: { system: PRO_CTCAE, code: finding.term, display } },
    { name: 'report', valueReference: { reference: versioned(step.source) } },
    { name: 'symptomTime', valueInstant: step.at },
    {
      name: 'grading',
      part: [
        { name: 'system', valueCode: finding.system },
        { name: 'version', valueString: finding.version },
        { name: 'kind', valueCode: finding.kind },
        { name: 'outcome', valueCode: outcome.kind },
        ...(outcome.kind === 'graded' ? [{ name: 'grade', valueInteger: outcome.grade }] : []),
        ...(outcome.kind === 'at-least' ? [{ name: 'min', valueInteger: outcome.min }] : []),
        ...(outcome.kind === 'at-least' ? [{ name: 'max', valueInteger: outcome.max }] : []),
        ...(outcome.kind === 'not-gradable' ? [{ name: 'reason', valueCode: outcome.reason }] : []),
      ],
    },
    ...Object.entries(finding.attributes).map(([attribute, answer]) => answerParameter(attribute, answer)),
    ...finding.dataQuality.map((issue) => ({ name: 'dataQuality', valueCode: issue })),
    ...(step.previous ? [against('previous', step.previous)] : []),
    ...(step.baseline ? [against('baseline', step.baseline)] : []),
    { name: 'transition', valueCode: step.transition },
    ...(before ? [{ name: 'priorityBefore', valueCode: before.priority }] : []),
    ...(after ? [{ name: 'priority', valueCode: after.priority }] : []),
    ...step.conditions.map(conditionParameter),
    {
      name: 'engine',
      part: [
        { name: 'name', valueString: record.engine.name },
        { name: 'version', valueString: record.engine.version },
        { name: 'fhirpath', valueString: record.fhirpath },
        ...(record.questionnaire ? [{ name: 'questionnaire', valueCanonical: record.questionnaire.canonical }] : []),
      ],
    },
  ];
}

function answerParameter(attribute: string, answer: Answer): ParametersParameter {
  const score = scoreOf(answer);
  return {
    name: 'answer',
    part: [
      { name: 'attribute', valueCode: attribute },
      ...('linkId' in answer ? [{ name: 'linkId', valueString: answer.linkId }] : []),
      { name: 'state', valueCode: answer.state },
      ...(score === undefined ? [] : [{ name: 'score', valueInteger: score }]),
      ...(answer.state === 'hidden' ? [{ name: 'hiddenBy', valueString: answer.because }] : []),
      ...(answer.state === 'opted-out' ? [{ name: 'optOut', valueCode: answer.code }] : []),
    ],
  };
}

function against(name: string, { grade, source }: NonNullable<RecordedTerm['baseline']>): ParametersParameter {
  return {
    name,
    part: [
      { name: 'grade', valueInteger: grade },
      { name: 'report', valueReference: { reference: versioned(source) } },
    ],
  };
}

function conditionParameter({ policy, action, title, value, error }: RecordedCondition): ParametersParameter {
  return {
    name: 'condition',
    part: [
      { name: 'policy', valueCanonical: policy },
      { name: 'action', valueString: action },
      ...(title ? [{ name: 'title', valueString: title }] : []),
      value === 'undecided' ? { name: 'value', valueCode: value } : { name: 'value', valueBoolean: value },
      ...(error ? [{ name: 'error', valueString: error }] : []),
    ],
  };
}
