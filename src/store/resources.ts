import type { Compartment } from '../fhir/compartment.ts';
import { gone, notFound } from '../fhir/errors.ts';
import { hashShard, isId, shardOf } from '../fhir/ids.ts';
import { batching } from './batch.ts';
import type { Database } from './database.ts';
import { homeOf, knownShard } from './homes.ts';
import { int2Array, int4Array, int8Array, textArray } from './pg-arrays.ts';
import { compartmentToken, token } from './tokens.ts';

/** One stored version. `content` is the body, served as it is. */
export interface Stored {
  type: string;
  id: string;
  shard: number;
  version: number;
  /** Instant in UTC with milliseconds, as `meta.lastUpdated` says. */
  lastUpdated: string;
  deleted: boolean;
  derived: boolean;
  content: string;
}

interface Row {
  type: string;
  id: string;
  shard: number;
  version: number;
  ts: Date;
  deleted: boolean;
  derived: boolean;
  content: string;
}

/**
 * The current version of one resource. Throws not-found, also when it lies outside `within`: to a stranger "none" and
 * "not yours" are the same; and deleted (410) when it was here.
 */
export async function readResource(db: Database, within: Compartment, type: string, id: string): Promise<Stored> {
  const stored = await findResource(db, within, type, id);
  if (!stored) throw notFound(type, id);
  if (stored.deleted) throw gone(type, id);
  return stored;
}

/** The current version, a deletion too; undefined when there is none. */
export async function findResource(
  db: Database,
  within: Compartment,
  type: string,
  id: string,
): Promise<Stored | undefined> {
  if (!isId(id)) return undefined;
  const shard = knownShard(type, id) ?? (await homeOf(db, within, type, id));
  const row = await readerOf(db)({ within, type, id, shard });
  return row && stored(row);
}

interface ReadKey {
  within: Compartment;
  type: string;
  id: string;
  shard: number;
}

const MOST_READS = 64;
const readers = new WeakMap<Database, (key: ReadKey) => Promise<Row | undefined>>();

/** Reads that arrive together go in one statement. The limit keeps the planner to one look-up by key for each of them. */
function readerOf(db: Database): (key: ReadKey) => Promise<Row | undefined> {
  const made = readers.get(db);
  if (made) return made;
  const reader = batching(async (keys: readonly ReadKey[]) => {
    const rows = await db.named<Row & { n: number }>(
      'read',
      `select (i.n - 1)::int4 as n, r.*
       from unnest($1::int4[], $2::int2[], $3::text[], $4::text[], $5::int8[]) with ordinality as i(tenant, shard, type, id, visible, n)
       cross join lateral (
         select c.type, c.id, c.shard, c.version, c.ts, c.deleted, c.derived, v.content
         from resource_current c
         join resource_version v using (tenant, shard, type, id, version)
         where c.tenant = i.tenant and c.shard = i.shard and c.type = i.type and c.id = i.id
           and (i.visible is null or c.tok @> array[i.visible])
         limit 1) r`,
      [
        int4Array(keys.map(({ within }) => within.tenant)),
        int2Array(keys.map(({ shard }) => shard)),
        textArray(keys.map(({ type }) => type)),
        textArray(keys.map(({ id }) => id)),
        int8Array(keys.map(({ within }) => visibleBigint(within))),
      ],
    );
    const answers = new Array<Row | undefined>(keys.length).fill(undefined);
    for (const row of rows) answers[row.n] = row;
    return answers;
  }, MOST_READS);
  readers.set(db, reader);
  return reader;
}

/** The current versions of several resources that share a shard; those that do not exist are left out. */
export async function findResources(
  db: Database,
  within: Compartment,
  shard: number,
  type: string,
  ids: readonly string[],
): Promise<Stored[]> {
  const rows = await db.read<Row>(
    'read-many',
    `select c.type, c.id, c.shard, c.version, c.ts, c.deleted, c.derived, v.content
     from resource_current c
     join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.shard = $2 and c.type = $3 and c.id = any($4::text[])
       and ($5::bigint is null or c.tok @> array[$5::bigint])`,
    [within.tenant, shard, type, textArray(ids), visibleToken(within)],
  );
  return rows.map(stored);
}

/** One version. Throws not-found when there is none, deleted (410) when that version is the deletion. */
export async function readVersion(
  db: Database,
  within: Compartment,
  type: string,
  id: string,
  versionId: string,
): Promise<Stored> {
  if (!isId(id)) throw notFound(type, id);
  const version = /^[1-9]\d{0,8}$/.test(versionId) ? Number(versionId) : 0;
  const rows = await db.read<Row>(
    'vread',
    `select v.type, v.id, v.shard, v.version, v.ts, v.deleted, c.derived, v.content
     from resource_version v
     join resource_current c using (tenant, shard, type, id)
     where v.tenant = $1 and v.shard = $2 and v.type = $3 and v.id = $4 and v.version = $5
       and ($6::bigint is null or c.tok @> array[$6::bigint])`,
    [within.tenant, await homeOf(db, within, type, id), type, id, version, visibleToken(within)],
  );
  const [row] = rows;
  if (!row) throw notFound(type, `${id}/_history/${versionId}`);
  if (row.deleted) throw gone(type, id);
  return stored(row);
}

/** True when something that is not deleted lies in the patient's compartment, beside the Patient itself. */
export async function hasCompartment(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
): Promise<boolean> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return false;
  const rows = await db.read<{ found: boolean }>(
    'has-compartment',
    `select exists (select 1 from resource_current where tenant = $1 and shard = $2 and not deleted and tok @> array[$3::bigint]
       and not (type = 'Patient' and id = $4)) as found`,
    [within.tenant, shard, compartmentToken(within.tenant, patient), patient],
  );
  return rows[0]?.found === true;
}

/** True when an Observation rests on a response or Observation, though that has been withdrawn since. */
export async function isDerivedFrom(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
  { type, id }: { type: string; id: string },
): Promise<boolean> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return false;
  const rows = await db.read<{ found: boolean }>(
    'derived-from',
    `select exists (select 1 from resource_current where tenant = $1 and shard = $2 and type = 'Observation' and not deleted
                    and tok @> array[$3::bigint]) as found`,
    [within.tenant, shard, token(within.tenant, 'Observation', 'derived-from', `${type}/${id}`)],
  );
  return rows[0]?.found === true;
}

/** The shard of an id of a type that belongs to no patient, and of a Patient: its own bits, or the hash of an id that a client chose. */
export const shardOfId = (id: string): number => shardOf(id) ?? hashShard(id);

/** The token that a hit must carry for a caller who sees one patient; null for one who sees all. */
export const visibleToken = (within: Compartment): string | null =>
  within.patient === 'everyone' ? null : compartmentToken(within.tenant, within.patient.id);

const visibleBigint = (within: Compartment): bigint | null => {
  const token = visibleToken(within);
  return token === null ? null : BigInt(token);
};

const stored = (row: Row): Stored => ({
  type: row.type,
  id: row.id,
  shard: row.shard,
  version: row.version,
  lastUpdated: row.ts.toISOString(),
  deleted: row.deleted,
  derived: row.derived,
  content: row.content,
});
