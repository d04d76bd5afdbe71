import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { token } from './tokens.ts';

/** A number that grows with every change of a conformance resource. */
export async function catalogGeneration(db: Database, within: Compartment): Promise<string> {
  const rows = await db.read<{ generation: string }>(
    'generation',
    'select generation from catalog where tenant = $1 and shard = 0',
    [within.tenant],
  );
  return rows[0]?.generation ?? '0';
}

/** The bodies of all current resources of a conformance type, oldest first. */
export async function currentOfType(db: Database, within: Compartment, type: string): Promise<string[]> {
  const rows = await db.named<{ content: string }>(
    'current-of-type',
    `select v.content from resource_current c
     join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.type = $2 and not c.deleted order by c.id`,
    [within.tenant, type],
  );
  return rows.map(({ content }) => content);
}

/** Which resources of a type there are, and their versions; oldest first. */
export async function versionsOfType(
  db: Database,
  within: Compartment,
  type: string,
): Promise<{ id: string; version: number }[]> {
  return db.named<{ id: string; version: number }>(
    'versions-of-type',
    'select id, version from resource_current where tenant = $1 and type = $2 and not deleted order by id',
    [within.tenant, type],
  );
}

/** The bodies of some current resources of a type, by id. */
export async function contentsOf(
  db: Database,
  within: Compartment,
  type: string,
  ids: readonly string[],
): Promise<{ id: string; version: number; content: string }[]> {
  return db.named<{ id: string; version: number; content: string }>(
    'contents-of',
    `select v.id, v.version, v.content from resource_current c
     join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.type = $2 and not c.deleted and c.id = any($3)`,
    [within.tenant, type, ids],
  );
}

/** How a conformance resource is named. */
export interface Named {
  type: string;
  url: string;
  version: string;
}

/**
 * The id of the oldest current resource of each name, by its place in the list; undefined where there is none. One statement, however many
 * are asked for. Two names may share a hash, so what the index finds has to hold the url and the version in its text too.
 */
export async function oldestNamed(
  db: Database,
  within: Compartment,
  wanted: readonly Named[],
): Promise<(string | undefined)[]> {
  const tokens = (param: 'url' | 'version') => wanted.map((one) => token(within.tenant, one.type, param, one[param]));
  const rows = await db.named<{ place: number; id: string }>(
    'oldest-named',
    `select w.place::int4 as place, found.id
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) with ordinality
       as w (type, url, version, named, versioned, place)
     cross join lateral (
       select min(c.id) as id
       from resource_current c join resource_version v using (tenant, shard, type, id, version)
       where c.tenant = $1 and c.type = w.type and not c.deleted
         and c.tok @> array[w.named, w.versioned]
         and strpos(v.content, w.url) > 0 and strpos(v.content, w.version) > 0
     ) found
     where found.id is not null`,
    [
      within.tenant,
      wanted.map(({ type }) => type),
      wanted.map(({ url }) => url),
      wanted.map(({ version }) => version),
      tokens('url'),
      tokens('version'),
    ],
  );
  const ids = new Map(rows.map(({ place, id }) => [place, id]));
  return wanted.map((_, at) => ids.get(at + 1));
}
