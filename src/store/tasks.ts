import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { token } from './tokens.ts';

/**
 * Every Task of a patient that is about one of these Flags, ended ones too: work items and whatever else names them as its focus. A shard has few
 * Tasks: they are found by the primary key, and not by the index of tokens, which is that of all shards and holds what is new in a list.
 */
export async function tasksOnFlags(
  db: Database,
  within: Compartment,
  shard: number,
  flagIds: readonly string[],
): Promise<{ id: string; version: number; content: string }[]> {
  if (flagIds.length === 0) return [];
  const tokens = flagIds.map((id) => token(within.tenant, 'Task', 'focus', `Flag/${id}`));
  return db.read<{ id: string; version: number; content: string }>(
    'tasks-on-flags',
    `select c.id, c.version, v.content
     from resource_current c join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.shard = $2 and c.type = 'Task' and not c.deleted
       and exists (select 1 from unnest(c.tok) as t(token) where t.token = any($3::int8[]))`,
    [within.tenant, shard, `{${tokens.join(',')}}`],
  );
}
