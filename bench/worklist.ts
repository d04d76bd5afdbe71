import type { Bundle } from '@medplum/fhirtypes';
import type pg from 'pg';
import { newId } from '../src/fhir/ids.ts';
import type { ReadRow } from './rows.ts';

/** Open Tasks in the list that is measured. */
const OPEN = 10_000;
/** Pages that a client turns one after the other. */
const PAGES = 20;

/**
 * Copies the open Tasks that are there, and their Flags, until there are enough: as the service wrote them, each under an id of its own and due
 * some seconds later. No search finds the copies, so that the other rows are measured as they are without them.
 */
export async function fillWorklist(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ shard: number; id: string; flag: string }>(
    "select shard, id, flag from work where tenant = 1 and state <> 'snoozed' order by id",
  );
  if (rows.length === 0) throw new Error('There is no open Task to copy');
  const copies = Array.from({ length: Math.max(0, OPEN - rows.length) }, (_, at) => {
    const from = rows[at % rows.length];
    if (!from) throw new Error('There is no open Task to copy');
    return { ...from, newTask: newId(from.shard, Date.now()), newFlag: newId(from.shard, Date.now()), later: at };
  });
  const values = [
    copies.map(({ shard }) => shard),
    copies.map(({ id }) => id),
    copies.map(({ flag }) => flag),
    copies.map(({ newTask }) => newTask),
    copies.map(({ newFlag }) => newFlag),
    copies.map(({ later }) => later),
  ];
  await client.query(COPIED, values);
  await client.query('analyze work');
}

const COPIED = `
with x as materialized (
  select * from unnest($1::int2[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int4[]) as x(shard, task, flag, new_task, new_flag, later)
), of as materialized (
  select shard, 'Task' as type, task as id, new_task as fresh, flag, new_flag from x
  union all select shard, 'Flag', flag, new_flag, flag, new_flag from x
), listed as (
  insert into work (tenant, shard, id, patient, flag, state, level, owner, urgency, due, opened)
  select 1, w.shard, x.new_task, w.patient, x.new_flag, w.state, w.level, w.owner, w.urgency, w.due + make_interval(secs => x.later), w.opened
  from x join work w on w.tenant = 1 and w.shard = x.shard and w.id = x.task
), versions as (
  insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
  select 1, of.shard, of.type, of.fresh, 1, v.ts, false, replace(replace(v.content, of.id, of.fresh), of.flag, of.new_flag)
  from of
  join resource_current c on c.tenant = 1 and c.shard = of.shard and c.type = of.type and c.id = of.id
  join resource_version v on v.tenant = 1 and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
)
insert into resource_current (tenant, shard, type, id, version, ts, derived, tok)
select 1, shard, type, fresh, 1, now(), true, '{}' from of`;

/** The first pages of the whole list and of one level, and those that follow. */
export async function worklistRow(origin: string): Promise<ReadRow> {
  const paths = ['/fhir/Task/$worklist', '/fhir/Task/$worklist?level=nurse'];
  for (const first of [...paths]) {
    let path: string | undefined = first;
    for (let page = 1; page < PAGES / 2; page += 1) {
      path = await nextOf(origin, path);
      paths.push(path);
    }
  }
  return {
    name: 'worklist',
    title: `GET Task/$worklist, 20 of ${OPEN.toLocaleString('en')} open Tasks with their Flags and last grades`,
    goal: '>= 1,000/s',
    least: 1000,
    paths,
  };
}

async function nextOf(origin: string, path: string): Promise<string> {
  const response = await fetch(origin + path);
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  const bundle = (await response.json()) as Pick<Bundle, 'link'>; // what was asked for
  const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  if (next === undefined) throw new Error(`${path} has no next page`);
  const { pathname, search } = new URL(next);
  return pathname + search;
}
