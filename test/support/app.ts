import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { type AppOptions, buildApp } from '../../src/app.ts';
import { boot } from '../../src/bootstrap.ts';
import type { Deps } from '../../src/deps.ts';
import { openLog } from '../../src/log.ts';
import type { Database } from '../../src/store/database.ts';
import { databaseToCopy, freshDatabase, type Holding, type TestDatabase } from './database.ts';
import { shipped } from './shipped.ts';

/** The service of one test: a fresh database, everything that ships with it, and no socket. */
export interface TestApp {
  app: FastifyInstance;
  deps: Deps;
  database: TestDatabase;
  /** Lines of the log so far. */
  log: string[];
  /** A request under `/fhir`; an object body is sent as FHIR JSON, a string or Buffer as it is. */
  send(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Listens on a free loopback port; gives the FHIR base that clients use. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS';

export interface Answer {
  status: number;
  headers: LightMyRequestResponse['headers'];
  text: string;
  /** The parsed body; undefined when there is none. Tests read it as they expect it to be. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came and fails where it is not what it expects
  body: any;
}

export interface TestOptions {
  demoPolicy?: boolean;
  /** The clock; tests fix it. */
  now?: () => Date;
  baseUrl?: string;
  connections?: number;
  /** What the app is told beside its deps. */
  app?: AppOptions;
  /** Replaces parts of the deps before the routes are built. */
  change?: (deps: Deps) => void;
}

/** A fixed moment: tests that look at dates begin here. */
export const NOW = new Date('2026-11-21T12:00:00.000Z');

export async function testApp(options: TestOptions = {}): Promise<TestApp> {
  const database = await freshDatabase({
    connections: options.connections ?? 10,
    holding: (options.demoPolicy ?? true) ? 'all' : 'tables',
  });
  const log: string[] = [];
  const deps = await bootOn(database.db, options, log);
  options.change?.(deps);
  const app = buildApp(deps, options.app);
  return {
    app,
    deps,
    database,
    log,
    async send(method, path, body, headers = {}) {
      const raw = typeof body === 'string' || Buffer.isBuffer(body);
      const response = await app.inject({
        method,
        url: path.startsWith('/health') ? path : `/fhir${path}`,
        headers: {
          host: 'localhost:8080',
          ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
      });
      const text = response.body;
      return {
        status: response.statusCode,
        headers: response.headers,
        text,
        body: text ? JSON.parse(text) : undefined,
      };
    },
    async listen() {
      const address = await app.listen({ host: '127.0.0.1', port: 0 });
      return `${address}/fhir`;
    },
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

function bootOn(db: Database, options: TestOptions, log: string[]): Promise<Deps> {
  return boot({
    db,
    log: openLog('info', { write: (line) => void log.push(line) }),
    baseUrl: options.baseUrl ?? 'http://localhost:8080/fhir',
    language: 'en',
    shipped: shipped(),
    demoPolicy: options.demoPolicy ?? true,
    ...(options.now ? { now: options.now } : {}),
  });
}

/** The databases that tests begin with copies of, by what they hold: to write what ships takes most of a second. */
export async function databasesToCopy(): Promise<Record<Exclude<Holding, 'nothing'>, string>> {
  const fill = async (db: Database) => {
    await bootOn(db, {}, []);
    // As after the first second of a service: no plan waits for a form that ships.
    await db.pool.query('delete from due');
  };
  const [all, tables] = await Promise.all([databaseToCopy(fill), databaseToCopy()]);
  return { all, tables };
}
