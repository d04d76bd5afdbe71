import type { ShapeRow } from '../summary.ts';

export const SUMMARY: {
  readonly shapes: Readonly<Record<string, ShapeRow>>;
  /** By type, or path of a part of a type: the members that a summary keeps, each with the name of the row for its content ('': all of it). */
  readonly nested: Readonly<Record<string, Readonly<Record<string, string>>>>;
};
