import type { Compartment } from '../fhir/compartment.ts';
import type { Interval } from '../fhir/dates.ts';
import { notFound } from '../fhir/errors.ts';
import type { HistoryKey } from '../fhir/history.ts';
import type { Database } from './database.ts';
import { textArray } from './pg-arrays.ts';
import { findResource, visibleToken } from './resources.ts';

/** One version of a history. */
export interface PastVersion {
  type: string;
  id: string;
  version: number;
  /** Instant in UTC with milliseconds, as `meta.lastUpdated` says. */
  lastUpdated: string;
  deleted: boolean;
  /** The version before it was a deletion: this one brought the resource back. */
  restored: boolean;
  /** The body as it is served; '' for a deletion. */
  content: string;
}

/** Which versions: of one resource, or of all resources of some types. */
export type HistoryOf = { type: string; id: string } | { types: readonly string[] };

export interface HistoryPage {
  count: number;
  /** Where the page begins: the last version before it. */
  after?: HistoryKey;
  /** Only versions of this instant (Unix milliseconds) or later. */
  since?: number;
  /** Only versions that were current at some time within; a deletion, when it happened within. */
  at?: Interval;
}

/**
 * Versions, newest first, at most `count`. The order is that of a key which no version ever changes, so that a version that is there
 * when paging begins comes exactly once, whatever is written meanwhile. Throws not-found for an instance that never was.
 */
export async function history(
  db: Database,
  within: Compartment,
  of: HistoryOf,
  { count, after, since, at }: HistoryPage,
): Promise<PastVersion[]> {
  const from = instant(since ?? Number.NEGATIVE_INFINITY);
  const until = instant(at?.end ?? Number.POSITIVE_INFINITY);
  const currentFrom = instant(at?.start ?? Number.NEGATIVE_INFINITY);
  const rows =
    'id' in of
      ? await ofInstance(db, within, of, [from, until, currentFrom, after?.version ?? NEWEST, count])
      : await db.named<Row>('history-types', OF_TYPES, [
          within.tenant,
          textArray(of.types),
          instant(after?.at ?? Number.POSITIVE_INFINITY),
          after?.type ?? '',
          after?.id ?? '',
          after?.version ?? 0,
          count,
          from,
          until,
          currentFrom,
          visibleToken(within),
        ]);
  return rows.map(({ ts, restored, ...row }) => ({
    ...row,
    lastUpdated: ts.toISOString(),
    restored: restored === true,
  }));
}

/** How many versions there are in all, wherever the page begins. */
export async function historyCount(
  db: Database,
  within: Compartment,
  of: HistoryOf,
  { since, at }: Pick<HistoryPage, 'since' | 'at'>,
): Promise<number> {
  const from = instant(since ?? Number.NEGATIVE_INFINITY);
  const until = instant(at?.end ?? Number.POSITIVE_INFINITY);
  const currentFrom = instant(at?.start ?? Number.NEGATIVE_INFINITY);
  if ('id' in of) {
    const { shard, type, id } = await instance(db, within, of);
    const rows = await db.named<{ n: string }>('history-count', COUNT_INSTANCE, [
      within.tenant,
      shard,
      type,
      id,
      from,
      until,
      currentFrom,
    ]);
    return Number(rows[0]?.n ?? 0);
  }
  const rows = await db.named<{ n: string }>('history-types-count', COUNT_TYPES, [
    within.tenant,
    textArray(of.types),
    from,
    until,
    currentFrom,
    visibleToken(within),
  ]);
  return Number(rows[0]?.n ?? 0);
}

interface Row extends Omit<PastVersion, 'lastUpdated' | 'restored'> {
  ts: Date;
  restored: boolean | null;
}

const NEWEST = 2147483647;

async function instance(db: Database, within: Compartment, { type, id }: { type: string; id: string }) {
  const current = await findResource(db, within, type, id);
  if (!current) throw notFound(type, id);
  return current;
}

async function ofInstance(
  db: Database,
  within: Compartment,
  of: { type: string; id: string },
  values: readonly (string | number)[],
): Promise<Row[]> {
  const { shard, type, id } = await instance(db, within, of);
  return db.named<Row>('history', OF_INSTANCE, [within.tenant, shard, type, id, ...values]);
}

/** PostgreSQL's own words for the ends of time. */
const instant = (millis: number): string =>
  Number.isFinite(millis) ? new Date(millis).toISOString() : millis < 0 ? '-infinity' : 'infinity';

const RESTORED = `(select p.deleted from resource_version p
  where p.tenant = v.tenant and p.shard = v.shard and p.type = v.type and p.id = v.id and p.version = v.version - 1) as restored`;

const INSTANCE = `
from resource_version v left join lateral (
  select n.ts from resource_version n
  where n.tenant = v.tenant and n.shard = v.shard and n.type = v.type and n.id = v.id and n.version = v.version + 1
) next on $7::timestamptz > '-infinity'
where v.tenant = $1 and v.shard = $2 and v.type = $3 and v.id = $4
  and v.ts >= $5::timestamptz and v.ts < $6::timestamptz
  and (v.ts >= $7::timestamptz or (not v.deleted and coalesce(next.ts > $7::timestamptz, true)))`;

const OF_INSTANCE = `
select v.type, v.id, v.version, v.ts, v.deleted, v.content, ${RESTORED} ${INSTANCE} and v.version < $8
order by v.version desc limit $9`;

const COUNT_INSTANCE = `select count(*) as n ${INSTANCE}`;

/** A current version that was not written before `from`, and was current at some time from `currentFrom` to before `until`. */
const CURRENT = (from: number, until: number, currentFrom: number, token: number): string => `
  c.ts >= $${from}::timestamptz and c.ts < $${until}::timestamptz and (c.ts >= $${currentFrom}::timestamptz or not c.deleted)
  and ($${token}::bigint is null or c.tok @> array[$${token}::bigint])`;

/** The same of a version that was replaced: `v` is the one that replaced it. */
const REPLACED = (from: number, until: number, currentFrom: number, token: number): string => `
  v.replaced_ts >= $${from}::timestamptz and v.replaced_ts < $${until}::timestamptz
  and (v.replaced_ts >= $${currentFrom}::timestamptz or (v.ts > $${currentFrom}::timestamptz and not (
    select p.deleted from resource_version p
    where p.tenant = v.tenant and p.shard = v.shard and p.type = v.type and p.id = v.id and p.version = v.version - 1)))
  and ($${token}::bigint is null or exists (
    select 1 from resource_current c
    where c.tenant = v.tenant and c.shard = v.shard and c.type = v.type and c.id = v.id and c.tok @> array[$${token}::bigint]))`;

/** Each type is walked along its two indexes, and the newest of all are kept; bodies are read of these only. */
const OF_TYPES = `
select v.type, v.id, v.version, v.ts, v.deleted, v.content, ${RESTORED}
from (
  select k.* from unnest($2::text[]) as t(name) cross join lateral (
    (select c.tenant, c.shard, c.type, c.id, c.version, c.ts
     from resource_current c
     where c.tenant = $1 and c.type = t.name
       and c.ts <= $3::timestamptz and (c.ts < $3::timestamptz or (c.type, c.id, c.version) < ($4, $5, $6::int4))
       and ${CURRENT(8, 9, 10, 11)}
     order by c.ts desc, c.id desc limit $7)
    union all
    (select v.tenant, v.shard, v.type, v.id, v.version - 1, v.replaced_ts
     from resource_version v
     where v.tenant = $1 and v.type = t.name
       and v.replaced_ts <= $3::timestamptz and (v.replaced_ts < $3::timestamptz or (v.type, v.id, v.version - 1) < ($4, $5, $6::int4))
       and ${REPLACED(8, 9, 10, 11)}
     order by v.replaced_ts desc, v.id desc, v.version desc limit $7)
  ) k
  order by k.ts desc, k.type desc, k.id desc, k.version desc limit $7
) k
join resource_version v using (tenant, shard, type, id, version)
order by v.ts desc, v.type desc, v.id desc, v.version desc`;

const COUNT_TYPES = `
select (select count(*) from resource_current c where c.tenant = $1 and c.type = any($2::text[]) and ${CURRENT(3, 4, 5, 6)})
  + (select count(*) from resource_version v
     where v.tenant = $1 and v.type = any($2::text[]) and v.replaced_ts is not null and ${REPLACED(3, 4, 5, 6)}) as n`;
