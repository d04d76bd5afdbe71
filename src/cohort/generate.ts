import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import { EXTENSION, SYSTEM, TERMS as TERM_SYSTEMS } from '../rules/resources/codes.ts';
import {
  type CohortOptions,
  DAY_MILLIS,
  type Entry,
  HOUR_MILLIS,
  identifierOf,
  localTime,
  type Planted,
  START,
} from './entry.ts';
import { answersOf, FORM_CANONICAL, gradeOf, type Skips, TERMS } from './form.ts';
import { ANALYTES, FEVER, homeReading, labResult, ordinaryValue } from './measurements.ts';
import { type Plan, planOf } from './plan.ts';
import { type Random, randomOf } from './random.ts';
import { REGIMENS, type Regimen } from './regimens.ts';
import { course, type Scores, worst } from './symptoms.ts';

/** Shares of the weekly reports. */
const FORGOTTEN = 0.09;
const LATE = 0.07;
const SENT_TWICE = 0.04;
const CORRECTED = 0.03;
const DROPS_OUT = 0.008;
const SKIPS_LAST = 0.012;
const SKIPS_TERM = 0.004;
/** Patients whose first report is recorded as their baseline. */
const RECORDED_BASELINE = 0.85;

/**
 * A cohort of patients who do not exist, patient by patient, each in the order of arrival: the Patient, the treatment, weekly reports
 * (some forgotten, late, sent twice or corrected later, until some drop out), home vitals, a laboratory draw at the beginning and in the
 * middle of each cycle, and planted severe events. The same options give the same entries on every machine.
 */
export function* cohort(options: CohortOptions): Generator<Entry> {
  for (let index = 0; index < options.patients; index += 1) yield* patientEntries(index, options);
}

/** What happened to one patient, before it is put in order. */
interface Life {
  id: string;
  regimen: Regimen;
  plan: Plan;
  /** Unix milliseconds of midnight, week 0. */
  start: number;
  weeks: number;
  /** Week of the last report. */
  last: number;
}

function patientEntries(index: number, { weeks, seed, start }: CohortOptions): Entry[] {
  const number = String(index + 1).padStart(4, '0');
  // What happens to a patient is drawn by this alone: on other days it is the same.
  const drawn = `s${seed}w${weeks}-${number}`;
  // The same patient on other days is another one, or nothing would be made of them beside the first.
  const id = start === START ? drawn : `s${seed}w${weeks}d${start.replaceAll('-', '')}-${number}`;
  const random = randomOf(drawn);
  const plan = planOf(index, weeks, random);
  const regimen = random.pick(REGIMENS);
  const life: Life = {
    id,
    regimen,
    plan,
    start: Date.parse(`${start}T00:00:00Z`) + random.below(28) * DAY_MILLIS,
    weeks,
    last: lastWeek(plan, weeks, random),
  };
  const entries = [
    ...reports(life, random),
    ...draws(life, randomOf(`${drawn}/laboratory`)),
    ...vitals(life, randomOf(`${drawn}/home`)),
  ];
  const begun = localTime(life.start - 2 * DAY_MILLIS);
  return [
    {
      kind: 'patient',
      arrives: begun,
      resource: {
        resourceType: 'Patient',
        id,
        meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }] },
        identifier: [identifierOf(id)],
        name: [{ text: `Synthetic cohort, nobody ${number}` }],
        gender: random.chance(0.55) ? 'female' : 'male',
        birthDate: String(1940 + random.below(50)),
      },
    },
    {
      kind: 'treatment',
      arrives: begun,
      resource: {
        resourceType: 'MedicationStatement',
        id: `${id}-treatment`,
        identifier: [identifierOf(`${id}-treatment`)],
        status: 'active',
        category: { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] },
        medicationCodeableConcept: { text: regimen.name },
        subject: { reference: `Patient/${id}` },
        effectivePeriod: { start: localTime(life.start + 3 * DAY_MILLIS) },
      },
    },
    ...entries.sort((a, b) => Date.parse(a.arrives) - Date.parse(b.arrives)),
  ];
}

/** The week after which a patient reports no more: the last one, or earlier, but not before what was planted. */
function lastWeek({ symptom }: Plan, weeks: number, random: Random): number {
  for (let week = 3; week < weeks; week += 1) {
    if (random.chance(DROPS_OUT)) return Math.max(week, (symptom?.week ?? 0) + 1);
  }
  return weeks - 1;
}

function reports({ id, regimen, plan, start, weeks, last }: Life, random: Random): Entry[] {
  const entries: Entry[] = [];
  const recorded = random.chance(RECORDED_BASELINE);
  let week = -1;
  for (const scores of course(random, regimen, weeks)) {
    week += 1;
    const event = plan.symptom?.week === week ? plan.symptom : undefined;
    // Drawn whether they are used or not, so that one chance does not shift the others.
    const day = start + week * 7 * DAY_MILLIS + (random.below(3) - 1) * DAY_MILLIS;
    const at = day + (7 + random.below(14)) * HOUR_MILLIS + random.below(3600) * 1000;
    const [forgotten, late, twice, corrected] = [FORGOTTEN, LATE, SENT_TWICE, CORRECTED].map((p) => random.chance(p));
    const delay = late || event?.how === 'late' ? (8 + random.below(9)) * DAY_MILLIS : 60_000;
    const skips = skipsOf(random, event?.term.group);
    const changed = correctedScores(scores, random);
    if (week > last || (forgotten && !event && week > 0)) continue;

    const severe = new Map(scores);
    if (event) severe.set(event.term.group, worst(event.term.items));
    const source = `${id}-r${String(week).padStart(2, '0')}`;
    const response = (told: Scores, status: QuestionnaireResponse['status'], left: Skips): QuestionnaireResponse => ({
      resourceType: 'QuestionnaireResponse',
      id: source,
      ...(week === 0 && recorded ? { extension: [{ url: EXTENSION.baselineReport, valueBoolean: true }] } : {}),
      identifier: identifierOf(source),
      questionnaire: FORM_CANONICAL,
      status,
      subject: { reference: `Patient/${id}` },
      authored: localTime(at),
      item: answersOf(told, left),
    });
    const planted: Planted | undefined = event && {
      kind: 'symptom',
      how: event.how,
      patient: id,
      source,
      at: new Date(at).toISOString(),
      system: 'pro-ctcae',
      term: event.term.code,
      grades: { '1.0': gradeOf(event.term, worst(event.term.items)) },
      flag: `${TERM_SYSTEMS['pro-ctcae']}|${event.term.code}`,
    };
    const first = event?.how === 'amended' ? scores : severe;
    const firstSkips = event?.how === 'amended' ? new Map() : skips;
    const arrives = localTime(at + delay);
    entries.push({
      kind: 'response',
      arrives,
      resource: response(first, 'completed', firstSkips),
      ...(planted && event?.how !== 'amended' ? { planted } : {}),
    });
    if (twice || event?.how === 'duplicated') {
      entries.push({
        kind: 'duplicate',
        arrives: localTime(at + delay + 90_000),
        resource: response(first, 'completed', firstSkips),
      });
    }
    if (corrected || event?.how === 'amended') {
      const told = event ? severe : changed;
      entries.push({
        kind: 'amendment',
        arrives: localTime(at + delay + (20 + random.below(30)) * HOUR_MILLIS),
        resource: response(told, 'amended', firstSkips),
        ...(planted && event?.how === 'amended' ? { planted } : {}),
      });
    }
  }
  return entries;
}

/** What is left out of a report; never of the term of a planted event. */
function skipsOf(random: Random, planted: string | undefined): Skips {
  const skips = new Map<string, 'last' | 'all'>();
  for (const { group } of TERMS) {
    const [last, all] = [random.chance(SKIPS_LAST), random.chance(SKIPS_TERM)];
    if (group !== planted && (last || all)) skips.set(group, all ? 'all' : 'last');
  }
  return skips;
}

/** A correction: one term is one step higher or lower than it was said to be. */
function correctedScores(scores: Scores, random: Random): Scores {
  const term = TERMS[random.below(TERMS.length)];
  const step = random.chance(0.5) ? 1 : -1;
  const said = (term && scores.get(term.group)) ?? [];
  const meant = said.map((score) => Math.max(0, Math.min(4, score + step)));
  return term ? new Map([...scores, [term.group, meant]]) : scores;
}

/** A draw two days before each cycle and one in its middle; a planted value stands in a draw of its own. */
function draws({ id, regimen, plan, start, weeks }: Life, random: Random): Entry[] {
  const entries: Entry[] = [];
  const half = regimen.cycleDays / 2;
  for (let number = 0; number * half < weeks * 7; number += 1) {
    const millis = start + Math.floor(number * half + 1) * DAY_MILLIS + 6.5 * HOUR_MILLIS;
    const fall = number % 2 === 1 ? regimen.nadir * (0.7 + 0.3 * random.next()) : 0;
    for (const analyte of ANALYTES) {
      const observation = `${id}-l${String(number).padStart(2, '0')}-${analyte.name}`;
      const resource = labResult(observation, id, millis, analyte, ordinaryValue(analyte, random, fall));
      entries.push({ kind: 'lab', arrives: localTime(millis + 5 * HOUR_MILLIS), resource });
    }
  }
  if (plan.lab) {
    const { week, analyte } = plan.lab;
    const millis = start + (week * 7 + 2) * DAY_MILLIS + 10 * HOUR_MILLIS;
    const source = `${id}-l-severe-${analyte.name}`;
    entries.push({
      kind: 'lab',
      arrives: localTime(millis + 3 * HOUR_MILLIS),
      resource: labResult(source, id, millis, analyte, analyte.severe.value),
      planted: plantedMeasurement('lab', id, source, millis, analyte.severe),
    });
  }
  return entries;
}

/** A temperature and a weight each week, and a planted fever. */
function vitals({ id, plan, start, last }: Life, random: Random): Entry[] {
  const entries: Entry[] = [];
  const weight = 55 + 35 * random.next();
  const trend = 0.08 * random.normal();
  for (let week = 0; week <= last; week += 1) {
    const millis = start + week * 7 * DAY_MILLIS + (6 * 60 + random.below(90)) * 60_000;
    const kilograms = Number((weight + trend * week + 0.3 * random.normal()).toFixed(1));
    const celsius = Number(Math.min(37.6, 36.7 + 0.25 * random.normal()).toFixed(1));
    const suffix = String(week).padStart(2, '0');
    const arrives = localTime(millis + 60_000);
    entries.push(
      { kind: 'vital', arrives, resource: homeReading(`${id}-t${suffix}`, id, millis, 'temperature', celsius) },
      { kind: 'vital', arrives, resource: homeReading(`${id}-w${suffix}`, id, millis, 'weight', kilograms) },
    );
  }
  if (plan.fever) {
    const millis = start + (plan.fever.week * 7 + 4) * DAY_MILLIS + 20 * HOUR_MILLIS;
    const source = `${id}-t-fever`;
    entries.push({
      kind: 'vital',
      arrives: localTime(millis + 60_000),
      resource: homeReading(source, id, millis, 'temperature', FEVER.celsius),
      planted: plantedMeasurement('vital', id, source, millis, FEVER),
    });
  }
  return entries;
}

const plantedMeasurement = (
  kind: 'lab' | 'vital',
  patient: string,
  source: string,
  millis: number,
  { term, grades, flag }: Pick<Planted, 'term' | 'grades' | 'flag'>,
): Planted => ({
  kind,
  how: 'on-time',
  patient,
  source,
  at: new Date(millis).toISOString(),
  system: 'ctcae',
  term,
  grades,
  ...(flag === undefined ? {} : { flag }),
});
