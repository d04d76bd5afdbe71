import type { ObjectVariable, Property } from './policy/property.ts';
import { FINDING } from './policy/variables-finding.ts';
import { PAST } from './policy/variables-past.ts';
import { PATIENT } from './policy/variables-patient.ts';

/**
 * The language of policy conditions: which variables an expression may name, with their types and values, and which
 * functions and operators it may use. docs/policies.md is the same table for readers; a test compares the two.
 */

export { isComplete, isContradictory, scoreOf } from './policy/completeness.ts';
export type { Context, PolicyNeed, PolicyNeeds } from './policy/context.ts';
export type { Burden, ExpectedLevel, RecentPast } from './policy/past.ts';
export type { ObjectVariable, Property, Scalar, ScalarType } from './policy/property.ts';
export { PRIORITIES } from './policy/variables-past.ts';

/** What an action does when its condition is true. */
export type ActionCode = 'open' | 'escalate' | 'de-escalate' | 'close';

/** Every object variable, by name without its percent sign. */
export const OBJECTS: Readonly<Record<string, ObjectVariable>> = { finding: FINDING, ...PAST, ...PATIENT };

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
