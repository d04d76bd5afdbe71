import { dateInterval, type Interval } from './dates.ts';
import { badRequest, FhirError, type Issue } from './errors.ts';
import { isId } from './ids.ts';
import { RESOURCES } from './resources.ts';
import { parseReference, type SearchParam, type SearchRegistry } from './search-parameters.ts';

/** A search, checked: what the store can answer, and what the self link says was used. */
export interface Query {
  type: string;
  filters: readonly Filter[];
  sort: { by: SortKey; descending: boolean };
  count: number;
  total: boolean;
  /** Count only: no entries. */
  countOnly: boolean;
  revincludes: readonly { type: string; param: SearchParam }[];
  /** Where the page begins: the sort value and id of the last entry before it. */
  after?: Cursor;
  /** Name and value of each parameter that was used, in the order in which it came; without the cursor. */
  used: readonly (readonly [string, string])[];
  /** Parameters that were not understood and left aside, as warnings. */
  warnings: readonly Issue[];
}

export type SortKey = '_id' | '_lastUpdated' | 'date';

/** Alternatives within a filter are joined by "or", filters by "and". */
export type Filter =
  | { kind: 'id'; ids: readonly string[] }
  | { kind: 'keys'; param: SearchParam; keys: readonly string[] }
  | { kind: 'date'; param: SearchParam; ranges: readonly DateRange[] }
  | { kind: 'lastUpdated'; ranges: readonly DateRange[] };

export interface DateRange extends Interval {
  prefix: Prefix;
}

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb';

export interface Cursor {
  value: string | null;
  id: string;
}

export const DEFAULT_COUNT = 50;
export const MAX_COUNT = 1000;

/**
 * Checks the parameters of a search against what the type offers. What is not understood is left aside with a warning, or, under
 * `Prefer: handling=strict`, refused; a known parameter with a value or modifier that cannot be read is always refused,
 * since leaving it aside would answer another question. Throws FhirError 400.
 * Source: FHIR R4, section 3.1.1 Search.
 */
export function parseQuery(
  registry: SearchRegistry,
  type: string,
  pairs: Iterable<readonly [string, string]>,
  options: { strict: boolean; baseUrl: string },
): Query {
  const params = registry.get(type) ?? new Map<string, SearchParam>();
  const filters: Filter[] = [];
  const warnings: Issue[] = [];
  const used: (readonly [string, string])[] = [];
  const revincludes: { type: string; param: SearchParam }[] = [];
  let sort: Query['sort'] = { by: '_id', descending: true };
  let count = DEFAULT_COUNT;
  let total = false;
  let countOnly = false;
  let after: Cursor | undefined;

  for (const [name, value] of pairs) {
    if (value === '') {
      warnings.push({
        severity: 'warning',
        code: 'invalid',
        diagnostics: `Search parameter ${repeatable(name)} came without a value and was left aside: the search is wider than it may look`,
      });
      continue;
    }
    const colon = name.indexOf(':');
    const code = colon < 0 ? name : name.slice(0, colon);
    const modifier = colon < 0 ? undefined : name.slice(colon + 1);
    const param = params.get(code);
    if (name === '_cursor') {
      after = readCursor(value);
      continue;
    }
    if (modifier !== undefined && (code === '_id' || code === '_lastUpdated')) {
      throw badRequest(`${code}: the modifier :${repeatable(modifier)} is not supported`);
    }
    if (code === '_id') filters.push({ kind: 'id', ids: split(value).filter(isId) });
    else if (code === '_lastUpdated') filters.push({ kind: 'lastUpdated', ranges: ranges(name, value) });
    else if (param) filters.push(filterOf(param, modifier, value, name, options.baseUrl));
    else if (name === '_sort') sort = sortOf(type, value);
    else if (name === '_count') count = countOf(value);
    else if (name === '_total' && ['none', 'estimate', 'accurate'].includes(value)) total = value !== 'none';
    else if (name === '_summary' && value === 'count') countOnly = true;
    else if (name === '_revinclude') revincludes.push(revincludeOf(registry, type, value));
    else if (name === '_format' && /json/.test(value)) continue;
    else {
      warnings.push({
        severity: 'warning',
        code: 'not-supported',
        diagnostics: `Search parameter ${repeatable(name)} is not known for ${type} and was left aside; known are ${known(params)}`,
      });
      continue;
    }
    used.push([name, value]);
  }

  if (options.strict && warnings.length > 0) {
    const [first, ...rest] = warnings.map((issue): Issue => ({ ...issue, severity: 'error' }));
    if (first) throw new FhirError([first, ...rest], { status: 400 });
  }
  return {
    type,
    filters,
    sort,
    count,
    // _count=0 asks for the same as _summary=count. Source: FHIR R4, section 3.1.1.5.5.
    total: total || countOnly || count === 0,
    countOnly: countOnly || count === 0,
    revincludes,
    ...(after ? { after } : {}),
    used,
    warnings,
  };
}

/** A parameter's name as it may be repeated to a client: a free text in its place is not. */
const repeatable = (name: string): string => (/^[A-Za-z_][\w:.-]{0,63}$/.test(name) ? name : '(unnamed)');

const known = (params: ReadonlyMap<string, SearchParam>): string =>
  [...params.keys(), '_id', '_lastUpdated', '_sort', '_count', '_revinclude', '_total', '_summary=count'].join(', ');

function filterOf(
  param: SearchParam,
  modifier: string | undefined,
  value: string,
  name: string,
  baseUrl: string,
): Filter {
  if (param.kind === 'date') {
    if (modifier) throw badRequest(`${param.code}: the modifier :${repeatable(modifier)} is not supported`);
    return { kind: 'date', param, ranges: ranges(name, value) };
  }
  if (param.kind === 'reference') {
    const keys = split(value).flatMap((text) => referenceKeys(param, modifier, text, baseUrl));
    return { kind: 'keys', param, keys };
  }
  if (modifier) throw badRequest(`${param.code}: the modifier :${repeatable(modifier)} is not supported`);
  return { kind: 'keys', param, keys: split(value) };
}

/** `Type/id`, `id` (any target type, or the one that the modifier names), a URL of ours, or any other URI. */
function referenceKeys(param: SearchParam, modifier: string | undefined, text: string, baseUrl: string): string[] {
  if (modifier !== undefined && !param.target.includes(modifier)) {
    throw badRequest(`${param.code}: expected one of the types ${param.target.join(', ')} after the colon`);
  }
  const local = parseReference(text);
  if (local) {
    if (modifier !== undefined && local.type !== modifier) return [];
    if (local.base !== undefined && local.base !== baseUrl) return [text];
    const key = `${local.type}/${local.id}${local.version === undefined ? '' : `/_history/${local.version}`}`;
    // A canonical under our own base is kept as it is written, being a name and not a place.
    return local.base !== undefined && CANONICAL.has(local.type) ? [key, text] : [key];
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || text.includes('/')) return [text];
  if (modifier !== undefined) return [`${modifier}/${text}`];
  const types = param.target.filter((type) => SERVED.has(type));
  return types.length > 0 ? types.map((type) => `${type}/${text}`) : [text];
}

const SERVED = new Set(RESOURCES.map(({ type }) => type));
const CANONICAL = new Set(RESOURCES.filter(({ canonical }) => canonical).map(({ type }) => type));

const PREFIXES = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb']);

function ranges(name: string, value: string): DateRange[] {
  return split(value).map((text) => {
    const prefix = /^[a-z]{2}/.exec(text)?.[0] ?? 'eq';
    const interval = dateInterval(text.replace(/^[a-z]{2}/, '').replace(/ (\d\d:\d\d)$/, '+$1'));
    if (!PREFIXES.has(prefix) || !interval) {
      throw badRequest(
        `${name}: expected a FHIR date such as 2026-03-01, with a prefix of ${[...PREFIXES].join(', ')} or none`,
      );
    }
    return { prefix: prefix as Prefix, ...interval };
  });
}

function sortOf(type: string, value: string): Query['sort'] {
  const descending = value.startsWith('-');
  const key = descending ? value.slice(1) : value;
  if (key === '_id' || key === '_lastUpdated') return { by: key, descending };
  const principal = RESOURCES.find((spec) => spec.type === type)?.date;
  if (principal && key === principal) return { by: 'date', descending };
  throw badRequest(`_sort: ${type} is sorted by one of _lastUpdated, _id${principal ? `, ${principal}` : ''}`);
}

function countOf(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw badRequest('_count: expected a whole number from 0');
  return Math.min(Number(value), MAX_COUNT);
}

function revincludeOf(registry: SearchRegistry, type: string, value: string): { type: string; param: SearchParam } {
  const [source = '', code = '', target] = value.split(':');
  const param = registry.get(source)?.get(code);
  if (param?.kind !== 'reference' || (target !== undefined && target !== type)) {
    throw badRequest(
      '_revinclude: expected Type:parameter, a reference parameter of a served type, e.g. Provenance:target',
    );
  }
  return { type: source, param };
}

/** Alternatives are separated by commas; `\,` `\$` `\|` `\\` stand for themselves. Source: FHIR R4, section 3.1.1.4.0.2. */
function split(value: string): string[] {
  if (!value.includes('\\')) return value.split(',').filter((part) => part !== '');
  const parts: string[] = [''];
  for (let i = 0; i < value.length; i += 1) {
    const char = value.charAt(i);
    const last = parts.length - 1;
    if (char === '\\' && i + 1 < value.length) {
      i += 1;
      parts[last] += value.charAt(i);
    } else if (char === ',') parts.push('');
    else parts[last] += char;
  }
  return parts.filter((part) => part !== '');
}

/** A page's beginning as opaque text. It carries a position and nobody's rights. */
export const writeCursor = ({ value, id }: Cursor): string =>
  Buffer.from(JSON.stringify([value, id])).toString('base64url');

/** 400: a position that no page of ours ends at. */
export const badCursor = (): FhirError =>
  badRequest('_cursor: this link was not made here; begin again from the first page');

function readCursor(text: string): Cursor {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === 2) {
      const [value, id] = parsed;
      const readable = value === null || (typeof value === 'string' && value.length <= 64 && !value.includes('\0'));
      if (readable && typeof id === 'string' && isId(id)) return { value, id };
    }
  } catch {
    // falls through to the refusal
  }
  throw badCursor();
}
