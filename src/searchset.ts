import type { Deps } from './deps.ts';
import { searchBundle } from './fhir/bundle.ts';
import type { Compartment } from './fhir/compartment.ts';
import { badRequest, FhirError, fault, type Issue } from './fhir/errors.ts';
import { toOutcome } from './fhir/outcome.ts';
import { openCursor, sealCursor } from './fhir/query/cursor.ts';
import { keptQuery, looksFromNow } from './fhir/query/kept.ts';
import { asksTerminology, parseQuery, type Query } from './fhir/query.ts';
import { RESOURCES, resourceSpec } from './fhir/resources.ts';
import { parseShape, shape } from './fhir/summary.ts';
import { linkKey } from './store/link-key.ts';
import { MOST_INCLUDED, MOST_ROUNDS } from './store/search/includes.ts';
import { search } from './store/search.ts';

/** What a search is made in, as its path says. */
export type SearchIn =
  | { type: string }
  /** All types that `_type` names. */
  | { base: true }
  /** What belongs to a patient: of one type, or of all of them. */
  | { patient: string; type?: string };

/**
 * Answers a search with a searchset Bundle, JSON in UTF-8. `pairs` are the parameters of URL and body, in their order. Throws FhirError
 * 400, and 404 for a type that is not served. Source: FHIR R4, sections 3.1.1 Search and 3.1.0.9.
 */
export async function searchset(
  deps: Deps,
  within: Compartment,
  where: SearchIn,
  pairs: readonly (readonly [string, string])[],
  options: { strict: boolean },
): Promise<Buffer> {
  const types = typesOf(where, pairs);
  const path = pathOf(where);
  const params = pairs.filter(([name]) => name === '_summary' || name === '_elements');
  const cut =
    params.length === 0
      ? undefined
      : parseShape(new URLSearchParams(params.map(([name, value]) => [name, value])), types);
  const terminology = asksTerminology(pairs) ? (await deps.catalog.at(within)).holdings : undefined;
  const parse = (now: Date): Query =>
    parseQuery(deps.registry, types[0] ?? '', pairs, {
      strict: options.strict,
      baseUrl: deps.baseUrl,
      now,
      ...('type' in where && !('patient' in where) ? {} : { types }),
      ...('patient' in where ? { compartment: where.patient } : {}),
      ...(terminology ? { terminology } : {}),
    });
  const begun = deps.now();
  const asked = `${deps.baseUrl}\0${path}\0${options.strict}\0${JSON.stringify(pairs)}`;
  const read = terminology ? parse(begun) : keptQuery(deps.registry, asked, () => parse(begun));
  const bound = (): string => `${within.tenant}\0${path}\0${JSON.stringify(read.used)}`;
  const after =
    read.cursor === undefined ? undefined : openCursor(await linkKey(deps.db, within), bound(), read.cursor);
  // What lies near now is asked on every page as it was on the first.
  const query = after?.now === undefined ? read : parse(new Date(after.now));
  const now = looksFromNow(query) ? { now: after?.now ?? begun.getTime() } : {};
  // The watermark is asked for first: what is not visible to the search then is younger.
  const lastUpdated = await deps.watermark.current(deps.now().getTime());
  const found = await search(deps.db, within, after ? { ...query, after } : query, deps.baseUrl);
  const self = `${deps.baseUrl}${path === '' ? '' : `/${path}`}${searchOf(read)}`;
  const link = (cursor: string): string => `${self}${self.includes('?') ? '&' : '?'}_cursor=${cursor}`;
  const next = found.next && link(sealCursor(await linkKey(deps.db, within), bound(), { ...found.next, ...now }));
  const shaped = <T extends { type: string; content: string }>(entry: T): T =>
    cut ? { ...entry, content: shape(entry.content, entry.type, cut) } : entry;
  const warnings = [...query.warnings, ...(found.cut ? [TOO_MUCH] : [])];
  return searchBundle(deps.baseUrl, found.matches.map(shaped), {
    included: found.included.map(shaped),
    lastUpdated,
    self: query.cursor === undefined ? self : link(query.cursor),
    ...(next === undefined ? {} : { next }),
    ...(found.total === undefined ? {} : { total: found.total }),
    ...(warnings.length > 0 ? { outcome: toOutcome(warnings) } : {}),
  });
}

const TOO_MUCH: Issue = {
  severity: 'warning',
  code: 'too-costly',
  diagnostics: `Not all that should come along is here: ${MOST_INCLUDED} resources at most, over ${MOST_ROUNDS} steps of :iterate, come with a page. Ask for smaller pages`,
};

/** The parameters that were used, as a URL has them. */
function searchOf(query: Query): string {
  const known = searches.get(query);
  if (known !== undefined) return known;
  const text = new URLSearchParams(query.used.map(([name, value]): [string, string] => [name, value])).toString();
  const made = text === '' ? '' : `?${text}`;
  searches.set(query, made);
  return made;
}

const searches = new WeakMap<Query, string>();

function pathOf(where: SearchIn): string {
  if ('patient' in where) return `Patient/${where.patient}/${where.type ?? '*'}`;
  return 'type' in where ? where.type : '';
}

/** The types that are searched. */
function typesOf(where: SearchIn, pairs: readonly (readonly [string, string])[]): string[] {
  if ('type' in where && where.type !== undefined) return [where.type];
  const named = pairs
    .filter(([name]) => name === '_type')
    .map(([, value]) => value.split(',').filter((type) => type !== ''));
  for (const type of named.flat()) {
    if (resourceSpec(type)?.interactions.includes('search-type')) continue;
    const said = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : 'a name that is none';
    throw new FhirError([fault('not-supported', `_type: ${said} is not searched here`)], { status: 400 });
  }
  const [first, ...more] = named;
  const wanted = first && [...new Set(first.filter((type) => more.every((list) => list.includes(type))))];
  if ('patient' in where) {
    const all = RESOURCES.filter(inCompartment).map(({ type }) => type);
    const types = wanted ? all.filter((type) => wanted.includes(type)) : all;
    if (types.length === 0) throw badRequest('_type: none of these types belongs to a patient');
    return types;
  }
  if (!wanted || wanted.length === 0) {
    throw badRequest('_type: a search of the whole server names the types that it searches, e.g. _type=Flag,Task');
  }
  return wanted;
}

/** Types whose resources can belong to a patient. Source: R4 CompartmentDefinition patient. */
export const inCompartment = ({ type, compartment }: (typeof RESOURCES)[number]): boolean =>
  type === 'Patient' || compartment !== undefined;
