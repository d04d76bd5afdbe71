import type { CtcaeVersion, DataQuality } from '../finding.ts';
import { type Condition, CTCAE_DATA, type CtcaeEntry, type Op } from './ctcae-data.ts';
import { tablesOf } from './ctcae-ladder.ts';
import type { Climbed } from './ladder-climb.ts';
import { compare, point } from './ladder-range.ts';

/** Answers by the names of the table's `answerFields`; what was not answered is left out. */
export type CtcaeAnswers = Readonly<Record<string, string | number | boolean>>;

/**
 * What a patient says of the term being there at all, which the table has no field for, since its steps begin with what is there: `open` was
 * asked and not answered, `both` was said both ways.
 */
export type Presence = 'not-asked' | 'open' | 'there' | 'absent' | 'both';

/** What one complete set of answers says, in the words of the table. */
interface Said {
  flags: readonly string[];
  numbers: Readonly<Record<string, number>>;
}

/** How the answers of an entry are read. */
interface AnswerReading {
  /** The fields that have a part in the grade. */
  fields: readonly string[];
  read(answers: CtcaeAnswers): Said;
  /** Flags of one grade hold together instead of each for itself. */
  conjunction?: boolean;
  /** Versions in which answers that reach no step have no grade, instead of grade 0. */
  unprinted?: readonly CtcaeVersion[];
  /** Its own fields tell whether it is there: nobody is asked that beside them. */
  tellsPresence?: true;
  /** A field whose answer others speak against, in a way that the table does not know: what it would be otherwise is considered too. */
  disputed?: (answers: CtcaeAnswers) => string | undefined;
}

const limits = ({ limitsIADL, limitsSelfCare }: CtcaeAnswers): string[] => [
  ...(limitsIADL === true ? ['limits_iadl'] : []),
  ...(limitsSelfCare === true ? ['limits_self_care'] : []),
];

const bySeverity: AnswerReading = {
  fields: ['severity', 'limitsIADL', 'limitsSelfCare'],
  read: (answers) => ({ flags: [String(answers.severity), ...limits(answers)], numbers: {} }),
};

const EXERTION: Readonly<Record<string, string>> = {
  moderate: 'moderate_exertion',
  minimal: 'minimal_exertion',
  rest: 'at_rest',
};

/** Entries whose every step that a patient can answer is answered by the fields, word for word. */
const READINGS: ReadonlyMap<string, AnswerReading> = new Map([
  ...CTCAE_DATA.entries
    .filter(({ answerFields }) => isSeverity(answerFields))
    .map(({ id }) => [id, bySeverity] as const),
  [
    'peripheral_sensory_neuropathy',
    // v5.0 grade 1 is a sign that only an examination finds.
    { ...bySeverity, unprinted: ['5.0'], tellsPresence: true },
  ],
  [
    'dyspnea',
    {
      fields: ['exertion', 'limitsIADL', 'limitsSelfCare'],
      read: (answers) => ({ flags: [EXERTION[String(answers.exertion)] ?? '', ...limits(answers)], numbers: {} }),
    },
  ],
  [
    'fatigue',
    {
      fields: ['relievedByRest', 'limitsIADL', 'limitsSelfCare'],
      read: (answers) => ({
        flags: [answers.relievedByRest === true ? 'relieved_by_rest' : 'not_relieved_by_rest', ...limits(answers)],
        numbers: {},
      }),
      conjunction: true,
      unprinted: ['5.0', '6.0'],
      // Both steps that speak of limits speak of a fatigue that rest does not relieve.
      disputed: (answers) =>
        answers.relievedByRest === true && limits(answers).length > 0 ? 'relievedByRest' : undefined,
    },
  ],
  [
    'diarrhea',
    {
      fields: ['stoolsPerDay', 'baselineStoolsPerDay', 'ostomy', 'limitsIADL', 'limitsSelfCare', 'hospitalisation'],
      read: (answers) => ({
        flags: [
          `ostomy_${answers.ostomy}_increase`,
          ...limits(answers),
          ...(answers.hospitalisation === true ? ['hospitalisation_indicated'] : []),
        ],
        numbers: { increaseOverBaseline: Number(answers.stoolsPerDay) - Number(answers.baselineStoolsPerDay) },
      }),
      // Stools over the usual number are counted, and are diarrhoea whatever the patient calls it.
      tellsPresence: true,
    },
  ],
  [
    'alopecia',
    {
      fields: ['percentLost'],
      read: ({ percentLost }) => ({
        flags: [
          percentLost === '>=50'
            ? 'loss_50_percent_or_more_obvious'
            : 'loss_under_50_percent_not_obvious_from_distance',
        ],
        numbers: {},
      }),
    },
  ],
]);

function isSeverity(fields: CtcaeEntry['answerFields']): boolean {
  return (
    fields !== undefined &&
    Object.keys(fields).join() === bySeverity.fields.join() &&
    !fields.severity?.startsWith('none')
  );
}

/** Terms that structured answers grade, by id. */
export const GRADED_BY_ANSWERS: readonly string[] = [...READINGS.keys()];

/** One input of a term: what it may be answered with. Counts have no list. */
export interface AnswerField {
  name: string;
  kind: 'boolean' | 'count' | 'code';
  codes: readonly string[];
}

/** The inputs of a term that have a part in its grade, by the table's `answerFields`; none of a term that answers do not grade. */
export function answerFieldsOf(id: string): readonly AnswerField[] {
  const known = FIELDS.get(id);
  if (known) return known;
  const entry = CTCAE_DATA.entries.find((one) => one.id === id);
  const fields = (READINGS.get(id)?.fields ?? []).map((name) => fieldOf(name, entry?.answerFields?.[name] ?? ''));
  FIELDS.set(id, fields);
  return fields;
}

const FIELDS = new Map<string, readonly AnswerField[]>();

function fieldOf(name: string, told: string): AnswerField {
  if (told === 'boolean') return { name, kind: 'boolean', codes: [] };
  if (told.startsWith('integer')) return { name, kind: 'count', codes: [] };
  return { name, kind: 'code', codes: told.replace(/ increase$/, '').split('|') };
}

/** Whether a form may ask if the term is there at all: not where its own fields tell. */
export const asksPresence = (id: string): boolean => {
  const reading = READINGS.get(id);
  return reading !== undefined && reading.tellsPresence !== true;
};

/**
 * The CTCAE grade that a patient's structured answers come to, over every way in which the unanswered fields could be answered. Undefined
 * where the table does not grade by its answer fields alone (most ask for an intervention that somebody decides on). What is not there is grade
 * 0: no step of the table is about it. The grade is the patient's proposal: `needs-clinician` says that a fact which no patient is asked could
 * make it higher, `contradictory` that the term is denied and described at once, or that answers speak against each other. Throws a RangeError on an answer that the field does not offer.
 */
export function gradeAnswers(
  id: string,
  answers: CtcaeAnswers,
  version: CtcaeVersion,
  presence: Presence = 'not-asked',
): Climbed | undefined {
  const reading = READINGS.get(id);
  const entry = CTCAE_DATA.entries.find((one) => one.id === id);
  const steps = entry && [...tablesOf(entry, version).values()][0];
  if (!reading || !entry || !steps) return undefined;
  const fields = answerFieldsOf(id);
  const blank = fields.every(({ name }) => answers[name] === undefined);
  if (blank && (presence === 'not-asked' || presence === 'open')) {
    return { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['clinical-fact'] }, dataQuality: [] };
  }
  const described = fields.some(({ name }) => describes(answers[name]));
  const denied = presence === 'absent' || presence === 'both';
  const disputed = reading.disputed?.(answers);
  const grades = new Set<number | undefined>();
  if (presence !== 'absent' || described) {
    for (const given of disputed === undefined ? [answers] : [answers, without(answers, disputed)]) {
      for (const whole of completions(entry, fields, given)) grades.add(gradeOf(steps, reading, whole, version));
    }
  }
  if (denied || (presence === 'open' && !described)) grades.add(0);
  const contradictory = disputed !== undefined || (denied && (described || presence === 'both'));
  return climbedOf(grades, (max) => [
    ...(contradictory ? (['contradictory'] as const) : []),
    ...(max > 0 && isRaisable(steps, max) ? (['needs-clinician'] as const) : []),
  ]);
}

const without = (answers: CtcaeAnswers, field: string): CtcaeAnswers =>
  Object.fromEntries(Object.entries(answers).filter(([name]) => name !== field));

/** The grade where all say the same, else the range of them; `undefined` among them may be any that is lower. */
function climbedOf(
  grades: ReadonlySet<number | undefined>,
  qualityOf: (max: number) => readonly DataQuality[],
): Climbed {
  const known = [...grades].filter((grade) => grade !== undefined);
  if (known.length === 0) {
    return {
      outcome: { kind: 'not-gradable', reason: 'needs-clinician', missing: ['clinical-fact'] },
      dataQuality: [...qualityOf(0), 'needs-clinician'],
    };
  }
  const min = grades.has(undefined) ? 0 : Math.min(...known);
  const max = Math.max(...known);
  const dataQuality = qualityOf(max);
  if (min === max) return { outcome: { kind: 'graded', grade: min }, dataQuality };
  return { outcome: { kind: 'at-least', min, max, missing: ['clinical-fact'] }, dataQuality };
}

/** Whether an answer tells of something that is there. A no to whether rest relieves it may be said of nothing. */
const describes = (answer: CtcaeAnswers[string] | undefined): boolean =>
  answer === true || (typeof answer === 'string' && answer !== 'none');

/** Every way to answer what is not answered. */
function* completions(
  entry: CtcaeEntry,
  fields: readonly AnswerField[],
  answers: CtcaeAnswers,
): Generator<CtcaeAnswers> {
  const [field, ...rest] = fields;
  if (field === undefined) {
    yield answers;
    return;
  }
  const answer = answers[field.name];
  if (answer === undefined) {
    for (const option of optionsOf(field, answers)) {
      yield* completions(entry, rest, { ...answers, [field.name]: option });
    }
    return;
  }
  if (!isOffered(field, answer)) throw new RangeError(`Field ${field.name} of ${entry.id} does not offer ${answer}`);
  yield* completions(entry, rest, answers);
}

/** Whether a field may be answered so. */
export function isOffered({ kind, codes }: AnswerField, answer: string | number | boolean): boolean {
  if (kind === 'boolean') return typeof answer === 'boolean';
  if (kind === 'count') return Number.isInteger(answer) && Number(answer) >= 0;
  return typeof answer === 'string' && codes.includes(answer);
}

/** More than the widest step of a count over another. */
const WIDE = 9;

/** What an unanswered field could be answered with: of counts none, and all that may lie within a step of the other count. */
function optionsOf({ kind, codes }: AnswerField, answers: CtcaeAnswers): readonly (string | number | boolean)[] {
  if (kind === 'boolean') return [true, false];
  if (kind === 'code') return codes;
  const other = Object.values(answers).find((answer) => typeof answer === 'number') ?? 0;
  const near = Array.from({ length: 2 * WIDE + 1 }, (_, index) => other - WIDE + index);
  return [...new Set([0, ...near.filter((count) => count >= 0)])];
}

function gradeOf(
  steps: Readonly<Partial<Record<string, Condition>>>,
  reading: AnswerReading,
  answers: CtcaeAnswers,
  version: CtcaeVersion,
): number | undefined {
  const said = reading.read(answers);
  for (const grade of [4, 3, 2, 1]) {
    const condition = steps[String(grade)];
    if (condition && holds(condition, said, reading.conjunction === true)) return grade;
  }
  return reading.unprinted?.includes(version) ? undefined : 0;
}

function holds({ any, all, flags, increaseOverBaseline }: Condition, said: Said, conjunction: boolean): boolean {
  if (any) return any.some((one) => holds(one, said, conjunction));
  if (all) return all.every((one) => holds(one, said, conjunction));
  if (flags) {
    const is = (flag: string) => said.flags.includes(flag);
    return conjunction ? flags.every(is) : flags.some(is);
  }
  return increaseOverBaseline !== undefined && isSo(said.numbers.increaseOverBaseline, increaseOverBaseline);
}

const isSo = (number: number | undefined, { op, value }: { op: Op; value: number }): boolean =>
  number !== undefined && compare(point(number), op, point(value)) === true;

/** Whether a higher step could hold by a fact that no patient is asked. */
function isRaisable(steps: Readonly<Partial<Record<string, Condition>>>, grade: number): boolean {
  return Object.keys(steps).some((step) => Number(step) > grade && /"flags"/.test(JSON.stringify(steps[step])));
}
