import type { Compartment } from '../fhir/compartment.ts';
import { hashShard, shardOf } from '../fhir/ids.ts';
import { resourceSpec } from '../fhir/resources.ts';
import { claimShard, storedKey } from './claims.ts';
import type { Database } from './database.ts';

/** The key under which an id that a client chose is claimed, when its resource may belong to a patient. */
export const idKey = (type: string, id: string): string => `id ${type}/${id}`;

/**
 * The shard of a resource, where its type and id tell it: the bits of an id of ours; else, for types that belong to no patient, the hash
 * of the id. Undefined for an id that a client chose of a type that belongs to patients: it lies with its patient, and only the claim of
 * its id knows where.
 */
export function knownShard(type: string, id: string): number | undefined {
  return shardOf(id) ?? (resourceSpec(type)?.patient === undefined ? hashShard(id) : undefined);
}

/** The shard of a resource; of an id that nobody has, any. */
export async function homeOf(db: Database, within: Compartment, type: string, id: string): Promise<number> {
  const known = knownShard(type, id);
  if (known !== undefined) return known;
  const cache = cacheOf(db);
  const key = idKey(type, id);
  const cached = cache.get(`${within.tenant} ${key}`);
  if (cached !== undefined) return cached;
  const rows = await db.read<{ home: number | null }>(
    'home',
    'select home from claim where tenant = $1 and shard = $2 and key = $3',
    [within.tenant, claimShard(key), storedKey(key)],
  );
  const home = rows[0]?.home;
  if (home === undefined || home === null) return hashShard(id);
  if (cache.size >= MOST_HOMES) cache.clear();
  cache.set(`${within.tenant} ${key}`, home);
  return home;
}

/** A home never changes, so what was once read stays right. Of each database its own: what a transaction sees may still be taken back. */
const caches = new WeakMap<Database, Map<string, number>>();
const MOST_HOMES = 10_000;

function cacheOf(db: Database): Map<string, number> {
  const held = caches.get(db) ?? new Map<string, number>();
  caches.set(db, held);
  return held;
}
