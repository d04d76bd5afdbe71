import type pg from 'pg';
import { token } from '../src/store/index-rows.ts';
import { shardOfId } from '../src/store/resources.ts';

/** A read that is measured: its paths, and what `pg` alone asks for the same rows. */
export interface ReadRow {
  name: string;
  title: string;
  goal: string;
  /** Answers per second that are asked for. */
  least?: number;
  paths: readonly string[];
  statement: { text: string; values: readonly unknown[][] };
}

/** Statements that a competent programmer would write on these tables, by key and by token. */
const BY_ID = `
select v.content from resource_current c join resource_version v using (tenant, shard, type, id, version)
where c.tenant = 1 and c.shard = $1 and c.type = $2 and c.id = $3`;
const ACTIVE_FLAGS = `
select count(*), array_agg(v.content) from resource_current c join resource_version v using (tenant, shard, type, id, version)
where c.tenant = 1 and c.shard = $1 and c.type = 'Flag' and c.tok @> array[$2::bigint, $3::bigint] and not c.deleted`;
const NEWEST = `
select v.content from (
  select tenant, shard, type, id, version, lo from resource_current
  where tenant = 1 and shard = $1 and type = 'QuestionnaireResponse' and tok @> array[$2::bigint] and not deleted
  order by lo desc, id desc limit 20
) c join resource_version v using (tenant, shard, type, id, version) order by c.lo desc, c.id desc`;

export async function readRows(client: pg.Client, patients: readonly string[]): Promise<ReadRow[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from resource_current where tenant = 1 and type = 'QuestionnaireResponse' order by md5(id) limit 400`,
  );
  const responses = rows.map(({ id }) => id);
  const byId = (type: string, ids: readonly string[]) => ({
    paths: ids.map((id) => `/fhir/${type}/${id}`),
    statement: { text: BY_ID, values: ids.map((id) => [shardOfId(id), type, id]) },
  });
  return [
    {
      name: 'read-patient',
      title: 'GET Patient/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      ...byId('Patient', patients),
    },
    {
      name: 'read-response',
      title: 'GET QuestionnaireResponse/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      ...byId('QuestionnaireResponse', responses),
    },
    {
      name: 'flags',
      title: 'GET Flag?patient&status=active',
      goal: '>= 2,500/s',
      least: 2500,
      paths: patients.map((id) => `/fhir/Flag?patient=Patient/${id}&status=active`),
      statement: {
        text: ACTIVE_FLAGS,
        values: patients.map((id) => [
          shardOfId(id),
          token(1, 'Flag', 'patient', `Patient/${id}`),
          token(1, 'Flag', 'status', 'active'),
        ]),
      },
    },
    {
      name: 'newest',
      title: 'GET the 20 newest QuestionnaireResponses of a patient',
      goal: '',
      paths: patients.map((id) => `/fhir/QuestionnaireResponse?patient=Patient/${id}&_sort=-authored&_count=20`),
      statement: {
        text: NEWEST,
        values: patients.map((id) => [shardOfId(id), token(1, 'QuestionnaireResponse', 'patient', `Patient/${id}`)]),
      },
    },
  ];
}
