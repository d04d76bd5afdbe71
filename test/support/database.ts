import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import pg from 'pg';
import { withDatabase } from '../../src/embedded.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

/** A database of one test, gone when `drop` is called, or with the server that tools/test.ts ends. */
export interface TestDatabase {
  url: string;
  db: Database;
  drop(): Promise<void>;
}

/** The server that tools/test.ts started; its absence is an error, never a skipped test. */
export function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run the tests with npm test');
  return url;
}

/** A fresh, migrated database; a copy of `template` where one is named, to which nobody may be connected. */
export async function freshDatabase(
  options: { connections?: number; migrated?: boolean; template?: string } = {},
): Promise<TestDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(`create database ${name}${options.template === undefined ? '' : ` template ${options.template}`}`);
  const url = withDatabase(serverUrl(), name);
  const db = openDatabase(url, { connections: options.connections ?? 10 });
  if (options.migrated !== false && options.template === undefined) await migrate(db, resolve('migrations'));
  return {
    url,
    db,
    async drop() {
      await db.close();
      if (process.env.TEST_SERVER === 'own') return;
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
}

/** One statement on the server's own database. */
export async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(serverUrl(), 'postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
