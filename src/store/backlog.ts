import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';

/** What waits, for whoever operates the service: counts and moments, of no one patient. Moments are UTC instants. */
export interface Backlog {
  /** Open work items by state and level. */
  work: readonly { state: string; level: string; count: number }[];
  /** Of these, those whose time to respond has passed at `now`; what sleeps is not due. */
  overdue: number;
  /** When the oldest work item that nobody has taken was opened. */
  waitingSince?: string;
  /** For how many seconds the oldest row of the outbox has been there, by the clock of the database, which has dated it; 0 without one. */
  outboxSeconds: number;
  /** Things that are due at `now`; of these what has failed too often; and since when the oldest of the others is due. */
  due: number;
  parked: number;
  dueSince?: string;
  /** Long work by kind and status. */
  jobs: readonly { kind: string; status: string; count: number }[];
}

/** How much waits at `now`, in the service's own time. `parkedAttempts`: what has failed as often is parked. */
export async function readBacklog(
  db: Database,
  within: Compartment,
  { now, parkedAttempts }: { now: string; parkedAttempts: number },
): Promise<Backlog> {
  const [row] = await db.named<Row>('backlog', BACKLOG, [within.tenant, now, parkedAttempts]);
  if (!row) throw new Error('the database did not tell what waits');
  return {
    work: row.work,
    overdue: Number(row.overdue),
    ...moment('waitingSince', row.waiting_since),
    outboxSeconds: row.outbox_seconds,
    due: Number(row.due),
    parked: Number(row.parked),
    ...moment('dueSince', row.due_since),
    jobs: row.jobs,
  };
}

const BACKLOG = `
select
  (select coalesce(json_agg(w), '[]') from (
     select state, level, count(*)::int as count from work where tenant = $1 group by state, level) w) as work,
  (select count(*) from work where tenant = $1 and due < $2 and state <> 'snoozed') as overdue,
  (select min(opened) from work where tenant = $1 and state = 'waiting') as waiting_since,
  (select coalesce(greatest(extract(epoch from clock_timestamp() - min(ts)), 0), 0)::float8 from outbox where tenant = $1) as outbox_seconds,
  d.due, d.parked, d.due_since,
  (select coalesce(json_agg(j), '[]') from (
     select kind, status, count(*)::int as count from job where tenant = $1 group by kind, status) j) as jobs
from (
  select count(*) as due, count(*) filter (where attempts >= $3) as parked, min(at) filter (where attempts < $3) as due_since
  from due where tenant = $1 and at <= $2) d`;

interface Row extends Record<string, unknown> {
  work: { state: string; level: string; count: number }[];
  overdue: string;
  waiting_since: Date | null;
  outbox_seconds: number;
  due: string;
  parked: string;
  due_since: Date | null;
  jobs: { kind: string; status: string; count: number }[];
}

const moment = <Name extends string>(name: Name, at: Date | null): Partial<Record<Name, string>> =>
  at === null ? {} : ({ [name]: at.toISOString() } as Partial<Record<Name, string>>); // the one name that is asked for
