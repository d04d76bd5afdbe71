/**
 * A service whose clock its parent moves: started as `npm start` starts it, with a `now` that stands still until the parent says otherwise. Told to
 * `sweep`, it answers when nothing is due any more; told to die in the middle of that, it ends as by signal 9.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readConfig } from '../../src/config.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { KINDS, LOOKS } from '../../src/jobs/kinds.ts';
import { type RunDue, Scheduler } from '../../src/jobs/scheduler.ts';
import { openLog } from '../../src/log.ts';
import { startService } from '../../src/service.ts';
import { overdue } from '../../src/store/due.ts';

/** What the parent asks. */
export interface Asked {
  n: number;
  /** The service's time from now on. */
  now?: string;
  /** Whether all that is due is to be done before it answers. */
  sweep?: true;
  /** Ends the process so many milliseconds after it has begun the so many-th thing of this sweep. */
  dieAt?: { run: number; millis: number };
}

/** The answer: how much was done, and how much has failed too often. */
export interface Told {
  n: number;
  done: number;
  parked: number;
}

let now = new Date(process.env.SEASON_NOW ?? '');
const config = readConfig(process.env);
const { deps } = await startService(config, {
  log: openLog(config.logLevel),
  root: process.cwd(),
  now: () => now,
});

process.on('message', (asked: Asked) => {
  if (asked.now !== undefined) now = new Date(asked.now);
  void (asked.sweep ? swept(asked) : Promise.resolve({ done: 0, parked: 0 })).then((told) =>
    process.send?.({ n: asked.n, ...told } satisfies Told),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ n: 0, done: 0, parked: 0 } satisfies Told);

/** Beside the service's own scheduler, which looks each second: what that one or another process holds is waited for. */
async function swept({ dieAt }: Asked): Promise<Omit<Told, 'n'>> {
  let runs = 0;
  const watched = (run: RunDue): RunDue => {
    return (...args) => {
      runs += 1;
      if (dieAt?.run === runs) setTimeout(() => process.kill(process.pid, 'SIGKILL'), dieAt.millis);
      return run(...args);
    };
  };
  const kinds = Object.fromEntries(Object.entries(KINDS).map(([kind, run]) => [kind, watched(run)]));
  const scheduler = new Scheduler(deps, kinds, { looks: LOOKS });
  for (let done = 0; ; ) {
    try {
      done += await scheduler.sweep();
      const { count, parked } = await overdue(deps.db, everyone(), now.toISOString());
      // Who is to die does not answer before.
      if (count === parked && !(dieAt && runs >= dieAt.run)) return { done, parked };
    } catch {
      // The database was killed, and comes back.
    }
    await pause(10);
  }
}
