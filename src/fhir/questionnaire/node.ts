import type { QuestionnaireItem, QuestionnaireResponseItem, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
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
}

export const NOTHING: readonly never[] = [];
