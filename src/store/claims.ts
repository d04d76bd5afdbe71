import type { Compartment } from '../fhir/compartment.ts';
import { hashShard } from '../fhir/ids.ts';
import type { Database } from './database.ts';

/** Who holds a key; undefined when nobody has claimed it. */
export async function claimOwner(
  db: Database,
  within: Compartment,
  key: string,
): Promise<{ type: string; id: string } | undefined> {
  const rows = await db.named<{ type: string; id: string }>(
    'claim',
    'select type, id from claim where tenant = $1 and shard = $2 and key = $3',
    [within.tenant, claimShard(key), key],
  );
  return rows[0];
}

/** Where a key lies. */
export const claimShard = (key: string): number => hashShard(key);
