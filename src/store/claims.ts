import { hash } from 'node:crypto';
import type { Compartment } from '../fhir/compartment.ts';
import { hashShard } from '../fhir/ids.ts';
import type { Database } from './database.ts';

/** Who holds a key; undefined when nobody has claimed it. With `hold` it stays so until the end of the transaction. */
export async function claimOwner(
  db: Database,
  within: Compartment,
  key: string,
  { hold = false }: { hold?: boolean | undefined } = {},
): Promise<{ type: string; id: string } | undefined> {
  const rows = await db.read<{ type: string; id: string }>(
    hold ? 'claim-held' : 'claim',
    `select type, id from claim where tenant = $1 and shard = $2 and key = $3${hold ? ' for no key update' : ''}`,
    [within.tenant, claimShard(key), storedKey(key)],
  );
  return rows[0];
}

/** Where a key lies. */
export const claimShard = (key: string): number => hashShard(key);

/** A key as it is stored: one that an index entry of the server might not hold (2,704 bytes) by its hash. */
export const storedKey = (key: string): string => (key.length <= 500 ? key : `sha256 ${hash('sha256', key)}`);
