import type { Priority } from '../episode.ts';
import { highest, lowest } from '../finding.ts';
import type { Context } from './context.ts';
import { GRADE, type ObjectVariable, type Property } from './property.ts';

/** Lowest first. Source: HL7 FHIR R4 CodeSystem flag-priority-code. */
export const PRIORITIES: readonly Priority[] = ['PN', 'PL', 'PM', 'PH'];

/** "n of the last m": m of these. */
const LAST = [2, 3, 4, 5, 6] as const;

/** What is known of the term beside this report: each name without its percent sign. */
export const PAST: Readonly<Record<string, ObjectVariable>> = {
  previous: {
    doc: 'The last graded, not contradictory finding of the term before this report, in symptom-time order.',
    present: ({ before }) => before.previous !== undefined,
    properties: {
      grade: { type: 'integer', range: GRADE, doc: 'Its grade.', get: ({ before }) => before.previous?.grade },
      at: { type: 'dateTime', doc: 'Its symptom time.', get: ({ before }) => before.previous?.at },
      date: {
        type: 'date',
        doc: 'The calendar day of its symptom time where the patient was.',
        get: ({ before }) => before.previous?.day,
      },
    },
  },
  baseline: {
    doc: 'The recorded baseline of the term, this report included; never assumed of a first report.',
    present: ({ before }) => before.baseline !== undefined,
    properties: {
      grade: { type: 'integer', range: GRADE, doc: 'Its grade.', get: ({ before }) => before.baseline?.grade },
      at: { type: 'dateTime', doc: 'Its symptom time.', get: ({ before }) => before.baseline?.at },
    },
  },
  expected: {
    doc: 'The level that a clinician said to expect of the term, the last that was said by this report.',
    need: 'expected',
    present: ({ expected }) => expected !== undefined,
    properties: {
      level: {
        type: 'integer',
        range: GRADE,
        doc: 'The grade that is expected.',
        get: ({ expected }) => expected?.level,
      },
      until: { type: 'dateTime', doc: 'Until when.', get: ({ expected }) => expected?.until },
      inForce: {
        type: 'boolean',
        doc: 'The report is not later than that.',
        get: ({ expected, at }) => expected && at <= expected.until,
      },
    },
  },
  episode: {
    doc: 'The open episode of the term as it stood before this report; absent when none is open.',
    present: ({ episode }) => episode !== undefined,
    properties: {
      openingLevel: {
        type: 'integer',
        range: [1, 4],
        doc: 'Highest grade not excluded when it opened, at least 1.',
        get: ({ episode }) => episode?.openingLevel,
      },
      grade: {
        type: 'integer',
        range: GRADE,
        doc: 'Its grade; absent unless its outcome is `graded`.',
        get: ({ episode }) => (episode?.outcome.kind === 'graded' ? episode.outcome.grade : undefined),
      },
      min: {
        type: 'integer',
        range: GRADE,
        doc: 'Lowest grade that is certain.',
        get: ({ episode }) => episode && lowest(episode.outcome),
      },
      max: {
        type: 'integer',
        range: GRADE,
        doc: 'Highest grade that is not excluded.',
        get: ({ episode }) => episode && highest(episode.outcome),
      },
      priority: {
        type: 'string',
        values: PRIORITIES,
        doc: 'Its present priority.',
        get: ({ episode }) => episode?.priority,
      },
      start: {
        type: 'dateTime',
        doc: 'Symptom time of the report that opened it.',
        get: ({ episode }) => episode?.start,
      },
      calmDays: {
        type: 'integer',
        unit: 'day',
        least: 0,
        doc: 'Distinct days of consecutive complete reports below the opening level and at grade 1 or less, this report included.',
        get: ({ episode }) => episode?.calmDays,
      },
      reports: {
        type: 'integer',
        unit: 'report',
        least: 1,
        doc: 'Reports of the term, asked and gradable, since it opened, the opening one and this one included.',
        get: ({ episode }) => episode?.reports,
      },
    },
  },
  ...Object.fromEntries(LAST.map((m) => [`last${m}`, lastOf(m)])),
  persistence: {
    doc: 'For how long the term has stayed at a grade, this report included.',
    need: 'recent',
    present: ({ recent }) => (recent?.grades.length ?? 0) > 0,
    properties: { days1: persisting(1), days2: persisting(2), days3: persisting(3) },
  },
  burden: {
    doc: 'What the term has added up to since its first graded report, this report included.',
    need: 'burden',
    present: ({ burden }) => burden !== undefined,
    properties: {
      area: {
        type: 'decimal',
        unit: 'grade-day',
        least: 0,
        doc: 'Area under the line through the grades, over the calendar days between the days of the reports.',
        get: ({ burden }) => burden?.area,
      },
      days1: {
        type: 'decimal',
        unit: 'day',
        least: 0,
        doc: 'Calendar days between the days of two reports in a row that are both at grade 1 or above.',
        get: ({ burden }) => burden?.days1,
      },
      since: { type: 'dateTime', doc: 'Symptom time of the first graded report.', get: ({ burden }) => burden?.since },
    },
  },
};

function lastOf(m: number): ObjectVariable {
  const grades = ({ recent }: Context): readonly number[] => recent?.grades.slice(-m).map(({ grade }) => grade) ?? [];
  const count = (context: Context, level: number): number | undefined =>
    context.recent && grades(context).filter((grade) => grade >= level).length;
  const atLeast = (level: number): Property => ({
    type: 'integer',
    unit: 'report',
    range: [0, m],
    doc: `How many of them are at grade ${level} or above.`,
    get: (context) => count(context, level),
  });
  return {
    doc: `The last ${m} graded, not contradictory reports of the term, this report included where it is one.`,
    need: 'recent',
    present: ({ recent }) => recent !== undefined,
    properties: {
      reports: {
        type: 'integer',
        unit: 'report',
        range: [0, m],
        doc: `How many there are, at most ${m}.`,
        get: (context) => count(context, 0),
      },
      atLeast1: atLeast(1),
      atLeast2: atLeast(2),
      atLeast3: atLeast(3),
      worst: {
        type: 'integer',
        range: GRADE,
        doc: 'The highest of their grades; absent when there is none.',
        get: (context) =>
          grades(context).reduce<number | undefined>((worst, one) => Math.max(worst ?? 0, one), undefined),
      },
      sum: {
        type: 'integer',
        range: [0, 4 * m],
        doc: 'The sum of their grades; absent when there is none.',
        get: (context) => grades(context).reduce<number | undefined>((total, one) => (total ?? 0) + one, undefined),
      },
    },
  };
}

function persisting(level: 1 | 2 | 3): Property {
  return {
    type: 'integer',
    unit: 'day',
    least: 0,
    doc: `Calendar days from the day since when every graded report has been at grade ${level} or above to that of this report; 0 on the first day, and where the last was below.`,
    get: ({ recent, day }) => {
      if (!recent || recent.grades.length === 0) return undefined;
      const since = recent.since[level - 1];
      // A calendar that goes back, as that of a traveller does, counts nothing.
      return since === undefined ? 0 : Math.max(0, Math.round((Date.parse(day) - Date.parse(since)) / 86_400_000));
    },
  };
}
