import type pg from 'pg';
import { shardOfId } from '../src/store/resources.ts';

/** A read that is measured. */
export interface ReadRow {
  name: string;
  title: string;
  goal: string;
  /** Answers per second that are asked for. */
  least?: number;
  paths: readonly string[];
}

/** What `pg` alone asks, with the values of each turn and the number of rows that it must find. */
export interface BareRead {
  text: string;
  turns: readonly { values: readonly unknown[]; rows: number }[];
}

export async function readRows(client: pg.Client, patients: readonly string[]): Promise<ReadRow[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from resource_current where tenant = 1 and type = 'QuestionnaireResponse' order by md5(id) limit 400`,
  );
  return [
    {
      name: 'read-patient',
      title: 'GET Patient/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      paths: patients.map((id) => `/fhir/Patient/${id}`),
    },
    {
      name: 'read-response',
      title: 'GET QuestionnaireResponse/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      paths: rows.map(({ id }) => `/fhir/QuestionnaireResponse/${id}`),
    },
    {
      name: 'flags',
      title: 'GET Flag?patient&status=active',
      goal: '>= 2,500/s',
      least: 2500,
      paths: patients.map((id) => `/fhir/Flag?patient=Patient/${id}&status=active`),
    },
    {
      name: 'newest',
      title: 'GET the 20 newest QuestionnaireResponses of a patient',
      goal: '',
      paths: patients.map((id) => `/fhir/QuestionnaireResponse?patient=Patient/${id}&_sort=-authored&_count=20`),
    },
  ];
}

/** The rows behind the service's own answers, by their keys: reading them cannot be done with less. */
export function bareRead(answers: readonly string[]): BareRead {
  const read = answers.map((answer): Answered => JSON.parse(answer));
  const single = read.every(({ resourceType }) => resourceType !== 'Bundle');
  return {
    text: single ? CURRENT : VERSIONS,
    turns: read.flatMap((given) => {
      if (single) return [{ values: [shardOfId(given.id), given.resourceType, given.id], rows: 1 }];
      const found = (given.entry ?? []).map(({ resource }) => resource);
      const [first] = found;
      // An empty list has no row to be read.
      if (!first) return [];
      const ids = found.map(({ id }) => id);
      const versions = found.map(({ meta }) => Number(meta.versionId));
      return [{ values: [shardOfId(first.id), first.resourceType, ids, versions], rows: ids.length }];
    }),
  };
}

const CURRENT = `
select v.content from resource_current c join resource_version v using (tenant, shard, type, id, version)
where c.tenant = 1 and c.shard = $1 and c.type = $2 and c.id = $3`;
const VERSIONS = `
select v.content from unnest($3::text[], $4::int[]) k(id, version)
cross join lateral (
  select content from resource_version
  where tenant = 1 and shard = $1 and type = $2 and id = k.id and version = k.version
) v`;

interface Answered {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  entry?: { resource: Answered }[];
}
