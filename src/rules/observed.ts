import type { Coding, Extension, Observation } from '@medplum/fhirtypes';
import { LOINC } from '../fhir/canonical.ts';
import { dateInterval } from '../fhir/dates.ts';
import { fault, type Issue } from '../fhir/errors.ts';
import { type Finding, type GradingSystem, type Report, termKey } from './finding.ts';
import { gradedBy, gradeMeasured } from './gradings/ctcae.ts';
import { ALREADY_READ, isActive, isOfTable, NO_CODES, type ReviewedCodes } from './gradings/ctcae-codes.ts';
import { CTCAE_VERSIONS, termOf } from './gradings/ctcae-data.ts';
import { measuredOf } from './gradings/ctcae-measured.ts';
import { plausibleWords } from './gradings/ctcae-plausible.ts';
import { answeredEmergencies, emergenciesOf } from './gradings/emergency.ts';
import { isTemperature } from './gradings/emergency-fever.ts';
import { asksEmergency, type SaidInObservation } from './gradings/emergency-items.ts';
import type { MeasuredInput } from './gradings/measured.ts';
import { DATA, TERMS as PRO_CTCAE_TERMS } from './gradings/pro-ctcae-data.ts';
import { factsOf, isFact } from './observed-facts.ts';
import { readingOf, type Valued } from './observed-value.ts';
import { EXTENSION, TERMS } from './resources/codes.ts';

/** What an Observation says that the engine can use. */
export interface Observed extends Pick<Report, 'measured' | 'baselines' | 'expected'> {
  /** It was recorded as a baseline. */
  baseline: boolean;
  /** Emergencies, which need nothing beside the value. */
  findings: readonly Finding[];
}

/**
 * Whether an Observation is of any use to the engine: a result that a CTCAE ladder or an emergency is told by, the answer to a question that
 * tells an emergency, a recorded baseline, or the level that a clinician expects of a term. Most are not, and are stored as anything else is.
 * `codes` are the site's own, here and below.
 */
export const isObserved = (observation: Observation, codes: ReviewedCodes = NO_CODES): boolean =>
  isMeasured(observation, codes) ||
  isAnswer(observation) ||
  (termOfObservation(observation) !== undefined && (isBaseline(observation) || expectation(observation) !== undefined));

/** What an Observation says. Undefined when it is of no use to the engine. */
export function observedOf(observation: Observation, codes: ReviewedCodes = NO_CODES): Observed | undefined {
  const baseline = isBaseline(observation);
  const answered = isAnswer(observation) ? answeredEmergencies(partsOf(observation)) : [];
  if (isMeasured(observation, codes)) {
    const measured = inputsOf(observation, codes);
    return { baseline, measured, findings: [...emergenciesOf(measured), ...answered] };
  }
  if (answered.length > 0) return { baseline: false, findings: answered };
  const term = termOfObservation(observation);
  if (!term) return undefined;
  const key = termKey(term);
  const grade = observation.valueInteger;
  const level = expectation(observation);
  const until = level && instantOf(level);
  if (level && until !== undefined) {
    return {
      baseline: false,
      findings: [],
      expected: [{ term: key, level: partOf(level, 'level')?.valueInteger ?? 0, until }],
    };
  }
  return baseline && grade !== undefined ? { baseline, findings: [], baselines: [{ term: key, grade }] } : undefined;
}

/** What is wrong with a recorded baseline or expected level, which could not be used otherwise. */
export function observedIssues(observation: Observation, codes: ReviewedCodes = NO_CODES): Issue[] {
  const level = expectation(observation);
  if (!level && !isBaseline(observation)) return [];
  if (isMeasured(observation, codes)) return level ? [] : baselineIssues(observation, codes);
  const term = termOfObservation(observation);
  if (!term)
    return level
      ? [wrong('code', 'expected a term of our CodeSystems pro-ctcae or ctcae (ctcae with its version, 5.0 or 6.0)')]
      : [];
  const inRange = (grade: number | undefined) => grade !== undefined && grade >= 0 && grade <= term.most;
  if (!level) {
    return inRange(observation.valueInteger)
      ? []
      : [wrong('value', `expected valueInteger, the grade from 0 to ${term.most}`)];
  }
  return [
    ...(inRange(partOf(level, 'level')?.valueInteger)
      ? []
      : [wrong('extension', `expected a level from 0 to ${term.most}`)]),
    ...(instantOf(level) === undefined ? [wrong('extension', 'expected until: a moment with a time zone')] : []),
  ];
}

/** A baseline that nothing can be compared with would be taken for one and be none. */
function baselineIssues(observation: Observation, codes: ReviewedCodes): Issue[] {
  const measured = inputsOf(observation, codes);
  const graded = measured.filter(({ loinc }) => loinc.some(isOfTable));
  const given = graded.filter(({ value }) => value !== undefined);
  if (graded.length > 0 && given.length === 0) return [wrong('value', EXPECTED)];
  // Parts come last, behind the Observation itself where it has a value; those that state facts are none.
  const parts = (observation.component ?? []).flatMap((part, at) => (isFact(part) ? [] : [at]));
  const own = measured.length - parts.length;
  return given.filter(isUnfit).map((input) => {
    const place = measured.indexOf(input) - own;
    const code = input.loinc.find(isOfTable) ?? '';
    const range = plausibleWords(code, input.unit);
    return wrong(place < 0 ? 'value' : `component[${parts[place]}].value`, `${EXPECTED} (LOINC ${code}: ${range})`);
  });
}

const EXPECTED =
  'expected of a baseline a number that a patient can have, exact, with the UCUM code of a unit of the analyte';

/** Whether no ladder could compare anything with this. */
function isUnfit({ loinc, value = 0, upTo, unit, comparator }: MeasuredInput): boolean {
  if (unit === undefined || comparator !== undefined || upTo !== undefined) return true;
  const codings = loinc.map((code) => ({ system: LOINC, code }));
  const found = gradeMeasured({ codings, status: 'final', value: { value, unit } }, CTCAE_VERSIONS, ALREADY_READ);
  const unread = found.filter(({ outcome }) => outcome.kind === 'not-gradable' && UNFIT.has(outcome.reason));
  return found.length > 0 && unread.length === found.length;
}

const UNFIT: ReadonlySet<string> = new Set(['unit-unknown', 'value-implausible']);

const wrong = (element: string, text: string): Issue =>
  fault('business-rule', `Observation.${element}: ${text}`, `Observation.${element}`);

const isBaseline = ({ extension }: Observation): boolean =>
  extension?.some(({ url, valueBoolean }) => url === EXTENSION.baselineReport && valueBoolean) === true;

const expectation = ({ extension }: Observation): Extension | undefined =>
  extension?.find(({ url }) => url === EXTENSION.expectedLevel);

const partOf = ({ extension }: Extension, name: string): Extension | undefined =>
  extension?.find(({ url }) => url === name);

function instantOf(level: Extension): string | undefined {
  const until = partOf(level, 'until')?.valueDateTime;
  const start = until?.includes('T') ? dateInterval(until)?.start : undefined;
  return start === undefined ? undefined : new Date(start).toISOString();
}

/** A term that a clinician may speak of; `most` is its highest grade. */
export interface KnownTerm {
  term: string;
  system: GradingSystem;
  version: string;
  most: number;
}

/** The term of a coding; undefined for what is none of ours, and for one of CTCAE without the version that it is of. */
export function termOfCoding({ system, version, code }: Coding): KnownTerm | undefined {
  if (code === undefined) return undefined;
  if (system === TERMS['pro-ctcae']) {
    const term = PRO_CTCAE_TERMS.find((one) => one.code === code);
    return term && { term: code, system: 'pro-ctcae', version: DATA.version, most: term.kind === 'composite' ? 3 : 1 };
  }
  const edition = CTCAE_VERSIONS.find((one) => one === version);
  if (system !== TERMS.ctcae || edition === undefined || termOf(code)?.en[edition] === undefined) return undefined;
  return { term: code, system: 'ctcae', version: edition, most: 4 };
}

function termOfObservation({ code }: Observation): KnownTerm | undefined {
  for (const coding of code?.coding ?? []) {
    const term = termOfCoding(coding);
    if (term) return term;
  }
  return undefined;
}

function isMeasured({ code, component = [] }: Observation, codes: ReviewedCodes): boolean {
  return [code, ...component.map((part) => part.code)].some((concept) => {
    const codings = concept?.coding ?? [];
    return (
      codings.length > 0 && (gradedBy(codings, codes).length > 0 || isTemperature({ loinc: loincsOf(codings, codes) }))
    );
  });
}

const isAnswer = (observation: Observation): boolean =>
  partsOf(observation).some(({ code }) => (code?.coding ?? []).some(asksEmergency));

/** The Observation itself, and each component. */
const partsOf = (observation: Observation): SaidInObservation[] => [observation, ...(observation.component ?? [])];

/** Its LOINC codes, and those that the site says its codes mean. One of the table that nobody has read in a source is none by itself. */
const loincsOf = (codings: readonly Coding[], codes: ReviewedCodes): string[] => [
  ...new Set(
    codings.flatMap(({ system, code }) => {
      if (code === undefined) return [];
      const meant = codes.get(`${system ?? ''}|${code}`);
      return meant ?? (system === LOINC && (isActive(code) || !isOfTable(code)) ? code : []);
    }),
  ),
];

/** The result, and each part of a panel. */
function inputsOf(observation: Observation, codes: ReviewedCodes): MeasuredInput[] {
  const { code, component = [] } = observation;
  const facts = factsOf(observation);
  const parts = component
    .filter((part) => !isFact(part))
    .map((part) => inputOf(part.code, part, codes))
    .map(({ said, input }) => ({ said, input: { ...input, ...facts } }));
  const own = inputOf(code, observation, codes);
  // A panel has no value of its own.
  if (own.said === undefined && parts.length > 0) return parts.map(({ input }) => input);
  return [{ ...own.input, ...limitsOf(observation), ...facts }, ...parts.map(({ input }) => input)];
}

/** What was measured, by its codes; `said` is undefined where there is no value. */
function inputOf(concept: Observation['code'] | undefined, part: Valued, codes: ReviewedCodes) {
  const loinc = loincsOf(concept?.coding ?? [], codes);
  const said = readingOf(part, isTemperature({ loinc }));
  return { said, input: { loinc, ...said } };
}

/** The limits of normal that have a unit; of two in different units the one in the unit of the result. */
function limitsOf(observation: Observation): Pick<MeasuredInput, 'low' | 'high' | 'limitUnit'> {
  const { value, low, high } = measuredOf(observation);
  const unit = low?.unit && high?.unit && low.unit !== high.unit ? value?.unit : (low?.unit ?? high?.unit);
  // A bare number, or one in words of another unit, would be taken for one in the unit of the result: 110 umol/L for 110 mg/dL.
  if (unit === undefined) return {};
  return {
    ...(low && low.unit === unit ? { low: low.value } : {}),
    ...(high && high.unit === unit ? { high: high.value } : {}),
    ...(unit === value?.unit ? {} : { limitUnit: unit }),
  };
}
