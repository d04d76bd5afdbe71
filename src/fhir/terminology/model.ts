/** A code that may be chosen. `ordinal` is its weight, where the CodeSystem or the ValueSet gives one. */
export interface Concept {
  system: string;
  code: string;
  display?: string;
  ordinal?: number;
  inactive?: boolean;
  /** Of the CodeSystem, where the ValueSet asks for one. */
  version?: string;
}
