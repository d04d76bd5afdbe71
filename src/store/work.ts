import { int2Array, textArray } from './pg-arrays.ts';

/** Where open work stands: with nobody, with somebody, or put off until a moment. */
export const WORK_STATES = ['waiting', 'taken', 'snoozed'] as const;

/** The place of an open Task in the list of work. */
export interface WorkRow {
  shard: number;
  /** Of the Task. */
  id: string;
  patient: string;
  /** Id of the Flag that it is about. */
  flag: string;
  state: (typeof WORK_STATES)[number];
  /** Whose turn it is: a level of the site. */
  level: string;
  /** Reference to who has it. */
  owner: string | null;
  /** 0 is the most urgent. */
  urgency: number;
  /** UTC instants. */
  due: string;
  opened: string;
}

/** What a write does to the list: gives a Task its place, or takes it off. */
export type WorkChange = WorkRow | (Pick<WorkRow, 'shard' | 'id'> & { state: 'ended' });

/** The parts of the statement of a write that change the list of work. $1 is the tenant. */
export function workParts(changes: readonly WorkChange[], p: (value: unknown) => string): string[] {
  const parts: string[] = [];
  const ended = changes.filter(({ state }) => state === 'ended');
  const open = changes.filter((change): change is WorkRow => change.state !== 'ended');
  if (ended.length > 0) {
    parts.push(`work_ended as (
  delete from work w using unnest(${p(int2Array(ended.map(({ shard }) => shard)))}::int2[], ${p(textArray(ended.map(({ id }) => id)))}::text[]) as x(shard, id)
  where w.tenant = $1 and w.shard = x.shard and w.id = x.id
)`);
  }
  if (open.length > 0) {
    const texts = (pick: (row: WorkRow) => string | null): string => `${p(textArray(open.map(pick)))}::text[]`;
    parts.push(`work_open as (
  insert into work (tenant, shard, id, patient, flag, state, level, owner, urgency, due, opened)
  select $1, x.shard, x.id, x.patient, x.flag, x.state, x.level, x.owner, x.urgency, x.due::timestamptz, x.opened::timestamptz
  from unnest(${p(int2Array(open.map(({ shard }) => shard)))}::int2[], ${texts(({ id }) => id)}, ${texts(({ patient }) => patient)}, ${texts(({ flag }) => flag)},
              ${texts(({ state }) => state)}, ${texts(({ level }) => level)}, ${texts(({ owner }) => owner)},
              ${p(int2Array(open.map(({ urgency }) => urgency)))}::int2[], ${texts(({ due }) => due)}, ${texts(({ opened }) => opened)})
       as x(shard, id, patient, flag, state, level, owner, urgency, due, opened)
  on conflict (tenant, shard, id) do update
  set state = excluded.state, level = excluded.level, owner = excluded.owner, urgency = excluded.urgency, due = excluded.due
)`);
  }
  return parts;
}
