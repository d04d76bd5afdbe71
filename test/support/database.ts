import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import pg from 'pg';
import { withDatabase } from '../../src/embedded.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { keep, reset } from './kept.ts';

/** A database of one test, whose no more when `drop` is called. */
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

/** What a fresh database holds: nothing, the empty tables of this release, or also all that ships with it. */
export type Holding = 'nothing' | 'tables' | 'all';

/** Databases of this process whose tests are over, as they were when they were new, with the connections that were opened to them. */
const spare: { kind: string; url: string; db: Database }[] = [];

/**
 * A database of which a test knows no more than that it holds what is asked for: a new one, or one whose test has ended (`reset`), which has
 * the same and whose connections know the statements already.
 */
export async function freshDatabase(options: { connections?: number; holding?: Holding } = {}): Promise<TestDatabase> {
  const { connections = 10, holding = 'tables' } = options;
  const kind = `${holding} ${connections}`;
  const at = spare.findIndex((one) => one.kind === kind);
  const { url, db } = spare.splice(at, at < 0 ? 0 : 1)[0] ?? (await newDatabase(holding, connections));
  return {
    url,
    db,
    async drop() {
      if (holding !== 'nothing' && (await isAsNew(db))) spare.push({ kind, url, db });
      else await dropDatabase(url, db);
    },
  };
}

async function newDatabase(holding: Holding, connections: number): Promise<{ url: string; db: Database }> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(`create database ${name}${holding === 'nothing' ? '' : ` template ${templateOf(holding)}`}`);
  const url = withDatabase(serverUrl(), name);
  return { url, db: openDatabase(url, { connections }) };
}

async function isAsNew(db: Database): Promise<boolean> {
  try {
    await reset(db);
    return true;
  } catch {
    return false;
  }
}

async function dropDatabase(url: string, db: Database): Promise<void> {
  await db.close();
  if (process.env.TEST_SERVER === 'own') return;
  await asAdmin(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

/** Ends what the tests of this process have left; a process whose connections are open does not end. */
export async function dropSpare(): Promise<void> {
  await Promise.all(spare.splice(0).map(({ url, db }) => dropDatabase(url, db)));
}

/** What `databaseToCopy` has made, named by tools/test.ts. */
function templateOf(holding: Exclude<Holding, 'nothing'>): string {
  const name = process.env[`TEST_TEMPLATE_${holding.toUpperCase()}`];
  if (!name) throw new Error('the databases to copy are not named: run the tests with npm test');
  return name;
}

/** Makes a database that `freshDatabase` copies, with what `fill` adds to the empty tables, and gives its name. */
export async function databaseToCopy(fill?: (db: Database) => Promise<unknown>): Promise<string> {
  const { url, db } = await newDatabase('nothing', 10);
  await migrate(db, resolve('migrations'));
  await fill?.(db);
  await keep(db);
  await db.close();
  return new URL(url).pathname.slice(1);
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
