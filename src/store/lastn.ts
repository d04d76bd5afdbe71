import type { Compartment } from '../fhir/compartment.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import type { Query } from '../fhir/query.ts';
import type { Database } from './database.ts';
import { confirming } from './search/confirm.ts';
import { resolved } from './search/resolve.ts';
import { type Hit, type Row, toHit } from './search/row.ts';
import { run } from './search/run.ts';
import { outermost } from './search/scope.ts';
import { sql } from './search/sql.ts';
import { isAnswered, whereOf } from './search/where.ts';

/** Resources that are looked at where the index alone cannot rank them. */
const MOST_UNRANKED = 5000;

/**
 * Of what a query finds, the newest `max` of each principal code, newest first. A principal code is the first coding with a system; those
 * without one are all given, for the caller to group. Throws FhirError `too-costly` where the index cannot decide the query and much is found.
 */
export async function newestOfEachCode(
  db: Database,
  within: Compartment,
  query: Query,
  max: number,
  baseUrl: string,
): Promise<Hit[]> {
  const wanted = await resolved(db, within, query, baseUrl);
  // What the index finds too much would take the place of what is meant.
  const ranked = isAnswered(wanted) ? sql`(f.key1 is null or f.place <= ${max})` : sql`true`;
  const { rows } = await run(() =>
    sql`
      with found as (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts, c.key1, c.lo,
               row_number() over (partition by c.key1 order by c.lo desc nulls last, c.id desc) as place
        from resource_current c where ${whereOf(outermost(within), wanted)}
      )
      select f.type, f.id, f.version, f.ts::text as ts, v.content
      from found f join resource_version v using (tenant, shard, type, id, version)
      where ${ranked}
      order by f.lo desc nulls last, f.id desc
      limit ${MOST_UNRANKED + 1}`.execute<Row>(db),
  );
  if (rows.length > MOST_UNRANKED) {
    throw new FhirError([
      fault('too-costly', 'This finds more Observations than are ranked at once: narrow it by category, code or date'),
    ]);
  }
  const isMeant = confirming(wanted.type, wanted.filters, baseUrl);
  return rows.filter(({ content }) => isMeant(content)).map(toHit);
}
