import type pg from 'pg';

/** Every row that concerns patients, as it lies in the database. `content` is parsed. */
export interface Stored {
  versions: Map<string, StoredVersion>;
  current: Map<string, { type: string; id: string; version: number; deleted: boolean }>;
  outbox: { n: string | null; changed: string[] }[];
  reports: { patient: string; source_id: string; content: string }[];
  episodes: { patient: string; flag_id: string; version: number; status: string }[];
  work: { id: string; flag: string; state: string; urgency: number; due: Date }[];
  due: { id: string; kind: string; at: Date }[];
  decisions: Map<string, string>;
  states: Map<string, { n: string; state: string }>;
}

export interface StoredVersion {
  type: string;
  id: string;
  version: number;
  // biome-ignore lint/suspicious/noExplicitAny: what is stored is looked at as it should be, and reported where it is not
  resource: any;
}

/** The shards in which patients' data lies. */
export async function patientShards(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ shard: number }>('select distinct shard from patient_state order by shard');
  return rows.map(({ shard }) => shard);
}

/** All of one shard: small, and whole patients. */
export async function readShard(client: pg.Client, shard: number): Promise<Stored> {
  const all = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> =>
    (await client.query<Row>(`${text} where tenant = 1 and shard = $1`, [shard])).rows;
  const versions = await all<{ type: string; id: string; version: number; content: string }>(
    'select type, id, version, content from resource_version',
  );
  const current = await all<{ type: string; id: string; version: number; deleted: boolean }>(
    'select type, id, version, deleted from resource_current',
  );
  const decisions = await all<{ id: string; content: string }>('select id, content from decision');
  const states = await all<{ patient: string; n: string; state: string }>(
    'select patient, n::text, state from patient_state',
  );
  return {
    versions: new Map(
      versions.map(({ content, ...row }) => [
        `${row.type}/${row.id}/_history/${row.version}`,
        { ...row, resource: content === '' ? undefined : JSON.parse(content) },
      ]),
    ),
    current: new Map(current.map((row) => [`${row.type}/${row.id}`, row])),
    outbox: (await all<{ n: string | null; changed: string }>('select n::text, changed from outbox')).map(
      ({ n, changed }) => ({
        n,
        changed: changed.split(' ').map((one) => one.replace(/\/(\d+)$/, '/_history/$1')),
      }),
    ),
    reports: await all('select patient, source_id, content from report'),
    episodes: await all('select patient, flag_id, version, status from episode'),
    work: await all('select id, flag, state, urgency, due from work'),
    due: await all('select id, kind, at from due'),
    decisions: new Map(decisions.map(({ id, content }) => [id, content])),
    states: new Map(states.map(({ patient, ...row }) => [patient, row])),
  };
}

/** What was stored is what was sent, with id and meta. */
export function sameBody(stored: object, sent: object): boolean {
  const bare = (resource: object) => JSON.stringify({ ...resource, id: undefined, meta: undefined });
  return bare(stored) === bare(sent);
}
