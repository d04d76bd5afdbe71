import { boot } from '../../src/bootstrap.ts';
import type { Deps } from '../../src/deps.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { TestApp } from './app.ts';
import { shipped } from './shipped.ts';

/** Another process's view of the same database: its own pool, catalog, watermark and turns; nothing is shared but the server. */
export async function secondDeps(app: TestApp, connections = 10): Promise<{ deps: Deps; close(): Promise<void> }> {
  const db = openDatabase(app.database.url, { connections });
  const { log, baseUrl, language, now } = app.deps;
  const deps = await boot({ db, log, baseUrl, language, now, shipped: shipped(), demoPolicy: true });
  return { deps, close: () => db.close() };
}
