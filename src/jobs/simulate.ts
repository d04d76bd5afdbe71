import { Worker } from 'node:worker_threads';
import type { Compartment } from '../fhir/compartment.ts';
import { simulationParameters } from '../rules/simulation-parameters.ts';
import type { SimulationRequest } from '../rules/simulation-request.ts';
import type { Database } from '../store/database.ts';
import { tellBusy, turn } from './give-way.ts';
import type { RunLong } from './long.ts';
import { type Checkpoint, simulateStored } from './simulation-past.ts';

/** Begins a simulation, or goes on with one. */
export type Simulating = (
  db: Database,
  within: Compartment,
  request: SimulationRequest,
  from: Checkpoint | undefined,
  signal: AbortSignal,
) => AsyncIterable<Checkpoint>;

/** What the thread of a simulation is given. */
export interface ThreadData {
  url: string;
  within: Compartment;
  request: SimulationRequest;
  from?: Checkpoint;
  /** See tellBusy of src/jobs/give-way.ts. */
  busy: Int32Array;
}

/** A thread takes no more than this, whatever it reads. */
const MOST_MEGABYTES = 256;

/** The work of `PlanDefinition/$simulate`. */
export function simulationJob(simulating: Simulating): RunLong {
  return async (deps, within, job, { signal, progress }) => {
    const request: SimulationRequest = JSON.parse(job.request);
    const from: Checkpoint | undefined = job.progress === '' ? undefined : JSON.parse(job.progress);
    let last = from;
    for await (const checkpoint of simulating(deps.db, within, request, from, signal)) {
      signal.throwIfAborted();
      last = checkpoint;
      progress(() => JSON.stringify(checkpoint));
    }
    signal.throwIfAborted();
    if (!last) throw new Error('a simulation ended before it began');
    return JSON.stringify(simulationParameters(last.tally, { ...request, labels: deps.labels }));
  };
}

/** In this thread, between other things. */
export const simulateHere: Simulating = (db, within, request, from) =>
  simulateStored(db, within, request, { from, rest: turn });

/**
 * In a thread of its own, with a connection of its own that cannot write. `entry` is its built file. Where the scheduler of the machine knows threads
 * apart (Linux), this one gives way to those that answer requests; and while there are many of them it rests.
 */
export function simulateInThread(entry: string): Simulating {
  return async function* (db, within, request, from, signal) {
    const requests = tellBusy();
    const data: ThreadData = {
      url: db.pool.options.connectionString ?? '',
      within,
      request,
      ...(from ? { from } : {}),
      busy: requests.busy,
    };
    const worker = new Worker(entry, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
      name: 'simulation',
    });
    const told: Checkpoint[] = [];
    let wake: () => void = () => {};
    let end: { error?: unknown } | undefined;
    const finish = (error?: unknown): void => {
      end ??= error === undefined ? {} : { error };
      wake();
    };
    worker.on('message', (checkpoint: Checkpoint) => {
      told.push(checkpoint);
      wake();
    });
    worker.on('error', finish);
    worker.on('exit', (code) => finish(code === 0 ? undefined : new Error('the thread of a simulation ended')));
    const abort = (): void => void worker.terminate();
    signal.addEventListener('abort', abort);
    try {
      for (;;) {
        const next = told.shift();
        if (next) yield next;
        else if (end) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (end.error !== undefined) throw end.error;
    } finally {
      signal.removeEventListener('abort', abort);
      requests.stop();
      await worker.terminate();
    }
  };
}
