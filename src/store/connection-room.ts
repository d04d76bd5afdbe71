import type { Queryable } from './durability.ts';

/** What the processes of one host may open at once. */
export interface Wanted {
  /** Processes that answer requests. */
  workers: number;
  /** Most connections of each at once. */
  connections: number;
}

/** A process opens one more than it is set to while it simulates: that work has a connection of its own. */
const ASIDE = 1;

/** How many connections the processes of one host have at most, together. */
export const connectionsOf = ({ workers, connections }: Wanted): number => workers * (connections + ASIDE);

interface Room {
  most: number;
  reserved: number;
  /** Of the database and of the role; -1 without a limit. */
  database: number;
  role: number;
}

/**
 * Returns when the server lets this host open all that it is set to. What other hosts and programs hold is not counted: who runs several adds them
 * up (docs/operations.md). Throws an Error that says how many there are, how many there may be, and what to set.
 */
export async function checkRoom(client: Queryable, wanted: Wanted): Promise<void> {
  const { rows } = await client.query(ROOM);
  const [{ most, reserved, database, role }] = rows as [Room]; // one row of the columns of the statement
  const limits = [
    { limit: most - reserved, name: `max_connections ${most}, of which ${reserved} are reserved` },
    { limit: database, name: `CONNECTION LIMIT ${database} of the database` },
    { limit: role, name: `CONNECTION LIMIT ${role} of the role` },
  ].filter(({ limit }) => limit >= 0);
  const all = connectionsOf(wanted);
  const least = limits.reduce((one, other) => (other.limit < one.limit ? other : one));
  if (all <= least.limit) return;
  const each = Math.floor(least.limit / wanted.workers) - ASIDE;
  const mend =
    each >= 2
      ? `Set DB_CONNECTIONS to at most ${each}, or raise that limit.`
      : `${wanted.workers > 1 ? 'Set WORKERS to fewer, or raise' : 'Raise'} that limit.`;
  throw new Error(
    `${wanted.workers} ${wanted.workers === 1 ? 'process' : 'processes'} (WORKERS) of ${wanted.connections} connections each (DB_CONNECTIONS), ` +
      `and one for a simulation, may open ${all}; the PostgreSQL server has room for ${least.limit} (${least.name}). ${mend}`,
  );
}

/** `reserved_connections` came with PostgreSQL 16. */
const ROOM = `
select current_setting('max_connections')::int as most,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
       (select datconnlimit from pg_database where datname = current_database()) as database,
       (select rolconnlimit from pg_roles where rolname = current_user) as role`;
