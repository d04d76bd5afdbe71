import type { QuestionnaireItem, QuestionnaireResponseItem, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { FhirError, fault } from '../errors.ts';
import type { CompiledItem } from './model.ts';

/** An item of the form with what the walk needs. */
export interface Node extends CompiledItem {
  readonly source: QuestionnaireItem;
  /** FHIRPath of the item in the form, e.g. `Questionnaire.item[0].item[2]`. */
  readonly place: string;
  /** Its ancestors from the root down, itself last; its own depth is their number less one. */
  readonly chain: readonly Node[];
  /** Its position among its siblings. */
  readonly index: number;
  readonly children: readonly Node[];
  readonly level: Level;
  /**
   * linkIds of the questions whose enableWhen conditions disable it in a scope; none when it is enabled.
   * What disables an item above it is not among them.
   */
  failing(scope: Scope): readonly string[];
}

/** Items that stand side by side in the form. */
export interface Level {
  readonly nodes: readonly Node[];
  readonly byLinkId: ReadonlyMap<string, Node>;
}

/** One response item and its position in its list. */
export interface Entry {
  readonly item: QuestionnaireResponseItem;
  readonly at: number;
}

/** One list of response items: those of the response, of one instance of a group, or beneath one answer. */
export interface Scope {
  /** By the index of the item in the form. */
  readonly slots: readonly (readonly Entry[] | undefined)[];
  readonly up?: Scope;
  /** The item that would own the list is not in the response. */
  readonly absent?: boolean;
  /** The answer that the list stands beneath. */
  readonly answer?: QuestionnaireResponseItemAnswer;
  /** What may still be looked at on this walk. */
  readonly budget?: Budget;
}

/**
 * How many steps one walk may take: a form of 1,000 items in a group that a response repeats 1,000 times would keep the process
 * busy, and its memory full, for all who wait. Real reports take a few hundred.
 */
export const MOST_STEPS = 250_000;

/** Steps left of a walk. */
export interface Budget {
  left: number;
}

/** Takes steps off a budget. Throws 422 when it is spent. */
export function spend(budget: Budget | undefined, steps: number): void {
  if (!budget) return;
  budget.left -= steps;
  if (budget.left >= 0) return;
  const said = 'The response repeats so much of its form that it cannot be checked; expected fewer repetitions';
  throw new FhirError([fault('too-costly', said, 'QuestionnaireResponse.item')], { status: 422 });
}

export const NOTHING: readonly never[] = [];
