import type { Child, Scope } from './elements.ts';
import type { Expression } from './expression.ts';

/** What a profile asks of one element, or of one slice of it. Only what the profile says is in it; the base is checked elsewhere. */
export interface Rule {
  /** `Observation` for the root, else as the definition names it: `value[x]`. */
  readonly name: string;
  /** Of the element definition, to name it in a message: `Observation.category:VSCat`. */
  readonly id: string;
  /** Absent for the root. */
  readonly child?: Child;
  /** Where its children are defined, while it has one type only. */
  scope: Scope | undefined;
  sliceName?: string;
  min?: number;
  max?: number;
  types?: readonly TypeRule[];
  fixed?: { readonly value: unknown };
  pattern?: { readonly value: unknown };
  minValue?: unknown;
  maxValue?: unknown;
  maxLength?: number;
  binding?: { readonly strength: string; readonly valueSet: string };
  /** By key: what a derived profile says of the same key takes the place of what its base says. */
  readonly constraints: Map<string, Constraint>;
  slicing?: Slicing;
  readonly slices: Map<string, Rule>;
  readonly children: Map<string, Rule>;
}

export interface TypeRule {
  readonly code: string;
  /** A value conforms to one of these. */
  readonly profiles: readonly string[];
  /** A Reference points at one of these. */
  readonly targets: readonly string[];
  /** How a Reference may lead there (contained, referenced, bundled), where that is said. */
  readonly aggregation: readonly string[];
  /** `specific` or `independent` of a version, where that is said. */
  readonly versioning?: string;
}

export interface Constraint {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  /** What it asks, in words. */
  readonly human: string;
  readonly expression: Expression;
}

export interface Slicing {
  readonly discriminators: readonly Discriminator[];
  readonly ordered: boolean;
  readonly rules: 'open' | 'closed' | 'openAtEnd';
}

export interface Discriminator {
  readonly type: 'value' | 'pattern' | 'exists' | 'type' | 'profile';
  readonly path: readonly Step[];
}

/** A step of a discriminator path. Source: FHIR R4, section 5.1.0.7 (Discriminator): a restricted FHIRPath. */
export type Step =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'extension'; readonly url: string }
  | { readonly kind: 'ofType'; readonly type: string }
  | { readonly kind: 'resolve' };

/** A profile or extension definition, ready to check. */
export interface CompiledProfile {
  readonly url: string;
  readonly version?: string;
  /** The resource or data type that it is a profile of. */
  readonly type: string;
  readonly root: Rule;
  /** Where an extension may stand; empty for other definitions. */
  readonly contexts: readonly ExtensionContext[];
}

export interface ExtensionContext {
  readonly type: string;
  readonly expression: string;
}
