import type { Context, PolicyNeed } from './context.ts';

export type Scalar = string | number | boolean;
export type ScalarType = 'integer' | 'decimal' | 'string' | 'boolean' | 'dateTime' | 'date';

/** A value that an expression may name. `values` and `range` are closed: a comparison with any other literal is refused. */
export interface Property {
  type: ScalarType;
  doc: string;
  /** What a number counts, where it is no grade and no score: `day`, `grade-day`. */
  unit?: string;
  values?: readonly string[];
  range?: readonly [number, number];
  /** Of a number without a highest value: the lowest that it can have. */
  least?: number;
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

/** Grades of any scale that we hold: PRO-CTCAE composites 0-3, CTCAE ladders 0-4, yes/no terms and emergencies 0-1. */
export const GRADE = [0, 4] as const;
