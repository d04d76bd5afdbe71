import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Measured } from './measured.ts';
import { cpuOfFamily } from './process-stat.ts';

/** Whose CPU time a measurement is charged with. */
export interface Watched {
  service?: number;
  /** The postmaster. */
  database?: number;
}

/** Starts one of our processes. `file` is its built file. */
export const startWorker = (file: string): ChildProcess =>
  fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

/**
 * Gives a job to a process that says `{measuring}` after its warm-up and `{result}` at the end; CPU time is read at both moments.
 * With `self` the process is itself what is measured.
 */
export async function measure(
  file: string,
  job: object,
  watched: Watched & { self?: boolean } = {},
): Promise<{ measured: Measured; next: number }> {
  const child = startWorker(file);
  const pids: Watched = watched.self && child.pid !== undefined ? { ...watched, service: child.pid } : watched;
  child.send(job);
  let before = {};
  for (;;) {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`))),
    ]);
    if (message.measuring) before = read(pids);
    if (message.result) {
      const cpu = perAnswer(before, read(pids), message.result.count);
      return { measured: { ...message.result, cpu }, next: message.next ?? 0 };
    }
  }
}

interface Reading {
  service?: number | undefined;
  database?: number | undefined;
}

const read = ({ service, database }: Watched): Reading => ({
  // With its other processes, where it has any.
  ...(service === undefined ? {} : { service: cpuOfFamily(service) }),
  ...(database === undefined ? {} : { database: cpuOfFamily(database) }),
});

function perAnswer(before: Reading, after: Reading, count: number): NonNullable<Measured['cpu']> {
  const cpu: NonNullable<Measured['cpu']> = {};
  for (const name of ['service', 'database'] as const) {
    const [from, to] = [before[name], after[name]];
    if (from !== undefined && to !== undefined && count > 0) cpu[name] = (to - from) / count;
  }
  return cpu;
}
