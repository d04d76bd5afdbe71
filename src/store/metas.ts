import type { Meta } from '@medplum/fhirtypes';
import { sql } from 'kysely';
import type { Compartment } from '../fhir/compartment.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import type { Database } from './database.ts';
import { outage } from './errors.ts';
import { visibleToken } from './resources.ts';

/** Resources that are looked at for one answer. */
const MOST = 200_000;

/**
 * The different labels (profile, tag, security) of all current resources, of one type or of all. Our texts begin with id and meta, so that a
 * meta with nothing but version and time is told without reading the rest. Throws FhirError `too-costly` over more resources than are read at once.
 */
export async function metasOf(
  db: Database,
  within: Compartment,
  types: readonly string[] | undefined,
): Promise<Meta[]> {
  const visible = visibleToken(within);
  try {
    const { rows } = await sql<{ n: string; labels: Meta | null }>`
      with looked as (
        select c.tenant, c.shard, c.type, c.id, c.version from resource_current c
        where c.tenant = ${within.tenant} and not c.deleted
          ${types === undefined ? sql`` : sql`and c.type in (${sql.join([...types])})`}
          ${visible === null ? sql`` : sql`and c.tok @> array[${visible}::bigint]`}
        limit ${MOST + 1}
      ), told as (
        select substring(v.content from '^[^{]*\\{[^{]*\\{"versionId":"[^"]*","lastUpdated":"[^"]*"(,"[^{}]*)\\}') as plain, v.content
        from looked l join resource_version v using (tenant, shard, type, id, version)
        where left(v.content, 300) !~ '^[^{]*\\{[^{]*\\{"versionId":"[^"]*","lastUpdated":"[^"]*"\\}'
      )
      select (select count(*) from looked) as n, labels from (
        select distinct case
          when plain is not null then ('{' || substr(plain, 2) || '}')::jsonb
          else (content::jsonb -> 'meta') - 'versionId' - 'lastUpdated' end as labels
        from told) d
      union all select (select count(*) from looked), null`.execute(db.kysely);
    if (rows.some(({ n }) => Number(n) > MOST)) {
      throw new FhirError([
        fault('too-costly', `More than ${MOST} resources: ask $meta of one type, or of an instance`),
      ]);
    }
    return rows.flatMap(({ labels }) => (labels === null ? [] : [labels]));
  } catch (error) {
    throw outage(error) ?? error;
  }
}
