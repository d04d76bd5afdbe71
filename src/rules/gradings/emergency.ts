import type { CompiledQuestionnaire, ItemState } from '../../fhir/questionnaire.ts';
import {
  type Answer,
  type DataQuality,
  type Finding,
  lowest,
  type Measured,
  type Missing,
  type NotGradable,
  type Outcome,
} from '../finding.ts';
import { readingOf, UNCLEAR } from '../observed-value.ts';
import { vitalReadings } from '../vital-signs.ts';
import { DATA, EMERGENCY_TERMS, emergencyFaults } from './emergency-data.ts';
import { feverOf, isOnlyFever, isTemperature, type Told } from './emergency-fever.ts';
import { type EmergencyItem, emergencyItems, type SaidInObservation, sayingOf, termAsked } from './emergency-items.ts';
import type { FormGrading, Grading } from './grading.ts';
import type { MeasuredInput } from './measured.ts';

/**
 * Emergencies before grading: fever, breathlessness at rest, confusion, sleepiness, bleeding, thoughts of self-harm. Grade 1: there; 0: asked and
 * not there. One sign that is there suffices, whatever else is missing or says otherwise; only where all say no is it 0.
 * Source: profiles/gradings/emergency.json.
 */
export const emergency: Grading = {
  data: DATA,
  sources: DATA.source,
  faults: () => emergencyFaults(DATA),
  check: (form) => emergencyItems(form).issues,
  prepare,
};

/** An emergency that is certainly there: it counts whatever the rest of what said it is worth. */
export const isUrgent = ({ system, outcome }: Finding): boolean =>
  system === 'emergency' && (lowest(outcome) ?? 0) >= 1;

/** Fever, where temperatures are among measured results; nothing where none is. */
export function emergenciesOf(measured: readonly MeasuredInput[]): readonly Finding[] {
  const signs = measured.filter(isTemperature).map((input): Sign => feverOf(input));
  return signs.length === 0 ? [] : [findingOf(DATA.fever.term, signs)];
}

/** What Observations that answer a question say, one finding for each term that they ask; nothing where none does. */
export function answeredEmergencies(parts: readonly SaidInObservation[]): readonly Finding[] {
  const asked = parts.flatMap((part) => {
    const terms = new Set((part.code?.coding ?? []).flatMap((coding) => termAsked(coding) ?? []));
    return [...terms].map((term) => ({ term, sign: signOfAnswer(part) }));
  });
  return EMERGENCY_TERMS.flatMap(({ code }) => {
    const signs = asked.flatMap(({ term, sign }) => (term === code ? [sign] : []));
    return signs.length === 0 ? [] : [findingOf(code, signs)];
  });
}

function signOfAnswer(part: SaidInObservation): Sign {
  const said = sayingOf(part);
  if (said === undefined) return { is: 'open', reason: 'no-value', missing: 'presence' };
  return said === 'opted-out' ? { is: 'open', reason: 'opted-out', missing: 'presence' } : { is: said };
}

/** One sign of a term: an answer or a temperature; or that this response was not asked. A denial settles what structured questions leave open. */
type Sign = (Told | { is: 'not-asked' }) & { answer?: Answer; structured?: true; denies?: boolean };

function prepare(form: CompiledQuestionnaire): FormGrading | undefined {
  const { items, issues } = emergencyItems(form);
  const [error] = issues.filter(({ severity }) => severity === 'error');
  if (error) throw new Error(error.diagnostics);
  if (items.length === 0) return undefined;
  const byLinkId = new Map<string, EmergencyItem[]>();
  for (const one of items) byLinkId.set(one.item.linkId, [...(byLinkId.get(one.item.linkId) ?? []), one]);
  const terms = EMERGENCY_TERMS.map(({ code }) => code).filter((code) => items.some(({ term }) => term === code));
  return (states) => {
    const signs = new Map<string, Sign[]>(terms.map((term) => [term, []]));
    for (const state of states) {
      for (const one of byLinkId.get(state.item.linkId) ?? []) signs.get(one.term)?.push(...signsOf(one, state));
    }
    return terms.map((term) => findingOf(term, settled(signs.get(term) ?? [])));
  };
}

/** Who has nothing of it has not left open what of it they have. A denial beside another answer to the same question is none. */
function settled(signs: readonly Sign[]): readonly Sign[] {
  if (!signs.some(({ denies }) => denies)) return signs;
  if (signs.some(({ denies }) => denies === false)) return signs.filter(({ denies }) => denies === undefined);
  return signs.filter(({ is, structured }) => is !== 'open' || !structured);
}

function signsOf(one: EmergencyItem, state: ItemState): Sign[] {
  if (!state.enabled) return [{ is: 'not-asked' }];
  if (one.how === 'denial') {
    const answer: Answer = { state: 'answered', value: 0, linkId: one.item.linkId };
    return state.answers.map((given): Sign => {
      return one.denies(given) ? { is: 'absent', denies: true, answer } : { is: 'not-asked', denies: false };
    });
  }
  if (one.how === 'temperature') return vitalReadings([state]).map(temperature);
  if (one.how === 'in-words') return saidInWords(state).map(temperature);
  const { linkId } = one.item;
  const structured = one.structured ? ({ structured: true } as const) : {};
  if (state.answers.length === 0) {
    const answer: Answer = { state: 'missing', linkId };
    return [{ is: 'open', reason: 'not-answered', missing: 'presence', answer, ...structured }];
  }
  return state.answers.map((given): Sign => {
    const said = one.read(given);
    if (said === undefined) throw new Error(`The answer to item ${linkId} is none that can be read`);
    if (said === 'opted-out') {
      const answer: Answer = { state: 'opted-out', linkId, code: '' };
      return { is: 'open', reason: 'opted-out', missing: 'presence', answer, ...structured };
    }
    return { is: said, answer: { state: 'answered', value: said === 'there' ? 1 : 0, linkId } };
  });
}

/** A question for the temperature that stayed unanswered is that, and no fault of a result. */
function temperature(reading: MeasuredInput): Sign {
  return reading.value === undefined && reading.unit === undefined && !reading.unclear
    ? { is: 'open', reason: 'not-answered', missing: 'value' }
    : feverOf(reading);
}

/** Answers to an item that asks for a temperature in words: read as the same value of an Observation is. */
const saidInWords = ({ answers }: ItemState): MeasuredInput[] =>
  answers.length === 0
    ? [{ loinc: DATA.fever.loinc }]
    : answers.map(({ valueString, valueCoding, valueInteger }) => {
        const said = {
          ...(valueString === undefined ? {} : { valueString }),
          ...(valueCoding ? { valueCodeableConcept: { coding: [valueCoding] } } : {}),
          ...(valueInteger === undefined ? {} : { valueInteger }),
        };
        return { loinc: DATA.fever.loinc, ...(readingOf(said, true) ?? UNCLEAR) };
      });

function findingOf(term: string, signs: readonly Sign[]): Finding {
  const quality = new Set<DataQuality>();
  for (const sign of signs) if (sign.is === 'open' && sign.quality) quality.add(sign.quality);
  const answer = best(signs.flatMap((sign) => (sign.answer ? [sign.answer] : [])));
  const there = signs.filter(({ is }) => is === 'there');
  const doubted = signs.filter((sign) => sign.is === 'open' && sign.quality !== undefined);
  const measured = highest(measuredBy(there)) ?? inDoubt(measuredBy(doubted)) ?? highest(measuredBy(signs));
  return {
    term,
    system: 'emergency',
    version: DATA.version,
    kind: 'emergency',
    outcome: outcomeOf(signs),
    attributes: answer ? { presence: answer } : {},
    ...(measured ? { measured } : {}),
    dataQuality: [...quality],
  };
}

/** A true or: one sign suffices; what is open leaves open what the others deny. */
function outcomeOf(signs: readonly Sign[]): Outcome {
  if (signs.some(({ is }) => is === 'there')) return { kind: 'graded', grade: 1 };
  const open = signs.filter((sign) => sign.is === 'open');
  const missing: Missing[] = [...new Set(open.map((sign) => sign.missing))];
  if (signs.some(({ is }) => is === 'absent')) {
    return open.length === 0 ? { kind: 'graded', grade: 0 } : { kind: 'at-least', min: 0, max: 1, missing };
  }
  const reason = WORST.find((one) => open.some((sign) => sign.reason === one)) ?? open[0]?.reason ?? 'not-asked';
  return { kind: 'not-gradable', reason, missing };
}

/** Of several reasons that which somebody should look into. */
const WORST: readonly NotGradable[] = [
  'value-implausible',
  'unit-unknown',
  'value-unclear',
  'no-value',
  'opted-out',
  'not-answered',
];

/** The answer that decides: the highest, else one that was given at all. */
const best = (answers: readonly Answer[]): Answer | undefined =>
  answers.find((answer) => answer.state === 'answered' && answer.value > 0) ??
  answers.find(({ state }) => state !== 'missing') ??
  answers[0];

const measuredBy = (signs: readonly Sign[]): Measured[] =>
  signs.flatMap((sign) => ('measured' in sign && sign.measured ? [sign.measured] : []));

/** Of temperatures that do not tell that which a policy has to hear of: without a unit the highest that can only be a fever, else the highest. */
function inDoubt(all: readonly Measured[]): Measured | undefined {
  const bare = all.filter(({ canonical, unit }) => canonical === undefined && unit !== 'Cel');
  const top = (some: readonly Measured[]): Measured | undefined =>
    some.reduce<Measured | undefined>((before, one) => (before && before.value >= one.value ? before : one), undefined);
  return top(bare.filter(({ value }) => isOnlyFever(value))) ?? top(bare) ?? highest(all);
}

/** The highest temperature, as it came; what has no unit of temperature comes last. */
function highest(all: readonly Measured[]): Measured | undefined {
  const celsius = ({ canonical, value, unit }: Measured): number =>
    canonical ?? (unit === 'Cel' ? value : Number.NEGATIVE_INFINITY);
  return all.reduce<Measured | undefined>((top, one) => (top && celsius(top) >= celsius(one) ? top : one), undefined);
}
