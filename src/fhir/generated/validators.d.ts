import type { Detail } from '../keywords.ts';

/** One error of a generated validator. */
export interface StructureError {
  /** A JSON pointer; a choice element is written `valueQuantity:value`, its JSON name and its element. */
  readonly instancePath: string;
  readonly params: Detail | { readonly type: string };
}

export interface Validator {
  (resource: unknown): boolean;
  errors: StructureError[] | null;
}

export const VALIDATORS: Readonly<Record<string, Validator>>;

/** What a constraint demands, in the specification's words, by the key of its closure. */
export const CONSTRAINTS: Readonly<Record<string, string>>;
