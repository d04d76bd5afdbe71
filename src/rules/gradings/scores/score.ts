import { CANONICAL } from '../../../fhir/canonical.ts';
import type { Issue } from '../../../fhir/errors.ts';
import type { CompiledQuestionnaire, ItemState } from '../../../fhir/questionnaire.ts';
import type { GradingData, GradingSource } from '../grading.ts';

/** Our CodeSystem of the items and scores of every questionnaire but PRO-CTCAE. */
export const SCORE: string = `${CANONICAL}/CodeSystem/score`;

/** One score of one response. Where it cannot be told it has no value, and says what is missing: unknown is never zero. */
export interface Score {
  /** The instrument, as its Library names it, e.g. `phq-9`. */
  system: string;
  /** Version of its scoring data. */
  version: string;
  /** In our CodeSystem `score`. */
  code: string;
  /** LOINC code of the score, where it was read in a source. */
  loinc?: string;
  value?: number;
  /** EQ-5D-5L only: five ordinal digits, which are no number and are never added up. */
  profile?: string;
  /** Where there is no value: lowest and highest over every completion of what is missing; absent when nothing is known. */
  range?: { min: number; max: number };
  /** Codes of the items that are unanswered, in the order of the instrument; not empty beside a value where its rule allows that. */
  missing: readonly string[];
  reason?: NoScore;
  /** Published band; given only where every completion lies in it. */
  band?: string;
  /** At or beyond the published screening cut-off; given only where every completion agrees. */
  screenPositive?: boolean;
  unit: '{score}';
}

export type NoScore =
  /** Every item that the form asks is unanswered. */
  | 'not-answered'
  /** An item was declined, and too few others are answered. */
  | 'opted-out'
  /** Fewer items are answered than the written rule of the instrument needs. */
  | 'incomplete'
  /** None of its items is asked by the form, or shown; or the form leaves out items of a scale that needs them all. */
  | 'not-asked'
  /** An item has two answers. */
  | 'ambiguous-item';

/** A fact that may not be used yet, and what a clinician has to fill in and sign before it may. */
export interface Draft {
  id: string;
  status: 'draft';
  fact: unknown;
  confidence: string;
  fillIn: string;
  signedBy: string | null;
}

/** An item: the scores that its answers may have. */
export interface ScoreItem {
  /** In our CodeSystem `score`. */
  code: string;
  /** Short label of ours, never the wording of the item. */
  label: string;
  loinc?: string;
  values: readonly number[] | { min: number; max: number };
  /** Answers must carry their weight; a bare number would not say whether a reversed item is reversed already. */
  weightsOnly?: boolean;
}

/** What the data say of one score; bands are inclusive and do not overlap. */
export interface ScoreSpec {
  code: string;
  label: string;
  kind: 'item' | 'sum' | 'scale' | 'profile';
  loinc?: string;
  items: readonly string[];
  range?: readonly [number, number];
  bands?: readonly { min: number; max: number; code: string }[];
  screenPositive?: { op: '>=' | '<='; value: number };
}

/** The data file of an instrument. */
export interface ScoreData extends GradingData {
  licence: { note: string; confidence: string; status: string };
  source: readonly GradingSource[];
  items: readonly ScoreItem[];
  /** LOINC answers that all its items share. */
  answers?: readonly { code: string; value: number }[];
  scores: readonly ScoreSpec[];
  drafts: readonly Draft[];
}

/** One published instrument: data, and the pure functions that run it. */
export interface ScoreGrading {
  data: ScoreData;
  sources: readonly GradingSource[];
  /** Everything that is wrong with the data, empty when it is whole. */
  faults(): readonly string[];
  /** What is wrong with the items of a form that carry its codes; errors make the form unfit. */
  check(form: CompiledQuestionnaire): readonly Issue[];
  /** Its scores of one response, none when the form carries none of its items. Throws on an unfit form, and on an answer that is none of the options. */
  scoresOf(form: CompiledQuestionnaire, states: readonly ItemState[]): readonly Score[];
}

/** What one response says of one item. */
export type ItemAnswer =
  | { state: 'answered'; value: number; linkId: string }
  | { state: 'missing'; linkId: string }
  /** The form does not carry it, or hides it. */
  | { state: 'not-asked' }
  | { state: 'opted-out'; linkId: string }
  /** Two answers, which no instrument here allows. */
  | { state: 'ambiguous'; linkId: string };
