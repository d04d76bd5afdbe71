import type { Interval } from '../dates.ts';
import type { SearchParam } from '../search-parameters.ts';

/** What one search parameter asks. Alternatives within a filter are joined by "or", filters by "and". */
export type Filter =
  | { kind: 'id'; ids: readonly string[]; not?: boolean }
  | { kind: 'lastUpdated'; ranges: readonly DateRange[] }
  /** Everything of one patient: the compartment that a path names. */
  | { kind: 'compartment'; patient: string }
  | { kind: 'missing'; param: SearchParam; missing: boolean }
  | KeysFilter
  | { kind: 'date'; param: SearchParam; ranges: readonly DateRange[] }
  | { kind: 'number'; param: SearchParam; ranges: readonly NumberRange[] }
  | { kind: 'quantity'; param: SearchParam; ranges: readonly QuantityRange[] }
  | { kind: 'string'; param: SearchParam; how: 'starts' | 'exact' | 'contains'; texts: readonly string[] }
  | { kind: 'uri-below'; param: SearchParam; uris: readonly string[] }
  /** The words that stand beside a code. `texts` are normalised. */
  | { kind: 'text'; param: SearchParam; texts: readonly string[] }
  /** Each alternative asks one thing of each component, all of one element. */
  | { kind: 'composite'; param: SearchParam; alternatives: readonly (readonly ComponentFilter[])[] }
  /** What the reference points to, by type, fulfils the filter. */
  | { kind: 'chain'; param: SearchParam; targets: readonly { type: string; filter: Filter }[] }
  /** A resource of `type` that fulfils the filter points here by `param`. */
  | { kind: 'has'; type: string; param: SearchParam; filter: Filter }
  /** Fulfilled by everything, or by nothing. */
  | { kind: 'constant'; holds: boolean };

/** Tokens, references and URIs, as the texts that the index knows them by. */
export interface KeysFilter {
  kind: 'keys';
  param: SearchParam;
  keys: readonly string[];
  not?: boolean;
  /** Under which name the keys are indexed, where it is not the parameter's own: an identifier with its type, a reference by identifier. */
  variant?: 'of-type' | 'identifier';
  /** False when the keys may stand for more than was asked, so that a hit has to be looked at. */
  exact: boolean;
  /** A canonical is meant as it is written: without a version it is not any version. */
  whole?: boolean;
  /** With `exact` false: what was asked, in its parts. */
  tokens?: readonly Token[];
}

/** A token that was searched: no system asked, or one, or ('') none. */
export interface Token {
  system?: string;
  code: string;
}

/** What is asked of one component: an ordinary filter of the component's own parameter. */
export type ComponentFilter = Filter;

/** Source: FHIR R4, section 3.1.1.4.5 Prefixes. */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

/** For `ap` the interval is already the wider one. */
export interface DateRange extends Interval {
  prefix: Prefix;
}

/** A number as it was written, and the stretch [low, high) that its digits stand for; decimal text, so that nothing is rounded. For `ap` the stretch is the wider one. */
export interface NumberRange {
  prefix: Prefix;
  value: string;
  low: string;
  high: string;
}

export interface QuantityRange extends NumberRange {
  /** As the index names it: `system|code`, or a code or unit alone. Absent: in any unit. */
  unit?: string;
  /** The same in the base units of UCUM. */
  base?: NumberRange & { unit: string };
}
