import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { restBeside } from './jobs/give-way.ts';
import type { ThreadData } from './jobs/simulate.ts';
import { simulateStored } from './jobs/simulation-past.ts';
import { openDatabase } from './store/database.ts';

/**
 * The thread of a simulation: see src/jobs/simulate.ts. On Linux the priority is that of this thread alone: where all cores are busy it gets a seventieth of
 * what a thread gets that answers requests; where one is idle, all of it. Elsewhere it would be that of the process, and is left.
 */
const GIVES_WAY = 19;

async function main({ url, within, request, from, busy }: ThreadData): Promise<void> {
  if (process.platform === 'linux') setPriority(GIVES_WAY);
  const db = openDatabase(url, { connections: 1, readOnly: true });
  try {
    for await (const checkpoint of simulateStored(db, within, request, { from, rest: restBeside(busy) }))
      parentPort?.postMessage(checkpoint);
  } finally {
    await db.close();
  }
}

await main(workerData as ThreadData); // given by simulateInThread
