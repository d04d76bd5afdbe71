import type { Compartment } from '../../fhir/compartment.ts';
import { pointsTo } from '../../fhir/query/chain.ts';
import type { Include } from '../../fhir/query/include.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import { type Element, keysOf, parseReference, type SearchParam } from '../../fhir/search-parameters.ts';
import type { Database } from '../database.ts';
import { compartmentToken } from '../tokens.ts';
import { canonicalsOf, fetchHits, namedBy } from './canonicals.ts';
import { hashesOf, ownerOf } from './keys.ts';
import type { Hit } from './row.ts';
import { type Condition, either, outermost, seen } from './scope.ts';
import { sql } from './sql.ts';

/** How often `:iterate` looks again at what has come. */
export const MOST_ROUNDS = 10;
/** Resources that come along with one page. */
export const MOST_INCLUDED = 1000;
/** Hashes in one statement. */
const AT_ONCE = 4000;

export interface Included {
  hits: Hit[];
  /** More would have come along than may. */
  cut: boolean;
}

/** What is to come along with the matches of a page: the current versions, each once, none of them a match. Source: FHIR R4, section 3.1.1.5.4. */
export async function includesOf(
  db: Database,
  within: Compartment,
  includes: readonly Include[],
  matches: readonly Hit[],
  baseUrl: string,
): Promise<Included> {
  const met = new Set(matches.map(nameOf));
  const hits: Hit[] = [];
  let from = matches;
  let asked = includes;
  for (let round = 0; from.length > 0 && asked.length > 0 && round < MOST_ROUNDS; round += 1) {
    const found = [
      ...(await pointedTo(
        db,
        within,
        asked.filter(({ reverse }) => !reverse),
        from,
        baseUrl,
      )),
      ...(await pointing(
        db,
        within,
        asked.filter(({ reverse }) => reverse),
        from,
        baseUrl,
      )),
    ];
    const fresh: Hit[] = [];
    for (const one of found) {
      if (met.has(nameOf(one))) continue;
      if (hits.length + fresh.length >= MOST_INCLUDED) return { hits: [...hits, ...fresh], cut: true };
      met.add(nameOf(one));
      fresh.push(one);
    }
    hits.push(...fresh);
    from = fresh;
    asked = includes.filter(({ iterate }) => iterate);
  }
  return { hits, cut: from.length > 0 && asked.length > 0 };
}

const nameOf = ({ type, id }: Hit): string => `${type}/${id}`;

/** What the resources refer to, by id or by canonical. */
async function pointedTo(
  db: Database,
  within: Compartment,
  includes: readonly Include[],
  from: readonly Hit[],
  baseUrl: string,
): Promise<Hit[]> {
  const ids = new Map<string, Set<string>>();
  const canonicals = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, key: string, value: string): void => {
    map.set(key, (map.get(key) ?? new Set()).add(value));
  };
  for (const { type, content } of from) {
    const own = includes.filter((include) => include.type === type);
    if (own.length === 0) continue;
    const resource: object = JSON.parse(content);
    for (const { param, target } of own) {
      for (const element of param.elements(resource)) {
        const [key] = keysOf(param, element, baseUrl);
        const local = key === undefined ? undefined : parseReference(key);
        if (local && local.base === undefined) {
          if (target === undefined || target === local.type) add(ids, local.type, local.id);
        } else if (key !== undefined && typeof element.value === 'string') {
          const types = target === undefined ? param.target : [target];
          for (const one of types) if (resourceSpec(one)?.canonical) add(canonicals, one, key);
        }
      }
    }
  }
  const scope = outermost(within);
  const byId = [...ids]
    .filter(([type]) => resourceSpec(type))
    .map(([type, of]) => sql`(c.type = ${type} and c.id in (${sql.join([...of])}))`);
  const found = byId.length === 0 ? [] : await fetch(db, sql`${seen(scope)} and ${either(byId)}`);
  return [...found, ...(await named(db, within, canonicals))];
}

/** Canonical resources by url, or url and version; without a version the newest. */
async function named(
  db: Database,
  within: Compartment,
  canonicals: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Hit[]> {
  const found: Hit[] = [];
  for (const [type, wanted] of canonicals) {
    const known = await namedBy(db, within, type, wanted, MOST_INCLUDED + 1);
    for (const canonical of wanted) {
      // The order is that of the id, the newest first.
      const one = known.find(({ names }) => names.includes(canonical));
      if (one) found.push(one.hit);
    }
  }
  return found;
}

/** What refers to the resources. */
async function pointing(
  db: Database,
  within: Compartment,
  includes: readonly Include[],
  from: readonly Hit[],
  baseUrl: string,
): Promise<Hit[]> {
  const wanted: { include: Include; keys: Set<string> }[] = includes.map((include) => ({
    include,
    keys: new Set(
      from
        .filter(
          ({ type }) => pointsTo(include.param, type) && (include.target === undefined || include.target === type),
        )
        .flatMap(keysTo),
    ),
  }));
  const patients = new Map<string, Set<string>>();
  const hashes = new Set<string>();
  for (const { include, keys } of wanted) {
    const { type, param } = include;
    for (const key of keys) {
      const patient = ownerOf(type, param, key);
      if (patient === undefined) for (const hash of hashesOf(within.tenant, type, param, [key])) hashes.add(hash);
      else patients.set(type, (patients.get(type) ?? new Set()).add(patient));
    }
  }
  const scope = outermost(within);
  const found: Hit[] = [];
  const conditions: Condition[] = [...patients].map(([type, of]) => {
    const tokens = [...of].map((patient) => compartmentToken(within.tenant, patient));
    return sql`c.type = ${type} and c.tok && ${`{${tokens.join(',')}}`}::bigint[] and c.patient in (${sql.join([...of])})`;
  });
  const list = [...hashes];
  for (let at = 0; at < list.length; at += AT_ONCE) {
    conditions.push(sql`c.tok && ${`{${list.slice(at, at + AT_ONCE).join(',')}}`}::bigint[]`);
  }
  for (const condition of conditions) {
    if (found.length > MOST_INCLUDED) break;
    for (const hit of await fetch(db, sql`${seen(scope)} and ${condition}`)) {
      const resource: object = JSON.parse(hit.content);
      const points = wanted.some(
        ({ include: { type, param }, keys }) =>
          type === hit.type && param.elements(resource).some((element) => pointsAt(param, element, keys, baseUrl)),
      );
      if (points) found.push(hit);
    }
  }
  return found;
}

/** One more than may come tells that there are more. */
const fetch = (db: Database, where: Condition): Promise<Hit[]> => fetchHits(db, where, MOST_INCLUDED + 1);

/** How others refer to a resource: by its type and id, and to a canonical one by its url. */
const keysTo = (hit: Hit): string[] =>
  resourceSpec(hit.type)?.canonical ? [nameOf(hit), ...canonicalsOf(hit)] : [nameOf(hit)];

/** A canonical is meant as it is written: without a version it is any version, and with one no other. */
function pointsAt(param: SearchParam, element: Element, keys: ReadonlySet<string>, baseUrl: string): boolean {
  if (typeof element.value === 'string') return keys.has(element.value);
  return keysOf(param, element, baseUrl).some((key) => keys.has(key));
}
