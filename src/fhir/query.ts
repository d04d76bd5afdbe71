import { badRequest, FhirError, fault, type Issue } from './errors.ts';
import { isId } from './ids.ts';
import { chainFilter, hasFilter, type Step } from './query/chain.ts';
import { compositeFilter } from './query/composite.ts';
import type { Cursor } from './query/cursor.ts';
import { dateRanges } from './query/date.ts';
import type { Filter } from './query/filter.ts';
import { numberRanges, quantityRanges } from './query/number.ts';
import { referenceFilter } from './query/reference.ts';
import { DEFAULT_RESULT, isSingle, RESULT_PARAMETERS, type Result, withParameter } from './query/result.ts';
import { stringFilter } from './query/string.ts';
import { type SearchTerminology, tokenFilter } from './query/token.ts';
import { uriFilter } from './query/uri.ts';
import { alternatives, noModifier, repeatable, unescaped } from './query/values.ts';
import type { SearchParam, SearchRegistry } from './search-parameters.ts';

export { DEFAULT_COUNT, MAX_COUNT } from './query/result.ts';

/** A search, checked: what the store can answer, and what the self link says was used. */
export interface Query extends Result {
  type: string;
  filters: readonly Filter[];
  /** Further types of a search over several, each with the same parameters read as its own. */
  others: readonly { type: string; filters: readonly Filter[] }[];
  /** Where the page begins: the sort values and id of the last entry before it. */
  after?: Cursor;
  /** Name and value of each parameter that was used, in the order in which it came; without the cursor. */
  used: readonly (readonly [string, string])[];
  /** Parameters that were not understood and left aside, as warnings. */
  warnings: readonly Issue[];
}

export interface QueryOptions {
  strict: boolean;
  baseUrl: string;
  /** The moment of the request: `ap` of a date is measured from it. */
  now?: Date;
  /** What `:in`, `:not-in`, `:above` and `:below` ask. */
  terminology?: SearchTerminology;
  /** The types of a search over several; `type` is then the first of them. */
  types?: readonly string[];
  /** The patient whose compartment the path names. */
  compartment?: string;
}

/** Parameters of one search; each is a condition for the database. */
export const MOST_PARAMETERS = 100;

/**
 * Checks the parameters of a search against what the type offers. What is not understood is left aside with a warning, or, under
 * `Prefer: handling=strict`, refused; a known parameter with a value or modifier that cannot be read is always refused, and so is a
 * filter that FHIR has and this service does not, since leaving it aside would answer another question. Throws FhirError 400.
 * Source: FHIR R4, section 3.1.1 Search.
 */
export function parseQuery(
  registry: SearchRegistry,
  type: string,
  pairs: Iterable<readonly [string, string]>,
  options: QueryOptions,
): Query {
  const types = options.types ?? [type];
  const context: Context = { ...options, registry };
  const filters: Filter[][] = types.map(() =>
    options.compartment === undefined ? [] : [{ kind: 'compartment', patient: options.compartment }],
  );
  let result = DEFAULT_RESULT;
  const warnings: Issue[] = [];
  const used: (readonly [string, string])[] = [];
  let seen = 0;

  for (const [name, value] of pairs) {
    seen += 1;
    if (seen > MOST_PARAMETERS) throw badRequest(`A search has at most ${MOST_PARAMETERS} parameters`);
    if (value.includes('\0')) throw badRequest(`${repeatable(name)}: the value holds a NUL character`);
    if (value === '') {
      warnings.push({
        severity: 'warning',
        code: 'invalid',
        diagnostics: `Search parameter ${repeatable(name)} came without a value and was left aside: the search is wider than it may look`,
      });
      continue;
    }
    if ((name === '_format' && /json/.test(value)) || name === '_pretty') continue;
    refuseNotBuilt(name, value);
    if (isDefault(name, value)) {
      used.push([name, value]);
      continue;
    }
    const shaped = withParameter(result, registry, types, name, value);
    if (shaped) {
      result = shaped;
      if (name === '_cursor') continue;
      // Of several the last one counts, and no more than the most.
      const earlier = isSingle(name) ? used.findIndex(([one]) => one === name) : -1;
      if (earlier >= 0) used.splice(earlier, 1);
      used.push([name, name === '_count' ? String(result.count) : value]);
      continue;
    }
    if (name === '_type' && options.types) {
      used.push([name, value]);
      continue;
    }
    const read = types.map((one) => readParam(context, { type: one, name, value, steps: 0 }));
    if (read.some((filter) => filter === undefined)) {
      warnings.push({
        severity: 'warning',
        code: 'not-supported',
        diagnostics: `Search parameter ${repeatable(name)} is not known for ${types.join(', ')} and was left aside; known are ${known(registry, types)}`,
      });
      continue;
    }
    for (const [at, filter] of read.entries()) if (filter) filters[at]?.push(filter);
    used.push([name, value]);
  }

  if (options.strict && warnings.length > 0) {
    const [first, ...rest] = warnings.map((issue): Issue => ({ ...issue, severity: 'error' }));
    if (first) throw new FhirError([first, ...rest], { status: 400 });
  }
  const [own = [], ...others] = filters;
  return {
    ...result,
    type,
    filters: own,
    others: others.map((of, at) => ({ type: types[at + 1] ?? type, filters: of })),
    used,
    warnings,
  };
}

/** Whether parameters ask value sets or hierarchies, so that they can be read only with `terminology`. */
export const asksTerminology = (pairs: readonly (readonly [string, string])[]): boolean =>
  pairs.some(([name]) => /:(?:in|not-in|above|below)$/.test(name));

interface Context extends QueryOptions {
  registry: SearchRegistry;
}

/** Filters that FHIR has and this service does not: one that were left out would answer another question. */
const NOT_BUILT = new Set(['_text', '_content', '_filter', '_query', '_list', '_contained', '_containedType']);

/** No contained resources are found, which is what happens unless a client asks otherwise. Source: FHIR R4, section 3.1.1.5.6. */
const isDefault = (name: string, value: string): boolean => name === '_contained' && value === 'false';

function refuseNotBuilt(name: string, value: string): void {
  const code = name.split(':', 1)[0] ?? '';
  if (!NOT_BUILT.has(code) || isDefault(name, value)) return;
  throw new FhirError(
    [fault('not-supported', `Search parameter ${code} is not supported here; nothing was searched`)],
    { status: 400 },
  );
}

/** One parameter of a type; undefined where the type does not know it. */
function readParam(context: Context, step: Step): Filter | undefined {
  const { type, name, value } = step;
  const read = (next: Step) => readParam(context, next);
  refuseNotBuilt(name, value);
  if (name.startsWith('_has:')) return hasFilter(context.registry, step, read);
  if (name.includes('.')) return chainFilter(context.registry, step, read);
  const colon = name.indexOf(':');
  const code = colon < 0 ? name : name.slice(0, colon);
  const modifier = colon < 0 ? undefined : name.slice(colon + 1);
  const raws = alternatives(name, value);
  if (code === '_id') return idFilter(modifier, raws);
  if (code === '_lastUpdated') {
    if (modifier === 'missing') return constant(code, value, true);
    if (modifier !== undefined) throw noModifier(code, modifier, ['missing']);
    return { kind: 'lastUpdated', ranges: dateRanges(code, raws, context.now?.getTime()) };
  }
  const param = context.registry.get(type)?.get(code);
  return param && filterOf(context, param, modifier, value, raws);
}

/** Every resource has an id. */
function idFilter(modifier: string | undefined, raws: readonly string[]): Filter {
  if (modifier === 'missing') return constant('_id', raws.join(), true);
  if (modifier !== undefined && modifier !== 'not') throw noModifier('_id', modifier, ['not', 'missing']);
  const ids = raws.map(unescaped).filter(isId);
  return { kind: 'id', ids, ...(modifier ? { not: true } : {}) };
}

const constant = (code: string, value: string, present: boolean): Filter => ({
  kind: 'constant',
  holds: isMissing(code, value) !== present,
});

function isMissing(code: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw badRequest(`${code}:missing: expected true or false`);
  return value === 'true';
}

function filterOf(
  context: Context,
  param: SearchParam,
  modifier: string | undefined,
  value: string,
  raws: readonly string[],
): Filter {
  const { code } = param;
  if (modifier === 'missing') return { kind: 'missing', param, missing: isMissing(code, value) };
  switch (param.kind) {
    case 'token':
      return tokenFilter(param, modifier, raws, context.terminology);
    case 'reference':
      return referenceFilter(param, modifier, raws, context.baseUrl);
    case 'string':
      return stringFilter(param, modifier, raws);
    case 'uri':
      return uriFilter(param, modifier, raws);
    case 'composite':
      return compositeFilter(param, modifier, raws, (component, raw) =>
        filterOf(context, component, undefined, raw, [raw]),
      );
    default:
      if (modifier !== undefined) throw noModifier(code, modifier, ['missing']);
      if (param.kind === 'date') return { kind: 'date', param, ranges: dateRanges(code, raws, context.now?.getTime()) };
      if (param.kind === 'number') return { kind: 'number', param, ranges: numberRanges(code, raws) };
      return { kind: 'quantity', param, ranges: quantityRanges(code, raws) };
  }
}

function known(registry: SearchRegistry, types: readonly string[]): string {
  const [first = '', ...others] = types;
  const codes = [...(registry.get(first)?.keys() ?? [])].filter((code) =>
    others.every((type) => registry.get(type)?.has(code)),
  );
  return [...new Set([...codes, '_id', '_lastUpdated', ...RESULT_PARAMETERS])].join(', ');
}
