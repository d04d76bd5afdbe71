import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, int4Array, int8Array, textArray } from './pg-arrays.ts';
import { indexRows } from './write-index.ts';
import type { IndexRow, IndexTable } from './write-input.ts';

/** A posted SearchParameter, and whether all that was there before it is indexed by it. */
export interface Reindex {
  id: string;
  version: number;
  bit: number;
  /** What was indexed by an older registry than this is not indexed by it. */
  since: bigint;
  complete: boolean;
}

/** A resource that is to be indexed again. */
export interface Outdated {
  shard: number;
  type: string;
  id: string;
  version: number;
  patient: string | null;
  content: string;
}

/** What is known of posted parameters. */
export async function reindexes(db: Database, within: Compartment): Promise<Reindex[]> {
  const rows = await db.named<{ id: string; version: number; bit: number; since: string; complete: boolean }>(
    'reindexes',
    'select id, version, bit, since, complete from reindex where tenant = $1 and shard = 0 order by id',
    [within.tenant],
  );
  return rows.map((row) => ({ ...row, since: BigInt(row.since) }));
}

/**
 * Notes a version of a posted parameter, unless it is noted. `since` is the generation of the catalog at that moment: who has read that
 * one or a later one knows the parameter. It keeps the bit that it has; a new one takes the next below those that are taken, from `highest` on.
 */
export async function noteReindex(
  db: Database,
  within: Compartment,
  param: { id: string; version: number; highest: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    // One at a time: no two parameters get the same bit.
    await tx.named('lock-catalog', 'select 1 from catalog where tenant = $1 and shard = 0 for update', [within.tenant]);
    await tx.named(
      'note-reindex',
      `insert into reindex (tenant, shard, id, version, bit, since, asked_at)
       select $1, 0, $2, $3, coalesce((select min(bit) - 1 from reindex where tenant = $1 and shard = 0), $4), generation, clock_timestamp()
       from catalog where tenant = $1 and shard = 0
       on conflict (tenant, shard, id) do update
       set version = excluded.version, since = excluded.since, asked_at = excluded.asked_at, complete = false
       where reindex.version < excluded.version`,
      [within.tenant, param.id, param.version, param.highest],
    );
  });
}

/** Takes a piece of work for so many seconds; false when another process has it, or when it is done. */
export async function takeReindex(db: Database, within: Compartment, id: string, seconds: number): Promise<boolean> {
  const rows = await db.write<{ id: string }>(
    'take-reindex',
    `update reindex set locked_until = clock_timestamp() + make_interval(secs => $3)
     where tenant = $1 and shard = 0 and id = $2 and not complete and locked_until < clock_timestamp() returning id`,
    [within.tenant, id, seconds],
  );
  return rows.length > 0;
}

/** Gives it back, so that it can be taken at once. */
export async function releaseReindex(db: Database, within: Compartment, id: string): Promise<void> {
  await db.write(
    'release-reindex',
    `update reindex set locked_until = '-infinity' where tenant = $1 and shard = 0 and id = $2`,
    [within.tenant, id],
  );
}

/** Resources of a type that an older registry than `since` indexed, in the order of their ids, after `after`; deleted ones are never found. */
export async function outdated(
  db: Database,
  within: Compartment,
  type: string,
  since: bigint,
  page: { after: string; limit: number; changedSeconds?: number },
): Promise<Outdated[]> {
  const recent = page.changedSeconds !== undefined;
  return db.named<Outdated & Record<string, unknown>>(
    recent ? 'outdated-recent' : 'outdated',
    `select c.shard, c.type, c.id, c.version, c.patient, v.content
     from resource_current c join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.type = $2 and c.id > $3 and c.registry < $4 and not c.deleted
       ${recent ? 'and c.ts > clock_timestamp() - make_interval(secs => $6)' : ''}
     order by c.id limit $5`,
    [within.tenant, type, page.after, since.toString(), page.limit, ...(recent ? [page.changedSeconds] : [])],
  );
}

/** How many current resources of these types there are, and how many of them an older registry than `since` indexed. */
export async function countOutdated(
  db: Database,
  within: Compartment,
  types: readonly string[],
  since: bigint,
): Promise<{ total: number; remaining: number }> {
  const rows = await db.named<{ total: string; remaining: string }>(
    'count-outdated',
    `select count(*) as total, count(*) filter (where registry < $3) as remaining
     from resource_current where tenant = $1 and type = any($2::text[]) and not deleted`,
    [within.tenant, textArray(types), since.toString()],
  );
  return { total: Number(rows[0]?.total ?? 0), remaining: Number(rows[0]?.remaining ?? 0) };
}

/**
 * Says that a parameter's version is complete, if the count of what is left says so at that moment, and lets every process know. Nothing
 * is said within `graceSeconds` of its being noted: until then another process may not have heard of it. True when it was said.
 */
export async function completeReindex(
  db: Database,
  within: Compartment,
  { id, version }: Pick<Reindex, 'id' | 'version'>,
  types: readonly string[],
  graceSeconds: number,
): Promise<boolean> {
  const rows = await db.write<{ id: string }>(
    'complete-reindex',
    `with done as (
       update reindex r set complete = true
       where r.tenant = $1 and r.shard = 0 and r.id = $2 and r.version = $3 and not r.complete
         and r.asked_at <= clock_timestamp() - make_interval(secs => $5)
         and (select count(*) from resource_current c
              where c.tenant = $1 and c.type = any($4::text[]) and not c.deleted and c.registry < r.since) = 0
       returning id
     ), told as (
       update catalog set generation = generation + 1 where tenant = $1 and shard = 0 and exists (select 1 from done)
     )
     select id from done`,
    [within.tenant, id, version, textArray(types), graceSeconds],
  );
  return rows.length > 0;
}

/**
 * Puts new index rows in the place of old ones, of those resources that are still of the version that was read; gives how many. `params`
 * are the codes whose narrow rows are made anew, `tables` where these are: while that is done nobody else writes there, since a
 * writer that does not see these rows would leave them behind.
 */
export async function rewriteIndex(
  db: Database,
  within: Compartment,
  rows: readonly { at: Outdated; index: IndexRow }[],
  narrow: { params: readonly string[]; tables: readonly IndexTable[] },
): Promise<number> {
  return db.transaction(async (tx) => {
    if (narrow.tables.length > 0) {
      await tx.named('lock-narrow', `lock table ${narrow.tables.join(', ')} in share row exclusive mode`, []);
    }
    const updated = await tx.named<{ type: string; id: string }>(
      'rewrite-index',
      `update resource_current c
       set key1 = i.key1, code1 = i.code1, lo = i.lo::timestamptz, hi = i.hi::timestamptz, patient = i.patient, present = i.present,
           registry = i.registry, tok = i.tok::bigint[]
       from unnest($2::int2[], $3::text[], $4::text[], $5::int4[], $6::int8[], $7::text[], $8::text[], $9::text[], $10::int8[],
                   $11::int8[], $12::text[], $13::int4[]) as i(shard, type, id, version, key1, lo, hi, patient, present, registry, tok, code1)
       where c.tenant = $1 and c.shard = i.shard and c.type = i.type and c.id = i.id and c.version = i.version and not c.deleted
       returning c.type, c.id`,
      [
        within.tenant,
        int2Array(rows.map(({ at }) => at.shard)),
        textArray(rows.map(({ at }) => at.type)),
        textArray(rows.map(({ at }) => at.id)),
        int4Array(rows.map(({ at }) => at.version)),
        int8Array(rows.map(({ index }) => index.key1)),
        textArray(rows.map(({ index }) => index.lo)),
        textArray(rows.map(({ index }) => index.hi)),
        textArray(rows.map(({ index }) => index.patient)),
        int8Array(rows.map(({ index }) => index.present)),
        int8Array(rows.map(({ index }) => index.registry)),
        textArray(rows.map(({ index }) => `{${index.tok.join(',')}}`)),
        int4Array(rows.map(({ index }) => index.code1)),
      ],
    );
    const won = new Set(updated.map(({ type, id }) => `${type}/${id}`));
    const mine = rows.filter(({ at }) => won.has(`${at.type}/${at.id}`));
    for (const table of narrow.tables) await refill(tx, within, table, mine, narrow.params);
    return mine.length;
  });
}

async function refill(
  tx: Database,
  within: Compartment,
  table: IndexTable,
  rows: readonly { at: Outdated; index: IndexRow }[],
  params: readonly string[],
): Promise<void> {
  await tx.named(
    `clear-${table}`,
    `delete from ${table} x using unnest($2::int2[], $3::text[], $4::text[]) as i(shard, type, id)
     where x.tenant = $1 and x.shard = i.shard and x.type = i.type and x.id = i.id and x.param = any($5::text[])`,
    [
      within.tenant,
      int2Array(rows.map(({ at }) => at.shard)),
      textArray(rows.map(({ at }) => at.type)),
      textArray(rows.map(({ at }) => at.id)),
      textArray(params),
    ],
  );
  const wanted = new Set(params);
  const ofParams = <R extends { param: string }>(list: readonly R[]): R[] =>
    list.filter(({ param }) => wanted.has(param));
  const values: unknown[] = [within.tenant];
  const text = indexRows(
    table,
    rows.map(({ at, index }) => ({
      ...at,
      index: {
        ...index,
        dates: ofParams(index.dates),
        numbers: ofParams(index.numbers),
        strings: ofParams(index.strings),
      },
    })),
    (value) => `$${values.push(value)}`,
    { fixed: true },
  );
  if (text !== undefined) await tx.named(`refill-${table}`, text, values);
}
