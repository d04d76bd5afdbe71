import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import type { Due } from './due.ts';

/** At what waits for something that may never come: in no look at what is due. */
const NO_MOMENT = '9999-12-31T00:00:00.000Z';

/**
 * Parks a thing as it was taken, until `wake`, where the catalog is still of the generation by which nothing came of it: whoever raises that waits meanwhile, and
 * finds the thing parked. False where the catalog has changed or is being changed, or the thing has been asked for anew. It waits for no other writer, so no two can wait for
 * each other.
 */
export async function park(db: Database, within: Compartment, taken: Due, generation: string): Promise<boolean> {
  const rows = await db.write<{ id: string }>(
    'park-due',
    `with thing as materialized (
       select tenant, shard, id from due
       where tenant = $1 and shard = $2 and id = $3 and at = $4 and attempts = $5 for update skip locked
     ), same as materialized (
       select 1 from catalog where tenant = $1 and shard = 0 and generation = $6 for share skip locked
     )
     update due d set at = $7, attempts = 0, locked_until = '-infinity'
     from thing, same where d.tenant = thing.tenant and d.shard = thing.shard and d.id = thing.id
     returning d.id`,
    [within.tenant, taken.shard, taken.id, taken.at, taken.attempts, generation, NO_MOMENT],
  );
  return rows.length > 0;
}

/** All that is parked under ids that begin so is due at that moment. `begins` ends in a slash. */
export async function wake(db: Database, within: Compartment, begins: string, at: string): Promise<void> {
  await db.write(
    'wake-due',
    `update due set at = $4, attempts = 0, locked_until = '-infinity'
     where tenant = $1 and at = $5 and id >= $2 and id < $3`,
    [within.tenant, begins, `${begins.slice(0, -1)}0`, at, NO_MOMENT], // 0 comes after the slash
  );
}
