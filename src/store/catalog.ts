import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';

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
