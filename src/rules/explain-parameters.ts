import type { ParametersParameter, Quantity } from '@medplum/fhirtypes';
import { LOINC } from '../fhir/canonical.ts';
import { type DecisionRecord, type RecordedTerm, versioned } from './decision-record.ts';
import { structuredParameters } from './explain-structured.ts';
import type { Threshold } from './explain-thresholds.ts';
import { type Answer, type Measured, resourceId } from './finding.ts';
import type { Change, Neighbour } from './neighbours.ts';
import type { Comparison } from './policy/comparisons.ts';
import { scoreOf } from './policy-language.ts';
import { SYSTEM, TERMS } from './resources/codes.ts';

/** All that an explanation tells of one step of one term. */
export interface Explained {
  record: DecisionRecord;
  step: RecordedTerm;
  /** Name of the term. */
  display: string;
  thresholds: readonly Threshold[];
  /** Absent where it could not be looked for. */
  neighbours?: readonly Neighbour[];
}

const UCUM = 'http://unitsofmeasure.org';

/** The facts of an explanation one by one, as FHIR Parameters. */
export function parametersOf({ record, step, display, thresholds, neighbours }: Explained): ParametersParameter[] {
  const { finding, episodeBefore: before, episodeAfter: after } = step;
  const { outcome } = finding;
  return [
    { name: 'term', valueCoding: { system: TERMS[finding.system], code: finding.term, display } },
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
    ...structuredParameters(finding),
    ...(finding.measured ? [measuredParameter(finding.measured)] : []),
    ...finding.dataQuality.map((issue) => ({ name: 'dataQuality', valueCode: issue })),
    ...(step.previous ? [against('previous', step.previous)] : []),
    ...(step.baseline ? [against('baseline', step.baseline)] : []),
    ...expectedParameter(step),
    { name: 'transition', valueCode: step.transition },
    ...(step.held ? [{ name: 'held', valueBoolean: true }] : []),
    ...reopensParameter(after),
    ...(before ? [{ name: 'priorityBefore', valueCode: before.priority }] : []),
    ...(after ? [{ name: 'priority', valueCode: after.priority }] : []),
    ...thresholds.map(conditionParameter),
    ...(neighbours ?? []).map(changeParameter),
    ...record.policies.map(({ canonical, digest }) => ({
      name: 'policy',
      part: [
        { name: 'canonical', valueCanonical: canonical },
        { name: 'digest', valueString: digest },
      ],
    })),
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

function expectedParameter({ told, at }: RecordedTerm): ParametersParameter[] {
  const { expected } = told ?? {};
  if (!expected) return [];
  return [
    {
      name: 'expected',
      part: [
        { name: 'level', valueInteger: expected.level },
        { name: 'until', valueInstant: expected.until },
        { name: 'inForce', valueBoolean: at <= expected.until },
      ],
    },
  ];
}

/** The Flag of the term before this one: its opening report, and the symptom times of its first and last. */
function reopensParameter(after: RecordedTerm['episodeAfter']): ParametersParameter[] {
  if (!after?.reopens) return [];
  const { origin, start, end } = after.reopens;
  return [
    {
      name: 'reopens',
      part: [
        { name: 'report', valueReference: { reference: originReference(origin) } },
        { name: 'start', valueInstant: start },
        { name: 'end', valueInstant: end },
      ],
    },
  ];
}

/** The report that `originOf` named: of a response the id alone. */
const originReference = (origin: string): string =>
  resourceId(origin.includes('/') ? origin : `QuestionnaireResponse/${origin}`);

function conditionParameter({
  policy,
  action,
  title,
  value,
  error,
  expression,
  comparisons,
}: Threshold): ParametersParameter {
  return {
    name: 'condition',
    part: [
      { name: 'policy', valueCanonical: policy },
      { name: 'action', valueString: action },
      ...(title ? [{ name: 'title', valueString: title }] : []),
      ...(expression === undefined ? [] : [{ name: 'expression', valueString: expression }]),
      ...comparisons.map(comparisonParameter),
      value === 'undecided' ? { name: 'value', valueCode: value } : { name: 'value', valueBoolean: value },
      ...(error ? [{ name: 'error', valueString: error }] : []),
    ],
  };
}

function comparisonParameter({ expression, operands, value }: Comparison): ParametersParameter {
  const [left, right] = operands;
  return {
    name: 'comparison',
    part: [
      { name: 'expression', valueString: expression },
      ...(left?.value === undefined ? [] : [{ name: 'left', valueString: String(left.value) }]),
      ...(right?.value === undefined ? [] : [{ name: 'right', valueString: String(right.value) }]),
      value === 'undecided' ? { name: 'value', valueCode: value } : { name: 'value', valueBoolean: value },
    ],
  };
}

/** What would have led elsewhere. */
function changeParameter({ changes, situation }: Neighbour): ParametersParameter {
  return {
    name: 'wouldChange',
    part: [
      ...changes.map((change) => ({ name: 'change', part: partsOf(change) })),
      { name: 'flag', valueCode: situation.flag },
      ...(situation.priority ? [{ name: 'priority', valueCode: situation.priority }] : []),
    ],
  };
}

function partsOf(change: Change): ParametersParameter[] {
  if (change.kind === 'calm') return [{ name: 'calmDays', valueInteger: change.days }];
  if (change.kind === 'value') {
    const { from, to, unit, grade } = change;
    return [
      ...quantityParameter('fromValue', from, unit),
      ...quantityParameter('toValue', to, unit),
      ...(grade === undefined ? [] : [{ name: 'grade', valueInteger: grade }]),
    ];
  }
  return [
    ...(change.kind === 'answer' ? [{ name: 'attribute', valueCode: change.attribute }] : []),
    ...(change.kind === 'answer' && change.linkId ? [{ name: 'linkId', valueString: change.linkId }] : []),
    ...(change.from === undefined ? [] : [{ name: 'from', valueInteger: change.from }]),
    { name: 'to', valueInteger: change.to },
  ];
}

function measuredParameter({
  value,
  upTo,
  unit,
  canonical,
  canonicalUnit,
  low,
  high,
  baseline,
  comparator,
  facts = {},
  beside = [],
  loinc,
}: Measured): ParametersParameter {
  const quantity = (name: string, number: number | undefined, code = unit) => quantityParameter(name, number, code);
  return {
    name: 'measured',
    part: [
      { name: 'code', valueCoding: { system: LOINC, code: loinc } },
      ...(upTo === undefined
        ? quantityParameter('value', value, unit, comparator)
        : [{ name: 'value', valueRange: { low: amountOf(value, unit), high: amountOf(upTo, unit) } }]),
      ...beside.map((one) => ({
        name: 'beside',
        part: [
          { name: 'code', valueCoding: { system: LOINC, code: one.loinc } },
          ...quantityParameter('value', one.value, one.unit),
        ],
      })),
      ...quantity('canonical', upTo === undefined ? canonical : undefined, canonicalUnit),
      ...Object.entries(facts).map(([code, valueBoolean]) => ({
        name: 'fact',
        part: [
          { name: 'code', valueCoding: { system: SYSTEM.clinicalFact, code } },
          { name: 'value', valueBoolean },
        ],
      })),
      ...quantity('low', low),
      ...quantity('high', high),
      ...quantity('baseline', baseline?.value, baseline?.unit),
      ...(baseline
        ? [
            {
              name: 'baselineSource',
              valueReference: {
                reference: `${baseline.source.type}/${baseline.source.id}/_history/${baseline.source.version}`,
              },
            },
          ]
        : []),
    ],
  };
}

/** A quantity with its UCUM code; of a result without a unit the bare number. */
function quantityParameter(
  name: string,
  value: number | undefined,
  code: string,
  comparator?: Measured['comparator'],
): ParametersParameter[] {
  if (value === undefined) return [];
  return [{ name, valueQuantity: { ...(comparator ? { comparator } : {}), ...amountOf(value, code) } }];
}

const amountOf = (value: number, code: string): Quantity =>
  code === '' ? { value } : { value, unit: code, system: UCUM, code };
