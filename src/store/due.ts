import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, int4Array, textArray } from './pg-arrays.ts';

/** Something that is to happen at a moment, of one patient. */
export interface Due {
  shard: number;
  /** Names the thing: asked for again under the same id it moves, and is never there twice. */
  id: string;
  patient: string;
  kind: string;
  /** UTC instant, in the service's own time. */
  at: string;
  /** JSON text: what its kind needs to know. */
  content: string;
  /** How often it was taken. */
  attempts: number;
}

/** What a write does to what is due: sets it, or takes it away where `at` is null. */
export type DueChange = Pick<Due, 'shard' | 'id'> &
  (({ at: string } & Pick<Due, 'patient' | 'kind' | 'content'>) | { at: null });

/** What has failed this often lets the patient's later things pass, and is tried again each hour. */
export const PARKED_ATTEMPTS = 8;

/** The parts of the statement of a write that change what is due. $1 is the tenant. */
export function dueParts(changes: readonly DueChange[], p: (value: unknown) => string): string[] {
  const set = changes.filter((change) => change.at !== null);
  const done = changes.filter(({ at }) => at === null);
  const parts: string[] = [];
  if (done.length > 0) {
    parts.push(`undue as (
  delete from due d using unnest(${p(int2Array(done.map(({ shard }) => shard)))}::int2[], ${p(textArray(done.map(({ id }) => id)))}::text[]) as x(shard, id)
  where d.tenant = $1 and d.shard = x.shard and d.id = x.id
)`);
  }
  if (set.length > 0) {
    parts.push(`due_set as (
  insert into due (tenant, shard, id, patient, kind, at, content)
  select $1, x.shard, x.id, x.patient, x.kind, date_trunc('milliseconds', x.at::timestamptz), x.content
  from unnest(${p(int2Array(set.map(({ shard }) => shard)))}::int2[], ${p(textArray(set.map(({ id }) => id)))}::text[],
              ${p(textArray(set.map(({ patient }) => patient)))}::text[], ${p(textArray(set.map(({ kind }) => kind)))}::text[],
              ${p(textArray(set.map(({ at }) => at)))}::text[], ${p(textArray(set.map(({ content }) => content)))}::text[])
       as x(shard, id, patient, kind, at, content)
  on conflict (tenant, shard, id) do update
  set patient = excluded.patient, kind = excluded.kind, at = excluded.at, content = excluded.content, attempts = 0, locked_until = '-infinity'
)`);
  }
  return parts;
}

/**
 * Takes what is due at `now`, earliest first, for so many seconds of the database's time. Of one patient only the earliest is given, also while
 * another process has that one: what happens to a patient happens in the order of time. What is parked stands outside of it. Rows that another
 * process is just taking are passed over. However much is due, no more than `limit` rows are looked at, save those that wait for one before them
 * or are held: the earliest of a patient is one step in an index, which no plan of the server can turn into a look at all. `since` spares a walk over what has just gone from the index.
 */
export async function takeDue(
  db: Database,
  within: Compartment,
  { now, since, limit, seconds }: { now: string; since?: string | undefined; limit: number; seconds: number },
): Promise<Due[]> {
  const rows = await db.write<DueRow>(
    'take-due',
    `with next as (
       select d.tenant, d.shard, d.id from due d
       where d.tenant = $1 and d.at <= $2 and d.at >= $6 and d.locked_until <= clock_timestamp()
         and (d.attempts >= $5 or d.id = (
           select e.id from due e
           where e.tenant = d.tenant and e.shard = d.shard and e.patient = d.patient and e.attempts < $5
           order by e.at, e.id limit 1))
       order by d.at, d.id limit $3
       for update of d skip locked)
     update due set locked_until = clock_timestamp() + make_interval(secs => $4), attempts = attempts + 1
     from next where due.tenant = next.tenant and due.shard = next.shard and due.id = next.id
     returning due.shard, due.id, due.patient, due.kind, due.at, due.content, due.attempts`,
    [within.tenant, now, limit, seconds, PARKED_ATTEMPTS, since ?? '-infinity'],
  );
  return rows.map(dueOf).sort(inTime);
}

/** A thing that is still due as it was taken; undefined where it has happened, was taken away or moved meanwhile. */
export async function findDue(db: Database, within: Compartment, { shard, id, at }: Due): Promise<Due | undefined> {
  const rows = await db.named<DueRow>(
    'find-due',
    'select shard, id, patient, kind, at, content, attempts from due where tenant = $1 and shard = $2 and id = $3 and at = $4',
    [within.tenant, shard, id, at],
  );
  return rows.map(dueOf)[0];
}

/** Everything that is to happen of a patient, earliest first. */
export async function dueOfPatient(db: Database, within: Compartment, shard: number, patient: string): Promise<Due[]> {
  const rows = await db.named<DueRow>(
    'due-of-patient',
    `select shard, id, patient, kind, at, content, attempts from due
     where tenant = $1 and shard = $2 and patient = $3 order by at, id`,
    [within.tenant, shard, patient],
  );
  return rows.map(dueOf);
}

/** Gives back what failed: it is taken again after so many seconds. Where it `counts` it was a fault of the thing. */
export async function postponeDue(
  db: Database,
  within: Compartment,
  { shard, id, at }: Due,
  { seconds, counts }: { seconds: number; counts: boolean },
): Promise<void> {
  await db.write(
    'postpone-due',
    `update due set locked_until = clock_timestamp() + make_interval(secs => $5), attempts = greatest(attempts - $6, 0)
     where tenant = $1 and shard = $2 and id = $3 and at = $4`,
    [within.tenant, shard, id, at, seconds, counts ? 0 : 1],
  );
}

/** Gives back what was taken and not begun: whoever looks next takes it. What another has taken since is left to that one. */
export async function giveBackDue(db: Database, within: Compartment, taken: readonly Due[]): Promise<void> {
  if (taken.length === 0) return;
  await db.write(
    'give-back-due',
    `update due d set locked_until = '-infinity', attempts = greatest(d.attempts - 1, 0)
     from unnest($2::int2[], $3::text[], $4::text[], $5::int4[]) as x(shard, id, at, attempts)
     where d.tenant = $1 and d.shard = x.shard and d.id = x.id and d.at = x.at::timestamptz and d.attempts = x.attempts`,
    [
      within.tenant,
      int2Array(taken.map(({ shard }) => shard)),
      textArray(taken.map(({ id }) => id)),
      textArray(taken.map(({ at }) => at)),
      int4Array(taken.map(({ attempts }) => attempts)),
    ],
  );
}

/**
 * Does away with things of which nothing comes, each only as it was taken: who has asked for one anew since has set how often it was taken to none, and
 * keeps it. Gives the ids of those that are gone.
 */
export async function settleDue(db: Database, within: Compartment, taken: readonly Due[]): Promise<string[]> {
  if (taken.length === 0) return [];
  const rows = await db.write<{ id: string }>(
    'settle-due',
    `delete from due d using unnest($2::int2[], $3::text[], $4::text[], $5::int4[]) as x(shard, id, at, attempts)
     where d.tenant = $1 and d.shard = x.shard and d.id = x.id and d.at = x.at::timestamptz and d.attempts = x.attempts
     returning d.id`,
    [
      within.tenant,
      int2Array(taken.map(({ shard }) => shard)),
      textArray(taken.map(({ id }) => id)),
      textArray(taken.map(({ at }) => at)),
      int4Array(taken.map(({ attempts }) => attempts)),
    ],
  );
  return rows.map(({ id }) => id);
}

/** How much is due at `now` and has not happened, since when, and how much of it has failed too often. */
export async function overdue(
  db: Database,
  within: Compartment,
  now: string,
): Promise<{ count: number; since?: string; parked: number }> {
  const rows = await db.named<{ count: string; since: Date | null; parked: string }>(
    'overdue',
    `select count(*) as count, min(at) as since, count(*) filter (where attempts >= $3) as parked
     from due where tenant = $1 and at <= $2`,
    [within.tenant, now, PARKED_ATTEMPTS],
  );
  const [row] = rows;
  return {
    count: Number(row?.count ?? 0),
    parked: Number(row?.parked ?? 0),
    ...(row?.since ? { since: new Date(row.since).toISOString() } : {}),
  };
}

interface DueRow extends Record<string, unknown> {
  shard: number;
  id: string;
  patient: string;
  kind: string;
  at: Date;
  content: string;
  attempts: number;
}

const dueOf = ({ shard, id, patient, kind, at, content, attempts }: DueRow): Due => ({
  shard,
  id,
  patient,
  kind,
  at: new Date(at).toISOString(),
  content,
  attempts,
});

function inTime(a: Due, b: Due): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
