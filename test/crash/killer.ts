import type pg from 'pg';
import type { Bed } from './bed.ts';
import type { Random } from './random.ts';

/** What is killed: the service; the postmaster alone; the database with all its processes; one backend; service and database at once. */
export const TARGETS = ['service', 'postmaster', 'database', 'backend', 'both'] as const;
export type Target = (typeof TARGETS)[number];

export interface Kill {
  target: Target;
  /** A commit of an evaluation was seen under way in the database while what was killed next stood still. */
  duringCommit: boolean;
  /** Writes that had been sent and not answered at that moment. */
  unanswered: number;
}

/** How often it is tried to meet a commit before the kill falls at whatever moment it is. */
const TRIES = 60;

/**
 * Kills `target` with signal 9. With `aim`, a commit has to be under way: the process is halted first and the database asked
 * then, so that what was seen cannot be over before the kill.
 */
export async function kill(
  bed: Bed,
  target: Target,
  aim: boolean,
  random: Random,
  unanswered: () => number,
): Promise<Kill> {
  const client = aim ? await bed.connect() : undefined;
  try {
    for (let attempt = 0; client && attempt < TRIES; attempt += 1) {
      const met =
        target === 'service' || target === 'both'
          ? await halfWayInService(bed, client, () => end(bed, target))
          : await halfWayInDatabase(bed, client, (backend) => end(bed, target, backend));
      if (met) return { target, duringCommit: true, unanswered: unanswered() };
      await pause(random.between(1, 8));
    }
    const now = unanswered();
    await end(bed, target);
    return { target, duringCommit: false, unanswered: now };
  } finally {
    await client?.end().catch(() => {});
  }
}

async function halfWayInService(bed: Bed, client: pg.Client, kill: () => Promise<void>): Promise<boolean> {
  const pid = bed.service;
  if (pid === undefined) return false;
  signal(pid, 'SIGSTOP');
  const [backend] = await commits(client);
  if (backend === undefined) {
    signal(pid, 'SIGCONT');
    return false;
  }
  await kill();
  return true;
}

async function halfWayInDatabase(
  bed: Bed,
  client: pg.Client,
  kill: (backend: number) => Promise<void>,
): Promise<boolean> {
  const [backend] = await commits(client);
  if (backend === undefined) return false;
  signal(backend, 'SIGSTOP');
  // It may hold a lock that the question needs; then nothing is known, and it goes on.
  const still = await Promise.race([commits(client), pause(200).then((): number[] => [])]);
  if (!still.includes(backend) || bed.postmaster === undefined) {
    signal(backend, 'SIGCONT');
    return false;
  }
  await kill(backend);
  return true;
}

async function end(bed: Bed, target: Target, backend?: number): Promise<void> {
  if (target === 'service') return bed.killService();
  const postmaster = bed.postmaster;
  if (postmaster !== undefined) {
    const children = bed.backends(postmaster);
    if (target === 'backend') {
      signal(backend ?? children.at(-1), 'SIGKILL');
    } else {
      signal(postmaster, 'SIGKILL');
      if (target === 'postmaster') signal(backend, 'SIGCONT');
      else for (const child of children) signal(child, 'SIGKILL');
    }
  }
  if (target === 'both') await bed.killService();
}

/** How the statement begins; the database shows no more than the first kilobyte of it. Source: src/store/write.ts. */
const COMMIT = '%with counted as (%';

/** Backends in which the one statement that commits an evaluation is running. */
async function commits(client: pg.Client): Promise<number[]> {
  try {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where state = 'active' and application_name = 'vigie' and query like $1`,
      [COMMIT],
    );
    return rows.map(({ pid }) => pid);
  } catch {
    return [];
  }
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
