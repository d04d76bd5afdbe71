import type pg from 'pg';

/** Bytes of the tables with their indexes and large values, and the rows in them, by the part that they are attributed to. */
export interface DiskReading {
  size: ReadonlyMap<string, number>;
  parts: ReadonlyMap<string, ReadonlyMap<Part, Weight>>;
}

export type Part = 'response' | 'observations' | 'flags' | 'evaluation' | 'other';

interface Weight {
  bytes: number;
  rows: number;
  tokens: number;
}

export type DiskPerResponse = Readonly<Record<Part, number>>;

/** Everything except where it is shared: these belong to one part. The claim and the outbox row are the response's own. */
const OWNERS: Readonly<Record<string, Part>> = {
  report: 'response',
  outbox: 'response',
  claim: 'response',
  patient_state: 'response',
  episode: 'flags',
  decision: 'evaluation',
  // an index of Observations alone
  resource_current_newest: 'observations',
};

/**
 * Reads sizes after a vacuum, so that lists that wait to be merged into an index are in it. What is shared by types is attributed to them:
 * rows and large values by their stored bytes, the index of tokens by the number of tokens, other indexes by the number of rows.
 */
export async function readDisk(client: pg.Client): Promise<DiskReading> {
  await client.query('vacuum (analyze)');
  const sizes = await client.query<{ name: string; bytes: string }>(SIZES);
  const weights = await client.query<{ relation: string; part: Part; bytes: string; rows: string; tokens: string }>(
    WEIGHTS,
  );
  const parts = new Map<string, Map<Part, Weight>>();
  for (const { relation, part, ...weight } of weights.rows) {
    const of = parts.get(relation) ?? new Map<Part, Weight>();
    of.set(part, { bytes: Number(weight.bytes), rows: Number(weight.rows), tokens: Number(weight.tokens) });
    parts.set(relation, of);
  }
  return { size: new Map(sizes.rows.map(({ name, bytes }) => [name, Number(bytes)])), parts };
}

/** Bytes per response between two readings, with `responses` written in between. */
export function diskPerResponse(before: DiskReading, after: DiskReading, responses: number): DiskPerResponse {
  const sum: Record<Part, number> = { response: 0, observations: 0, flags: 0, evaluation: 0, other: 0 };
  for (const [name, bytes] of after.size) {
    const grown = bytes - (before.size.get(name) ?? 0);
    const [table = '', what = ''] = name.split(':');
    const owner = OWNERS[table] ?? OWNERS[what];
    if (owner) {
      sum[owner] += grown;
      continue;
    }
    const by: keyof Weight = what === 'heap' ? 'bytes' : what.endsWith('_tok') ? 'tokens' : 'rows';
    const shares = [...(after.parts.get(table) ?? [])].map(
      ([part, weight]) => [part, weight[by] - (before.parts.get(table)?.get(part)?.[by] ?? 0)] as const,
    );
    const all = shares.reduce((total, [, weight]) => total + weight, 0);
    if (all === 0) sum.other += grown;
    else for (const [part, weight] of shares) sum[part] += (grown * weight) / all;
  }
  const per = (part: Part): number => sum[part] / responses;
  return {
    response: per('response'),
    observations: per('observations'),
    flags: per('flags'),
    evaluation: per('evaluation'),
    other: per('other'),
  };
}

const TABLES = [
  'resource_version',
  'resource_current',
  'report',
  'outbox',
  'claim',
  'patient_state',
  'episode',
  'decision',
];

const SIZES = `
select t.relname || ':heap' as name, pg_table_size(t.oid) as bytes from pg_class t
where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace and t.relname in (${TABLES.map((name) => `'${name}'`).join(', ')})
union all
select t.relname || ':' || i.relname, pg_relation_size(i.oid) from pg_class t
join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
where t.relnamespace = 'public'::regnamespace and t.relname in (${TABLES.map((name) => `'${name}'`).join(', ')})`;

const PART = `case type when 'QuestionnaireResponse' then 'response' when 'Observation' then 'observations' when 'Flag' then 'flags'
  when 'Provenance' then 'evaluation' else 'other' end`;

const WEIGHTS = `
select 'resource_version' as relation, ${PART} as part, sum(pg_column_size(v.*)) as bytes, count(*) as rows, 0 as tokens
from resource_version v group by 1, 2
union all
select 'resource_current', ${PART}, sum(pg_column_size(c.*)), count(*), sum(cardinality(tok)) from resource_current c group by 1, 2`;
