import type { Episode, PatientFacts, Priority, TermState } from './episode.ts';
import {
  type Answer,
  type Attribute,
  type Finding,
  highest,
  lowest,
  type Report,
  type ReportFacts,
} from './finding.ts';
import { TERMS } from './gradings/pro-ctcae-data.ts';

/**
 * The language of policy conditions: which variables an expression may name, with their types and values, and which
 * functions and operators it may use. docs/policies.md is the same table for readers; a test compares the two.
 */

/** What an action does when its condition is true. */
export type ActionCode = 'open' | 'escalate' | 'de-escalate' | 'close';

/** Lowest first. Source: HL7 FHIR R4 CodeSystem flag-priority-code. */
export const PRIORITIES: readonly Priority[] = ['PN', 'PL', 'PM', 'PH'];

/**
 * What the variables take their values from: one finding, and what was known of its term before. The optional groups are there only where
 * a policy that is asked names them (PolicyNeeds); where one is left out, its variables are absent, so a condition on them is undecided.
 */
export interface Context {
  finding: Finding;
  /** Symptom time of the report, UTC instant. */
  at: string;
  /** Calendar day of `at` where the patient is. */
  day: string;
  /** The term before this report, save a baseline that this report itself records. */
  before: Pick<TermState, 'previous' | 'baseline'>;
  /** The open episode, its days of calm and reports already counting this one. */
  episode?: Episode;
  patient: PatientFacts;
  /** `recent`: the past of the term, this report counted. */
  recent?: RecentPast;
  /** `burden`: what the term has added up to, this report counted. */
  burden?: Burden;
  /** `expected`: the level that a clinician expects of the term, the last that was said by this report; in force or past. */
  expected?: ExpectedLevel;
  /** `symptoms`: grade of every term as last known, by termKey: this report's own where it grades the term, certain grades only. */
  symptoms?: Readonly<Record<string, number>>;
  /** `facts`: what was known of the patient's treatment, studies and conditions when the report came in. */
  facts?: ReportFacts;
  /** What the report came as, and (of a response) by which form: what triggers are compared with. Where it is left out every action is asked. */
  source?: { type: Report['source']['type']; form?: string };
}

/** Groups of a Context that cost something to have. */
export type PolicyNeed = 'recent' | 'burden' | 'expected' | 'symptoms' | 'facts';

/** Which groups the expressions of a policy name, or (`facts`) its useContext asks for: told when it is compiled. */
export type PolicyNeeds = ReadonlySet<PolicyNeed>;

/** The past of one term, this report counted where it is graded and not contradictory. */
export interface RecentPast {
  /** The last graded, not contradictory reports, at most 12, the oldest first. */
  grades: readonly { grade: number; at: string; day: string }[];
  /**
   * Calendar days since when each graded, not contradictory report has been at grade 1, 2 or 3 or above, at the places 0, 1 and 2.
   * Undefined where the last of them was below. However long ago: not bounded by `grades`.
   */
  since: readonly [one: string | undefined, two: string | undefined, three: string | undefined];
}

/** Cumulative burden of one term. */
export interface Burden {
  /** Grade times days: the area under the line through the graded, not contradictory reports. */
  area: number;
  /** Days between reports on which that line was, at both of its ends, at grade 1 or above. */
  days1: number;
  /** Symptom time of the first of them, UTC instant. */
  since: string;
}

/** A level that a clinician expects of a term until a moment. */
export interface ExpectedLevel {
  level: number;
  /** UTC instant; in force up to it and at it. */
  until: string;
}

export type Scalar = string | number | boolean;
export type ScalarType = 'integer' | 'string' | 'boolean' | 'dateTime' | 'date';

/** A value that an expression may name. `values` and `range` are closed: a comparison with any other literal is refused. */
export interface Property {
  type: ScalarType;
  doc: string;
  values?: readonly string[];
  range?: readonly [number, number];
  get: (context: Context) => Scalar | undefined;
}

/** `%name` that has properties. When it is absent, it and all its properties are empty. */
export interface ObjectVariable {
  doc: string;
  /** The group of the Context that it takes its values from, where that is an optional one. */
  need?: PolicyNeed;
  present: (context: Context) => boolean;
  properties: Readonly<Record<string, Property>>;
}

const GRADE = [0, 3] as const;
const SCORE = [0, 4] as const;

const FINDING: ObjectVariable = {
  doc: 'What this report says of the term.',
  present: () => true,
  properties: {
    term: {
      type: 'string',
      values: TERMS.map(({ code }) => code),
      doc: 'Code of the term in our CodeSystem `pro-ctcae`, such as `PROCTCAE_9_COMP`.',
      get: ({ finding }) => finding.term,
    },
    kind: {
      type: 'string',
      values: ['composite', 'presence', 'text'],
      doc: 'composite: graded 0-3; presence: 0 no, 1 yes; text: a write-in symptom.',
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
  },
};

/** Every object variable, by name without its percent sign. */
export const OBJECTS: Readonly<Record<string, ObjectVariable>> = {
  finding: FINDING,
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
  episode: {
    doc: 'The open episode of the term as it stood before this report; absent when none is open.',
    present: ({ episode }) => episode !== undefined,
    properties: {
      openingLevel: {
        type: 'integer',
        range: [1, 3],
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
        doc: 'Distinct days of consecutive complete reports below the opening level and at grade 1 or less, this report included.',
        get: ({ episode }) => episode?.calmDays,
      },
      reports: {
        type: 'integer',
        doc: 'Reports of the term, asked and gradable, since it opened, the opening one and this one included.',
        get: ({ episode }) => episode?.reports,
      },
    },
  },
  patient: {
    doc: 'The patient.',
    present: () => true,
    properties: {
      gender: {
        type: 'string',
        values: ['male', 'female', 'other', 'unknown'],
        doc: 'Patient.gender.',
        get: ({ patient }) => patient.gender,
      },
      birthDate: {
        type: 'date',
        doc: 'Patient.birthDate, possibly only a year or a month.',
        get: ({ patient }) => patient.birthDate,
      },
    },
  },
};

/** Every variable that is a value itself. */
export const VALUES: Readonly<Record<string, Property>> = {
  now: { type: 'dateTime', doc: 'Symptom time of the report; never the wall clock.', get: ({ at }) => at },
  // `day` is a keyword of FHIRPath.
  date: { type: 'date', doc: 'Calendar day of the report where the patient is.', get: ({ day }) => day },
};

/** Functions that may be called, all without arguments. */
export const FUNCTIONS = ['exists', 'empty', 'not', 'count'] as const;

/** Durations that may be added to or subtracted from a date, each also in the plural. */
export const DURATIONS = ['year', 'month', 'week', 'day'] as const;

/** Longest expression, in characters; and most variables, members, calls, operators and literals in one. */
export const MAX_LENGTH = 1000;
export const MAX_NODES = 200;

/** Graded, not contradictory, and no score missing. An empty text leaves no score open. */
export function isComplete(finding: Finding): boolean {
  if (finding.outcome.kind !== 'graded' || isContradictory(finding)) return false;
  const { frequency, severity, interference, amount, presence } = finding.attributes;
  return isKnown(frequency) && isKnown(severity) && isKnown(interference) && isKnown(amount) && isKnown(presence);
}

export function isContradictory(finding: Finding): boolean {
  return finding.dataQuality.includes('contradictory');
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
      get: ({ finding: { attributes } }) => (attributes[attribute]?.state ?? 'not-asked') !== 'not-asked',
    },
  };
}

/** Nothing is open about an attribute: it has a score, or the published term does not have it. */
const isKnown = (answer: Answer | undefined): boolean => answer === undefined || scoreOf(answer) !== undefined;

/** A score: answered, or the true 0 of a hidden item. Every other absence has none. */
export function scoreOf(answer: Answer | undefined): number | undefined {
  return answer?.state === 'answered' || answer?.state === 'hidden' ? answer.value : undefined;
}
