import { type RawBuilder, sql } from 'kysely';
import type { Compartment } from '../fhir/compartment.ts';
import { resourceSpec } from '../fhir/resources.ts';
import type { Database } from './database.ts';
import { outage } from './errors.ts';
import { instant } from './index-rows.ts';
import { visibleToken } from './resources.ts';
import type { Hit } from './search/row.ts';
import { compartmentToken } from './tokens.ts';

/** Which part of a patient's compartment. */
export interface CompartmentPage {
  /** The types that are wanted; their order is that of their names. */
  types: readonly string[];
  /** Only versions younger than this (Unix milliseconds). */
  since?: number;
  /** Only what happened within, Unix milliseconds; what has no clinical date is not left out. */
  start?: number;
  end?: number;
  count: number;
  after?: CompartmentKey;
}

/** A place in the order: the patient's own shard first, then by type and id. */
export interface CompartmentKey {
  own: boolean;
  type: string;
  id: string;
}

interface Row extends Record<string, unknown> {
  type: string;
  id: string;
  shard: number;
  version: number;
  ts: Date;
  content: string;
}

/**
 * A page of everything in a patient's compartment beside the Patient, in an order that no version changes: what is there when paging
 * begins comes exactly once. The patient's own shard is walked along the primary key, so that a page of a patient with 50,000 resources
 * costs no more than the first; what lies elsewhere (it belongs to several patients, or to none first) comes after it.
 */
export async function compartmentPage(
  db: Database,
  within: Compartment,
  patient: { id: string; shard: number },
  page: CompartmentPage,
): Promise<{ entries: Hit[]; next?: CompartmentKey }> {
  const { after, count } = page;
  const found: { row: Row; own: boolean }[] = [];
  for (const own of after?.own === false ? [false] : [true, false]) {
    const place = after?.own === own ? after : undefined;
    const wanted = count + 1 - found.length;
    if (wanted > 0)
      found.push(...(await rows(db, within, patient, page, own, place, wanted)).map((row) => ({ row, own })));
  }
  const last = count === 0 ? BEGINNING : keyOf(found[count - 1]);
  return {
    entries: found.slice(0, count).map(({ row }) => ({
      type: row.type,
      id: row.id,
      version: row.version,
      lastUpdated: row.ts.toISOString(),
      content: row.content,
    })),
    ...(found.length > count && last ? { next: last } : {}),
  };
}

/** Before every type and id. */
const BEGINNING: CompartmentKey = { own: true, type: 'A', id: '0' };

const keyOf = (found: { row: Row; own: boolean } | undefined): CompartmentKey | undefined =>
  found && { own: found.own, type: found.row.type, id: found.row.id };

async function rows(
  db: Database,
  within: Compartment,
  patient: { id: string; shard: number },
  { types, since, start, end }: CompartmentPage,
  own: boolean,
  after: CompartmentKey | undefined,
  limit: number,
): Promise<Row[]> {
  if (types.length === 0) return [];
  const visible = visibleToken(within);
  const conditions: RawBuilder<unknown>[] = [
    sql`c.tenant = ${within.tenant} and not c.deleted`,
    own ? sql`c.shard = ${patient.shard}` : sql`c.shard <> ${patient.shard}`,
    sql`c.tok @> array[${compartmentToken(within.tenant, patient.id)}::bigint]`,
    sql`c.type in (${sql.join([...types])}) and not (c.type = 'Patient' and c.id = ${patient.id})`,
    ...(visible === null ? [] : [sql`c.tok @> array[${visible}::bigint]`]),
    ...(after === undefined ? [] : [sql`(c.type, c.id) > (${after.type}, ${after.id})`]),
    ...(since === undefined ? [] : [sql`c.ts > ${instant(since)}::timestamptz`]),
    ...careDates(types, start, end),
  ];
  try {
    const found = await sql<Row>`
      with page as (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts from resource_current c
        where ${sql.join(conditions, sql` and `)}
        order by c.type, c.id
        limit ${limit}
      )
      select p.type, p.id, p.shard, p.version, p.ts, v.content
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by p.type, p.id`.execute(db.kysely);
    return found.rows;
  } catch (error) {
    throw outage(error) ?? error;
  }
}

/** A birth date says when nothing was done. */
function careDates(
  types: readonly string[],
  start: number | undefined,
  end: number | undefined,
): RawBuilder<unknown>[] {
  if (start === undefined && end === undefined) return [];
  const undated = types.filter((type) => resourceSpec(type)?.date === 'birthdate');
  const inside = [
    sql`c.lo is null`,
    ...(undated.length > 0 ? [sql`c.type in (${sql.join(undated)})`] : []),
    sql`(${sql.join(
      [
        ...(start === undefined ? [] : [sql`c.hi > ${instant(start)}::timestamptz`]),
        ...(end === undefined ? [] : [sql`c.lo < ${instant(end)}::timestamptz`]),
      ],
      sql` and `,
    )})`,
  ];
  return [sql`(${sql.join(inside, sql` or `)})`];
}
