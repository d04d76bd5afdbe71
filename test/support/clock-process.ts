/**
 * A process that does what is due in a database at a moment, for tests that kill it: tells each thing that it begins and ends, then how much was done,
 * as lines. Takes its options as JSON.
 */
import { boot } from '../../src/bootstrap.ts';
import { KINDS, LOOKS } from '../../src/jobs/kinds.ts';
import { type LookDue, type RunDue, Scheduler } from '../../src/jobs/scheduler.ts';
import { openLog } from '../../src/log.ts';
import { openDatabase } from '../../src/store/database.ts';
import { shipped } from './shipped.ts';

export interface ClockProcess {
  url: string;
  now: string;
  leaseSeconds: number;
  /** Without it so few that nothing is looked at together. */
  batch?: number;
}

const options: ClockProcess = JSON.parse(process.argv[2] ?? '{}');
const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const kinds = Object.fromEntries(
  Object.entries(KINDS).map(([kind, run]): [string, RunDue] => [
    kind,
    async (deps, within, due) => {
      tell(`begins ${due.id}`);
      await run(deps, within, due);
      tell(`ends ${due.id}`);
    },
  ]),
);
const looks = Object.fromEntries(
  Object.entries(LOOKS).map(([kind, look]): [string, LookDue] => [
    kind,
    async (deps, within, due) => {
      tell(`begins to look at ${due.length} of ${kind}`);
      return look(deps, within, due);
    },
  ]),
);
const db = openDatabase(options.url, { connections: 4 });
const deps = await boot({
  db,
  log: openLog('error', { write: (line) => void process.stderr.write(line) }),
  baseUrl: 'http://localhost:8080/fhir',
  language: 'en',
  shipped: shipped(),
  demoPolicy: true,
  now: () => new Date(options.now),
});
const done = await new Scheduler(deps, kinds, {
  looks,
  leaseSeconds: options.leaseSeconds,
  batch: options.batch ?? 8,
}).sweep();
tell(`done ${done}`);
await db.close();
