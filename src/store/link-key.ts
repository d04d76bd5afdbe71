import { randomBytes } from 'node:crypto';
import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';

const keys = new WeakMap<Database, Map<number, Promise<Buffer>>>();

/** The key of a tenant by which links are sealed: 32 bytes, drawn once and the same in every process. */
export function linkKey(db: Database, { tenant }: Compartment): Promise<Buffer> {
  const held = keys.get(db) ?? new Map<number, Promise<Buffer>>();
  keys.set(db, held);
  const known = held.get(tenant);
  if (known) return known;
  const asked = ask(db, tenant);
  held.set(tenant, asked);
  asked.catch(() => held.delete(tenant));
  return asked;
}

/** Whoever comes first draws it: the others read what was drawn. */
async function ask(db: Database, tenant: number): Promise<Buffer> {
  const held = await read(db, tenant);
  if (held) return held;
  await db.kysely
    .insertInto('setting')
    .values({ tenant, shard: 0, name: NAME, value: randomBytes(32).toString('hex') })
    .onConflict((conflict) => conflict.columns(['tenant', 'shard', 'name']).doNothing())
    .execute();
  const drawn = await read(db, tenant);
  if (!drawn) throw new Error('the key of links was drawn and is not there');
  return drawn;
}

async function read(db: Database, tenant: number): Promise<Buffer | undefined> {
  const rows = await db.read<{ value: string }>(
    'setting',
    'select value from setting where tenant = $1 and shard = 0 and name = $2',
    [tenant, NAME],
  );
  return rows[0] && Buffer.from(rows[0].value, 'hex');
}

const NAME = 'link-key';
