import type { CtcaeVersion, DataQuality } from '../finding.ts';
import { type Condition, CTCAE_DATA, type CtcaeEntry, type Op } from './ctcae-data.ts';
import { tablesOf } from './ctcae-ladder.ts';
import type { Climbed } from './ladder-climb.ts';
import { compare, point } from './ladder-range.ts';

/** Answers by the names of the table's `answerFields`; what was not answered is left out. */
export type CtcaeAnswers = Readonly<Record<string, string | number | boolean>>;

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
    { ...bySeverity, unprinted: ['5.0'] },
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

/**
 * The CTCAE grade that a patient's structured answers come to, over every way in which the unanswered fields could be answered. Undefined
 * where the table does not grade by its answer fields alone (most ask for an intervention that somebody decides on). The grade is the
 * patient's proposal: `needs-clinician` says that a fact which no patient is asked could make it higher. Throws a RangeError on an answer
 * that the field does not offer.
 */
export function gradeAnswers(id: string, answers: CtcaeAnswers, version: CtcaeVersion): Climbed | undefined {
  const reading = READINGS.get(id);
  const entry = CTCAE_DATA.entries.find((one) => one.id === id);
  const steps = entry && [...tablesOf(entry, version).values()][0];
  if (!reading || !entry || !steps) return undefined;
  const { fields } = reading;
  const unanswered = fields.filter((field) => answers[field] === undefined);
  if (unanswered.length === fields.length) {
    return { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['clinical-fact'] }, dataQuality: [] };
  }
  const grades = new Set<number | undefined>();
  for (const whole of completions(entry, fields, answers)) grades.add(gradeOf(steps, reading, whole, version));
  const known = [...grades].filter((grade) => grade !== undefined);
  if (known.length === 0) {
    return {
      outcome: { kind: 'not-gradable', reason: 'needs-clinician', missing: ['clinical-fact'] },
      dataQuality: ['needs-clinician'],
    };
  }
  const min = grades.has(undefined) ? 0 : Math.min(...known);
  const max = Math.max(...known);
  const dataQuality: readonly DataQuality[] = max > 0 && isRaisable(steps, max) ? ['needs-clinician'] : [];
  if (min === max) return { outcome: { kind: 'graded', grade: min }, dataQuality };
  return { outcome: { kind: 'at-least', min, max, missing: ['clinical-fact'] }, dataQuality };
}

/** Every way to answer what is not answered. */
function* completions(entry: CtcaeEntry, fields: readonly string[], answers: CtcaeAnswers): Generator<CtcaeAnswers> {
  const [field, ...rest] = fields;
  if (field === undefined) {
    yield answers;
    return;
  }
  const offered = optionsOf(entry, field);
  const answer = answers[field];
  if (answer === undefined) {
    for (const option of offered) yield* completions(entry, rest, { ...answers, [field]: option });
    return;
  }
  const fits = typeof answer === 'number' ? answer >= 0 && typeof offered[0] === 'number' : offered.includes(answer);
  if (!fits) throw new RangeError(`Field ${field} of ${entry.id} offers ${offered.join(', ')}`);
  yield* completions(entry, rest, answers);
}

/** Counts that may be answered: more than the widest step is never needed. */
const COUNTS = Array.from({ length: 40 }, (_, count) => count);

/** What a field may be answered with, by its description in the table. */
function optionsOf({ answerFields }: CtcaeEntry, field: string): readonly (string | number | boolean)[] {
  const told = answerFields?.[field] ?? '';
  if (told === 'boolean') return [true, false];
  if (told.startsWith('integer')) return COUNTS;
  return told.replace(/ increase$/, '').split('|');
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
