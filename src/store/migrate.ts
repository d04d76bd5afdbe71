import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Migration, Migrator, sql } from 'kysely';
import type { Database } from './database.ts';

/**
 * Brings the schema up to date: runs the files of `folder` that have not run, in the order of their numbers, each in the
 * same transaction. Two starters wait for each other. Gives the names of those that ran; throws when one fails, or
 * when the database holds a migration that this release does not know.
 */
export async function migrate(db: Database, folder: string): Promise<string[]> {
  if (await isUpToDate(db, folder)) return [];
  const migrator = new Migrator({
    db: db.kysely,
    provider: { getMigrations: () => read(folder) },
    migrationTableName: TABLE,
    migrationLockTableName: 'migration_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}

const TABLE = 'migration';

/** Whether exactly the files of `folder` have run: two short reads, where the migrator looks through the whole schema and takes a lock. */
async function isUpToDate(db: Database, folder: string): Promise<boolean> {
  const known = await sql<{ there: boolean }>`select to_regclass(${TABLE}) is not null as there`.execute(db.kysely);
  if (!known.rows[0]?.there) return false;
  const ran = await sql<{ name: string }>`select name from ${sql.table(TABLE)} order by name collate "C"`.execute(
    db.kysely,
  );
  const names = (await filesOf(folder)).map(nameOf);
  return names.length === ran.rows.length && ran.rows.every(({ name }, at) => name === names[at]);
}

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => /^\d{4}-.+\.sql$/.test(file)).sort();

const nameOf = (file: string): string => file.replace(/\.sql$/, '');

async function read(folder: string): Promise<Record<string, Migration>> {
  const files = await filesOf(folder);
  const entries = files.map(async (file): Promise<[string, Migration]> => {
    const text = await readFile(join(folder, file), 'utf8');
    return [nameOf(file), { up: async (db) => void (await sql.raw(text).execute(db)) }];
  });
  return Object.fromEntries(await Promise.all(entries));
}
