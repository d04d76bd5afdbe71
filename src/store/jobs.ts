import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { shardOfId } from './resources.ts';

/** How far long work is. */
export const JOB_STATUSES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

/** Long work that a client asked for. */
export interface Job {
  shard: number;
  id: string;
  kind: string;
  status: (typeof JOB_STATUSES)[number];
  /** UTC instants in the service's own time. */
  askedAt: string;
  endedAt?: string;
  /** The client wants it to end. */
  cancel: boolean;
  /** Text of its kind: how far it is, and what it goes on from. Empty before it began. */
  progress: string;
  /** JSON text: what was asked. */
  request: string;
  /** JSON text: what came of it. */
  result?: string;
  /** How often it was taken since it last went on. */
  attempts: number;
}

/** Notes work that is to be done. */
export async function addJob(
  db: Database,
  within: Compartment,
  { id, kind, askedAt, request }: Pick<Job, 'id' | 'kind' | 'askedAt' | 'request'>,
): Promise<void> {
  await db.write(
    'add-job',
    `insert into job (tenant, shard, id, kind, status, asked_at, request) values ($1, $2, $3, $4, 'queued', $5, $6)`,
    [within.tenant, shardOfId(id), id, kind, askedAt, request],
  );
}

/** One job; undefined when there is none of this id. */
export async function findJob(db: Database, within: Compartment, id: string): Promise<Job | undefined> {
  const rows = await db.named<JobRow>(
    'find-job',
    `select ${COLUMNS} from job where tenant = $1 and shard = $2 and id = $3`,
    [within.tenant, shardOfId(id), id],
  );
  return rows.map(jobOf)[0];
}

/**
 * Takes the oldest work that nobody has, for so many seconds of the database's time: what waits, and what a process held that has not been heard
 * of since. `holder` names the taking: who has lost it changes nothing any more.
 */
export async function takeJob(
  db: Database,
  within: Compartment,
  { holder, seconds }: { holder: string; seconds: number },
): Promise<Job | undefined> {
  const rows = await db.write<JobRow>(
    'take-job',
    `with next as (
       select tenant, shard, id from job
       where tenant = $1 and status in ('queued', 'running') and locked_until <= clock_timestamp()
       order by asked_at, id limit 1
       for update skip locked)
     update job set status = 'running', holder = $2, attempts = attempts + 1,
                    locked_until = clock_timestamp() + make_interval(secs => $3)
     from next where job.tenant = next.tenant and job.shard = next.shard and job.id = next.id
     returning ${COLUMNS.replaceAll(/\b(?=\w)/g, 'job.')}`,
    [within.tenant, holder, seconds],
  );
  return rows.map(jobOf)[0];
}

/** Holds it for longer and notes how far it is, where that is given. Tells whether it is to end; undefined where it was lost to another. */
export async function holdJob(
  db: Database,
  within: Compartment,
  { shard, id }: Pick<Job, 'shard' | 'id'>,
  { holder, seconds, progress }: { holder: string; seconds: number; progress?: string },
): Promise<{ cancel: boolean } | undefined> {
  const rows = await db.write<{ cancel: boolean }>(
    progress === undefined ? 'hold-job' : 'advance-job',
    `update job set locked_until = clock_timestamp() + make_interval(secs => $5)${progress === undefined ? '' : ', progress = $6, attempts = 1'}
     where tenant = $1 and shard = $2 and id = $3 and holder = $4 and status = 'running'
     returning cancel`,
    [within.tenant, shard, id, holder, seconds, ...(progress === undefined ? [] : [progress])],
  );
  return rows[0];
}

/** Gives it back: another process takes it after so many seconds, and goes on from where it is. */
export async function releaseJob(
  db: Database,
  within: Compartment,
  { shard, id }: Pick<Job, 'shard' | 'id'>,
  { holder, seconds }: { holder: string; seconds: number },
): Promise<void> {
  await db.write(
    'release-job',
    `update job set locked_until = clock_timestamp() + make_interval(secs => $5)
     where tenant = $1 and shard = $2 and id = $3 and holder = $4 and status = 'running'`,
    [within.tenant, shard, id, holder, seconds],
  );
}

/**
 * Ends it; tells how, and undefined where it was lost to another before. What was to be cancelled is cancelled, also where it came to its end before it
 * heard of that: then there is no result. What it went on from is not kept.
 */
export async function endJob(
  db: Database,
  within: Compartment,
  { shard, id }: Pick<Job, 'shard' | 'id'>,
  end: { holder: string; status: 'done' | 'failed' | 'cancelled'; at: string; result?: string },
): Promise<Job['status'] | undefined> {
  const rows = await db.write<Pick<Job, 'status'>>(
    'end-job',
    `update job set status = case when cancel then 'cancelled' else $5 end, ended_at = $6,
                    result = case when cancel then null else $7::text end, progress = '', locked_until = '-infinity'
     where tenant = $1 and shard = $2 and id = $3 and holder = $4 and status = 'running'
     returning status`,
    [within.tenant, shard, id, end.holder, end.status, end.at, end.result ?? null],
  );
  return rows[0]?.status;
}

/** Asks for its end: what waits is cancelled at once, what runs soon. Tells what it is then; undefined when there is none of this id. */
export async function cancelJob(
  db: Database,
  within: Compartment,
  id: string,
  at: string,
): Promise<Job['status'] | undefined> {
  const rows = await db.write<{ status: Job['status'] }>(
    'cancel-job',
    `update job set cancel = cancel or status = 'running',
                    ended_at = case when status = 'queued' then $4::timestamptz else ended_at end,
                    status = case when status = 'queued' then 'cancelled' else status end
     where tenant = $1 and shard = $2 and id = $3
     returning status`,
    [within.tenant, shardOfId(id), id, at],
  );
  return rows[0]?.status;
}

const COLUMNS = 'shard, id, kind, status, asked_at, ended_at, cancel, progress, request, result, attempts';

interface JobRow extends Record<string, unknown> {
  shard: number;
  id: string;
  kind: string;
  status: Job['status'];
  asked_at: Date;
  ended_at: Date | null;
  cancel: boolean;
  progress: string;
  request: string;
  result: string | null;
  attempts: number;
}

const jobOf = ({ asked_at, ended_at, result, ...row }: JobRow): Job => ({
  ...row,
  askedAt: asked_at.toISOString(),
  ...(ended_at === null ? {} : { endedAt: ended_at.toISOString() }),
  ...(result === null ? {} : { result }),
});
