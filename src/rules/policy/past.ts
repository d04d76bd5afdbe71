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
