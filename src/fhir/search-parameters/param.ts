import type { Head } from './heads.ts';

/** Kinds of parameter that are searched. Source: FHIR R4, section 3.1.1.4. */
export type ParamKind = 'token' | 'reference' | 'date' | 'uri' | 'string' | 'number' | 'quantity' | 'composite';

/** A search parameter of one type, its expression turned into a walk over the JSON. */
export interface SearchParam {
  code: string;
  kind: ParamKind;
  /** Canonical of its definition. */
  url: string;
  /** Types that a bare id in a reference may mean. */
  target: readonly string[];
  /** The elements it looks at, with the name that their JSON key has (the choice type is in it). */
  elements(resource: object): Element[];
  /** Members of a resource without one of which it has no elements; undefined where it has to be asked. */
  heads?: readonly Head[];
  /** Its elements are codes without a system beside them: that of the value set that they are bound to is meant. */
  isBare?: boolean;
  /** Its bit in the index's `present`; undefined beyond the 63rd parameter of a type, and for _id and _lastUpdated. */
  bit?: number;
  /**
   * Codes of parameters of the same type under which it is indexed: it has no tokens and no rows of its own. The content has to confirm
   * a token's hit, since theirs may be more; amounts are the same.
   */
  union?: readonly string[];
  /** Of a composite: each component's own parameter, and its walk from one of the composite's elements. */
  components?: readonly Component[];
}

export interface Component {
  param: SearchParam;
  elements(element: Element): Element[];
}

export interface Element {
  /** JSON name, e.g. `effectivePeriod`. */
  name: string;
  value: unknown;
  /** Business version of the resource whose canonical URL this is: it is found by `url|version` too. */
  version?: string;
}
