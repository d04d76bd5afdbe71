import type { SearchParameter } from '@medplum/fhirtypes';
import { splitCanonical } from './canonical.ts';
import { RESOURCES, type ResourceSpec } from './resources.ts';
import { ExpressionError, type Node, parseExpression } from './search-parameters/expression.ts';
import { headsOf } from './search-parameters/heads.ts';
import type { Component, Element, ParamKind, SearchParam } from './search-parameters/param.ts';
import { alternatives, compileWalk, type Start, type Step } from './search-parameters/walk.ts';

export { type Head, isHead } from './search-parameters/heads.ts';
export { identifierKeys, keysOf, ofTypeKeys, tokenKeys } from './search-parameters/keys.ts';
export type { Component, Element, ParamKind, SearchParam } from './search-parameters/param.ts';
export { ownReference, parseReference } from './search-parameters/references.ts';
export { intervalOf, type Measured, measureOf, normalised, textsOf, unitKeys } from './search-parameters/values.ts';

/** What is needed of a SearchParameter definition. */
export type ParamDefinition = Pick<SearchParameter, 'code' | 'type' | 'expression' | 'url'> & {
  target?: readonly string[];
  component?: readonly { definition?: string; expression?: string }[];
};

/** A SearchParameter that was posted. */
export interface PostedParam {
  definition: SearchParameter;
  /** Its bit in `present`, the same in every process. */
  bit: number;
  /** All that was there before it is indexed by it. */
  complete: boolean;
}

/** Parameters that may be searched by, by type and code. */
export type SearchRegistry = ReadonlyMap<string, ReadonlyMap<string, SearchParam>> & {
  /** Parameters that are indexed and may not be searched by yet, by type. */
  readonly pending?: ReadonlyMap<string, readonly SearchParam[]>;
  /** Generation of the catalog whose posted SearchParameters it knows; absent where it knows none. */
  readonly generation?: bigint;
};

/**
 * The parameters of every row of RESOURCES: all that R4 defines (`definitionsOf(type)`), ours, and those that were posted.
 * Throws, at start, when a definition of R4 or of ours has an expression beyond what is walked here, and when two have the same code.
 */
export function searchRegistry(
  definitionsOf: (type: string) => readonly ParamDefinition[],
  ours: readonly SearchParameter[],
  posted: { params: readonly PostedParam[]; generation: bigint } = { params: [], generation: 0n },
): SearchRegistry {
  const registry = new Map<string, ReadonlyMap<string, SearchParam>>();
  const pending = new Map<string, SearchParam[]>();
  for (const spec of RESOURCES) {
    const own = knownParams(spec, definitionsOf, ours);
    const bits = [...own.values()].filter(({ bit }) => bit !== undefined).length;
    const params = new Map(own);
    for (const { definition, bit, complete } of posted.params) {
      if (!speaksOf(definition, spec.type) || params.has(definition.code ?? '')) continue;
      const made = compiled(spec, definition, params);
      if (!made) continue;
      const param = { ...made, ...(bit >= bits && bit < MOST_BITS ? { bit } : {}) };
      if (complete) params.set(param.code, param);
      else pending.set(spec.type, [...(pending.get(spec.type) ?? []), param]);
    }
    registry.set(spec.type, params);
  }
  return Object.assign(registry, { pending, generation: posted.generation });
}

/** Why a SearchParameter cannot be indexed by here, in words for who posted it; undefined when it can. */
export function whyNotIndexed(registry: SearchRegistry, definition: SearchParameter): string | undefined {
  const bases: readonly string[] = definition.base ?? [];
  const specs = RESOURCES.filter(({ type }) => speaksOf(definition, type));
  if (specs.length === 0) return `none of its base types (${bases.join(', ')}) is served`;
  for (const spec of specs) {
    const taken =
      registry.get(spec.type)?.get(definition.code ?? '') ??
      registry.pending?.get(spec.type)?.find(({ code }) => code === definition.code);
    if (taken && taken.url !== definition.url) {
      return `${spec.type} has a search parameter ${definition.code} already: ${taken.url}`;
    }
    try {
      compile(spec, definition, registry.get(spec.type) ?? new Map());
    } catch (error) {
      if (error instanceof ExpressionError) return error.message;
      throw error;
    }
  }
  return undefined;
}

/** Bits of a bigint column, but for its sign. */
const MOST_BITS = 63;

/** Defined by R4, and not built here: full text, filter expressions and named queries; R4 leaves open how names sound alike. */
const NOT_BUILT = new Set(['_text', '_content', '_filter', '_query', 'phonetic']);

/** Answered by the columns of every resource. */
const BY_COLUMN = new Set(['_id', '_lastUpdated']);

/** Whether an index row has nothing of its own for a parameter, since each resource has a column for it. */
export const isColumn = ({ code }: Pick<SearchParam, 'code'>): boolean => BY_COLUMN.has(code);

/** Whether an index keeps the texts of a URI parameter, for `:below`; those of meta are kept as hashes alone, since they are written often. */
export const keepsTexts = ({ kind, code }: Pick<SearchParam, 'kind' | 'code'>): boolean =>
  kind === 'uri' && !code.startsWith('_');

/** Compiled once: a registry is made anew with every change of a conformance resource. */
const known = new WeakMap<object, WeakMap<object, Map<string, ReadonlyMap<string, SearchParam>>>>();

function knownParams(
  spec: ResourceSpec,
  definitionsOf: (type: string) => readonly ParamDefinition[],
  ours: readonly SearchParameter[],
): ReadonlyMap<string, SearchParam> {
  const ofDefinitions = known.get(definitionsOf) ?? new WeakMap();
  known.set(definitionsOf, ofDefinitions);
  const ofOurs = ofDefinitions.get(ours) ?? new Map<string, ReadonlyMap<string, SearchParam>>();
  ofDefinitions.set(ours, ofOurs);
  const params = ofOurs.get(spec.type) ?? ownParams(spec, definitionsOf, ours);
  ofOurs.set(spec.type, params);
  return params;
}

function ownParams(
  spec: ResourceSpec,
  definitionsOf: (type: string) => readonly ParamDefinition[],
  ours: readonly SearchParameter[],
): Map<string, SearchParam> {
  const definitions: ParamDefinition[] = [
    ...definitionsOf(spec.type).filter(({ code }) => !NOT_BUILT.has(code ?? '')),
    ...ours.filter((one) => speaksOf(one, spec.type)),
  ].sort((a, b) => Number(a.type === 'composite') - Number(b.type === 'composite')); // composites rest on the others
  const params = new Map<string, SearchParam>();
  const parts = new Map<string, ReadonlySet<string>>();
  for (const definition of definitions) {
    const code = definition.code ?? '';
    if (params.has(code)) throw new Error(`${spec.type} has two search parameters ${code}`);
    params.set(code, compile(spec, definition, params));
    parts.set(code, new Set(partsOf(spec, definition).map((part) => JSON.stringify(part))));
  }
  let bit = 0;
  for (const param of params.values()) {
    if (!isColumn(param) && bit < MOST_BITS) param.bit = bit++;
    const union = unionOf(param, params, parts);
    if (union) param.union = union;
  }
  return params;
}

/** Base types of a definition: the type itself, or one that all inherit from. */
export function speaksOf({ base }: Pick<SearchParameter, 'base'>, type: string): boolean {
  const bases: readonly string[] = base ?? [];
  return bases.includes(type) || bases.includes('Resource') || (bases.includes('DomainResource') && type !== 'Binary');
}

const partsOf = ({ type }: ResourceSpec, { expression = '' }: ParamDefinition): Node[] =>
  alternatives(parsed(expression), type);

/** R4 writes one expression for many types: each is read once. */
const trees = new Map<string, Node>();
const MOST_TREES = 2000;

function parsed(expression: string): Node {
  const known = trees.get(expression);
  if (known) return known;
  const made = parseExpression(expression);
  if (trees.size >= MOST_TREES) trees.clear();
  trees.set(expression, made);
  return made;
}

/** A posted parameter of an earlier release may be beyond this one: then it is not indexed, and nothing else suffers. */
function compiled(
  spec: ResourceSpec,
  definition: ParamDefinition,
  params: ReadonlyMap<string, SearchParam>,
): SearchParam | undefined {
  try {
    return compile(spec, definition, params);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function compile(
  spec: ResourceSpec,
  definition: ParamDefinition,
  params: ReadonlyMap<string, SearchParam>,
): SearchParam {
  const { code = '', expression, url = '', target = [] } = definition;
  const name = `The expression of ${url || code} for ${spec.type} cannot be walked: `;
  try {
    if (expression === undefined) throw new ExpressionError('there is none');
    const parts = partsOf(spec, definition);
    if (parts.length === 0) throw new ExpressionError('no part of it is about this type');
    const start: Start = { type: spec.type, places: [{ type: spec.type, path: '' }] };
    const walks = parts.map((part) => compileWalk(part, start));
    const steps = walks.map(({ step }) => step);
    const kind = kindOf(definition.type);
    const places = walks.every((walk) => walk.places) ? walks.flatMap((walk) => walk.places ?? []) : undefined;
    const heads = parts.map((part) => headsOf(part, spec.type));
    const withVersion = spec.canonical === true && code === 'url';
    return {
      code,
      kind,
      url,
      target,
      elements: withVersion ? versioned(elementsOf(steps)) : elementsOf(steps),
      ...(heads.every((one) => one !== undefined) ? { heads: heads.flat() } : {}),
      ...(places?.length && places.every(({ type }) => type === 'code') ? { isBare: true } : {}),
      ...(kind === 'composite' ? { components: componentsOf(definition, { places }, params) } : {}),
    };
  } catch (error) {
    if (error instanceof ExpressionError) throw new ExpressionError(name + error.message);
    throw error;
  }
}

function elementsOf(steps: readonly Step[]): SearchParam['elements'] {
  const [only] = steps;
  return (resource) => {
    const out: Element[] = [];
    const root: Element = { name: '', value: resource };
    if (only && steps.length === 1) only(root, out);
    else for (const step of steps) step(root, out);
    return out;
  };
}

/** A canonical resource is found by `url|version` too. */
function versioned(elements: SearchParam['elements']): SearchParam['elements'] {
  return (resource) => {
    const version = 'version' in resource && typeof resource.version === 'string' ? resource.version : undefined;
    return version === undefined ? elements(resource) : elements(resource).map((element) => ({ ...element, version }));
  };
}

function componentsOf(
  { component = [] }: ParamDefinition,
  start: Start,
  params: ReadonlyMap<string, SearchParam>,
): Component[] {
  if (component.length < 2) throw new ExpressionError('a composite has two components at least');
  const byUrl = new Map([...params.values()].map((param) => [param.url, param]));
  return component.map(({ definition = '', expression = '' }): Component => {
    const param = byUrl.get(splitCanonical(definition).url);
    if (!param || param.kind === 'composite') throw new ExpressionError(`its component ${definition} is not known`);
    const steps = alternatives(parsed(expression), '').map((part) => compileWalk(part, start).step);
    return {
      param,
      elements(element) {
        const out: Element[] = [];
        for (const step of steps) step(element, out);
        return out;
      },
    };
  });
}

const KINDS: ReadonlySet<string> = new Set<ParamKind>([
  'token',
  'reference',
  'date',
  'uri',
  'string',
  'number',
  'quantity',
  'composite',
]);

function kindOf(type: string | undefined): ParamKind {
  if (type !== undefined && KINDS.has(type)) return type as ParamKind; // the set says so
  throw new ExpressionError(`parameters of type ${type} are not indexed`);
}

/**
 * Other parameters under which all that one is found by is indexed already: they have its parts between them, or it looks at their codings
 * alone.
 */
function unionOf(
  param: SearchParam,
  params: ReadonlyMap<string, SearchParam>,
  parts: ReadonlyMap<string, ReadonlySet<string>>,
): string[] | undefined {
  if (param.kind !== 'token' && param.kind !== 'quantity') return undefined;
  const own = parts.get(param.code) ?? new Set();
  const wider = new Set([...own].map((part) => JSON.stringify(withoutCoding(JSON.parse(part)))));
  for (const wanted of [own, wider]) {
    const chosen = [...params.values()].filter((other) => {
      const theirs = parts.get(other.code) ?? new Set();
      const smaller = wanted === own ? theirs.size < own.size : theirs.size <= own.size;
      return (
        other !== param &&
        other.kind === param.kind &&
        !other.union &&
        smaller &&
        [...theirs].every((part) => wanted.has(part))
      );
    });
    const covered = new Set(chosen.flatMap((other) => [...(parts.get(other.code) ?? [])]));
    if (chosen.length > 0 && [...wanted].every((part) => covered.has(part))) return chosen.map(({ code }) => code);
  }
  return undefined;
}

/** `X.coding` and `X.coding.where(…)` as X: keys of codings are those of what holds them. */
function withoutCoding(node: Node): Node {
  if (node.kind === 'call' && node.name === 'where' && node.base?.kind === 'name' && node.base.name === 'coding') {
    return node.base.base ?? node;
  }
  return node.kind === 'name' && node.name === 'coding' ? (node.base ?? node) : node;
}
