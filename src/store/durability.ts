/**
 * Whether a server keeps what it has acknowledged. Asked at start, of any server: one that may forget is refused.
 */

/** What is asked of a connection; a Client or Pool of `pg` has it. */
export interface Queryable {
  query(text: string): Promise<{ rows: unknown[] }>;
}

interface Setting {
  name: string;
  value: string | null;
  source: string | null;
}

interface Requirement {
  name: string;
  safe: (value: string) => boolean;
  /** What to do about a value that is not safe. */
  mend: (source: string | null) => string;
}

/** PostgreSQL 15 is the oldest release that we support. */
const OLDEST = 150_000;

/**
 * What must hold. Source: PostgreSQL 18 documentation, 19.5.1 (Write Ahead Log, Settings).
 * `local` and `remote_write` are safe here: each waits for this server's own disk; what they leave open is a standby.
 */
const REQUIREMENTS: readonly Requirement[] = [
  {
    name: 'server_version_num',
    safe: (value) => Number(value) >= OLDEST,
    mend: () => 'upgrade to PostgreSQL 15 or later',
  },
  {
    name: 'server_encoding',
    safe: (value) => value === 'UTF8',
    mend: () => "use a database made with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
  },
  { name: 'fsync', safe: (value) => value === 'on', mend: setOn('fsync') },
  { name: 'full_page_writes', safe: (value) => value === 'on', mend: setOn('full_page_writes') },
  {
    name: 'synchronous_commit',
    safe: (value) => ['on', 'local', 'remote_write', 'remote_apply'].includes(value),
    mend: setOn('synchronous_commit'),
  },
];

/**
 * Returns when every write that this session's server acknowledges survives a crash. The session is asked, so what
 * is set for the role or the database only counts too: ask on a connection made like those that will write.
 * Throws an Error that names each unsafe setting, its value and how to mend it; a setting that is not told is not safe.
 */
export async function checkDurability(client: Queryable): Promise<void> {
  const names = REQUIREMENTS.map(({ name }) => `'${name}'`).join(', ');
  const { rows } = await client.query(
    `select name, setting as value, source from pg_settings where name in (${names})`,
  );
  const told = new Map((rows as Setting[]).map((row) => [row.name, row])); // the columns of the statement above
  const faults = REQUIREMENTS.flatMap(({ name, safe, mend }) => {
    const setting = told.get(name);
    const value = setting?.value ?? undefined;
    if (value !== undefined && safe(value)) return [];
    return [`${name} is ${value ?? 'not told by the server'}: ${mend(setting?.source ?? null)}`];
  });
  if (faults.length === 0) return;
  throw new Error(`The PostgreSQL server is not safe for patient data, and is refused. ${faults.join('. ')}.`);
}

/** The command that undoes a value, by the place where it was set (`pg_settings.source`). */
function setOn(name: string): Requirement['mend'] {
  return (source) => {
    if (source === 'database') return `ALTER DATABASE … RESET ${name}`;
    if (source === 'user') return `ALTER ROLE … RESET ${name}`;
    if (source === 'database user') return `ALTER ROLE … IN DATABASE … RESET ${name}`;
    if (source === 'client') return `remove ${name} from DATABASE_URL or PGOPTIONS`;
    if (source === 'command line') return `remove ${name} from the server's command line`;
    return `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf()`;
  };
}
