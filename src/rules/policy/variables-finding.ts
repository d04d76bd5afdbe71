import { type Attribute, type Finding, highest, lowest } from '../finding.ts';
import { isComplete, isContradictory, scoreOf } from './completeness.ts';
import { GRADE, type ObjectVariable, type Property } from './property.ts';
import { SCALES } from './scales.ts';

const SCORE = [0, 4] as const;

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** `%finding`: what the report says of the term. */
export const FINDING: ObjectVariable = {
  doc: 'What this report says of the term.',
  present: () => true,
  properties: {
    system: {
      type: 'string',
      values: distinct(SCALES.map(({ system }) => system)),
      doc: 'The grading: PRO-CTCAE (reported by the patient), CTCAE (from measured values or structured answers), emergencies, the reporting itself.',
      get: ({ finding }) => finding.system,
    },
    version: {
      type: 'string',
      values: distinct(SCALES.map(({ version }) => version)),
      doc: 'Version of the grading.',
      get: ({ finding }) => finding.version,
    },
    term: {
      type: 'string',
      values: distinct(SCALES.map(({ term }) => term)),
      doc: 'Code of the term in our CodeSystem of the system, such as `PROCTCAE_9_COMP`, `anemia` or `fever`.',
      get: ({ finding }) => finding.term,
    },
    kind: {
      type: 'string',
      values: distinct(SCALES.map(({ kind }) => kind)),
      doc: 'composite: 0-3; presence: 0 no, 1 yes; text: a write-in symptom; ladder: 0-4; emergency: 0 not there, 1 there; monitoring: 0 not so, 1 so.',
      get: ({ finding }) => finding.kind,
    },
    outcome: {
      type: 'string',
      values: ['graded', 'at-least', 'not-gradable'],
      doc: 'Whether the grade is known, known within bounds, or not known.',
      get: ({ finding }) => finding.outcome.kind,
    },
    grade: {
      type: 'integer',
      range: GRADE,
      doc: 'The grade; absent unless the outcome is `graded`.',
      get: ({ finding: { outcome } }) => (outcome.kind === 'graded' ? outcome.grade : undefined),
    },
    min: {
      type: 'integer',
      range: GRADE,
      doc: 'Lowest grade that is certain; equals the grade when graded, absent when not gradable.',
      get: ({ finding }) => lowest(finding.outcome),
    },
    max: {
      type: 'integer',
      range: GRADE,
      doc: 'Highest grade that is not excluded; equals the grade when graded, absent when not gradable.',
      get: ({ finding }) => highest(finding.outcome),
    },
    ...scores('frequency', SCORE),
    ...scores('severity', SCORE),
    ...scores('interference', SCORE),
    ...scores('amount', SCORE),
    ...scores('presence', [0, 1]),
    complete: {
      type: 'boolean',
      doc: 'Graded, not contradictory, and every score of the term answered or truly 0 by branching.',
      get: ({ finding }) => isComplete(finding),
    },
    contradictory: {
      type: 'boolean',
      doc: 'The leading score is 0 and a later one above 0.',
      get: ({ finding }) => isContradictory(finding),
    },
    needsReview: {
      type: 'boolean',
      doc: 'Contradictory with a severity of 3 or more: a person should look.',
      get: ({ finding }) => finding.dataQuality.includes('needs-review'),
    },
    written: {
      type: 'boolean',
      doc: 'The patient wrote something in their own words.',
      get: ({ finding }) => finding.attributes.text?.state === 'written',
    },
    value: {
      type: 'decimal',
      unit: '%finding.unit',
      doc: 'The measured value, in the unit that `%finding.unit` names; a condition on it names that too. Of a bound that number, of a range its lower end.',
      get: ({ finding: { measured } }) => measured && (measured.canonical ?? measured.value),
    },
    unit: {
      type: 'string',
      doc: 'UCUM unit of the value: that of the published table where it was converted, else as received.',
      get: ({ finding: { measured } }) => measured && (measured.canonicalUnit ?? measured.unit),
    },
    unclearValue: {
      type: 'boolean',
      doc: 'A value came that does not tell: a text, a code, or a bound or range on both sides of what is asked.',
      get: ({ finding }) => finding.dataQuality.includes('value-unclear'),
    },
    loinc: {
      type: 'string',
      doc: 'LOINC code by which the measured analyte was recognised.',
      get: ({ finding }) => finding.measured?.loinc,
    },
    answeringTime: {
      type: 'decimal',
      unit: 's',
      least: 0,
      doc: 'Of `implausibly-fast`: seconds from the moment at which the app says answering began to that of the response.',
      get: ({ finding }) => finding.monitored?.seconds,
    },
    items: {
      type: 'integer',
      least: 0,
      doc: 'Of `implausibly-fast` and `straight-lined`: graded answers of the response.',
      get: ({ finding }) => finding.monitored?.items,
    },
    distinctAnswers: {
      type: 'integer',
      least: 0,
      doc: 'How many different ones there are among them.',
      get: ({ finding }) => finding.monitored?.distinct,
    },
    highestAnswer: {
      type: 'integer',
      range: SCORE,
      doc: 'The highest of them.',
      get: ({ finding }) => finding.monitored?.highest,
    },
    timesUpperLimit: {
      type: 'decimal',
      unit: '1',
      least: 0,
      doc: 'The value as a multiple of the upper limit of normal of the same result.',
      get: ({ finding: { measured } }) => ratio(measured?.value, measured?.high),
    },
    timesLowerLimit: {
      type: 'decimal',
      unit: '1',
      least: 0,
      doc: 'The value as a multiple of the lower limit of normal of the same result.',
      get: ({ finding: { measured } }) => ratio(measured?.value, measured?.low),
    },
    timesBaseline: {
      type: 'decimal',
      unit: '1',
      least: 0,
      doc: 'The value as a multiple of the recorded baseline of the analyte, where both came in one unit.',
      get: ({ finding: { measured } }) =>
        measured?.baseline?.unit === measured?.unit ? ratio(measured?.value, measured?.baseline?.value) : undefined,
    },
  },
};

/**
 * To 12 digits: what is 3 times in decimals is 3 times here, as 0.3 / 0.1 is not in binary. Never below 0: what no patient can have is compared
 * with nothing (gradings/ctcae-plausible.ts).
 */
function ratio(value: number | undefined, of: number | undefined): number | undefined {
  return value === undefined || of === undefined || of <= 0 ? undefined : Number((value / of).toPrecision(12));
}

/** The score of one attribute, and whether it was asked at all. */
function scores(attribute: Attribute, range: readonly [number, number]): Record<string, Property> {
  return {
    [attribute]: {
      type: 'integer',
      range,
      doc: `Score of ${attribute}: answered, or 0 when the form's branching hid it; absent otherwise.`,
      get: ({ finding }) => scoreOf(finding.attributes[attribute]),
    },
    [`asks${attribute.charAt(0).toUpperCase()}${attribute.slice(1)}`]: {
      type: 'boolean',
      doc: `The form asks ${attribute} of the term, answered or not.`,
      get: ({ finding: { attributes } }) => asks(attributes, attribute),
    },
  };
}

const asks = (attributes: Finding['attributes'], attribute: Attribute): boolean =>
  (attributes[attribute]?.state ?? 'not-asked') !== 'not-asked';
