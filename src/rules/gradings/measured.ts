/** What the CTCAE ladders climb with: results as they were received, and the recorded baselines that they are compared with. */

/** One measured result of one analyte. Numbers are exact as received; units are UCUM codes. */
export interface MeasuredInput {
  /** LOINC codes of the result, the code that says most first. */
  loinc: readonly string[];
  /** Absent where the result has no number. */
  value?: number;
  /** The result is a range from `value` up to this, both ends within it. */
  upTo?: number;
  /** The value is a bound, as in `< 0.2`. */
  comparator?: '<' | '<=' | '>=' | '>';
  /** Something came in place of a number: a text, a code, a ratio. It is kept where it came, and tells nothing here. */
  unclear?: true;
  /** Absent where no UCUM unit came with the number. */
  unit?: string;
  /** Limits of normal of the same result, in `unit` unless `limitUnit` says another. */
  low?: number;
  high?: number;
  limitUnit?: string;
  /** Clinical facts that somebody has stated, by the words of the CTCAE table: `fasting`, `resting`… What is left out is not known. */
  facts?: Readonly<Record<string, boolean>>;
  /** Age of the patient when it was measured, in years. */
  ageYears?: number;
}

/** A recorded baseline of one analyte, with the limits of normal that came with it. */
export interface MeasuredBaseline {
  value: number;
  unit: string;
  low?: number;
  high?: number;
  limitUnit?: string;
  /** Its symptom time, UTC instant. */
  at: string;
  source: { type: string; id: string; version: number };
}

/** Baselines in force at one symptom time, by LOINC code of the result. */
export type MeasuredBaselines = Readonly<Record<string, MeasuredBaseline>>;
