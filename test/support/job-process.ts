/**
 * A process that does the long work of a database in a thread, slowly, for tests that kill it: tells each page that it has done, as a line. Takes
 * its options as JSON.
 */
import { resolve } from 'node:path';
import { boot } from '../../src/bootstrap.ts';
import { LongJobs } from '../../src/jobs/long.ts';
import { simulateInThread, simulationJob } from '../../src/jobs/simulate.ts';
import { openLog } from '../../src/log.ts';
import { SIMULATE } from '../../src/rules/simulation-request.ts';
import { openDatabase } from '../../src/store/database.ts';
import { shipped } from './shipped.ts';

export interface JobProcess {
  url: string;
  leaseSeconds: number;
  /** Between two pages: room for a kill. */
  pauseMillis: number;
}

const { url, leaseSeconds, pauseMillis }: JobProcess = JSON.parse(process.argv[2] ?? '{}');
const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const db = openDatabase(url, { connections: 4 });
const deps = await boot({
  db,
  log: openLog('error', { write: (line) => void process.stderr.write(line) }),
  baseUrl: 'http://localhost:8080/fhir',
  language: 'en',
  shipped: shipped(),
  demoPolicy: true,
});
const inThread = simulateInThread(resolve('dist/simulation.js'));
const slowly = simulationJob(async function* (...args) {
  tell(`begins at ${args[3]?.done ?? 0}`);
  for await (const checkpoint of inThread(...args)) {
    yield checkpoint;
    tell(`done ${checkpoint.done}`);
    await new Promise((told) => setTimeout(told, pauseMillis));
  }
});
await new LongJobs(deps, { [SIMULATE]: slowly }, { leaseSeconds, beatMillis: 20 }).sweep();
tell('idle');
await db.close();
