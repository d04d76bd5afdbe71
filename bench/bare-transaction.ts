/** The rows of a transaction of Observations, captured and written again, for what `pg` alone does with them. */
import type pg from 'pg';
import { newId } from '../src/fhir/ids.ts';
import type { Tables } from '../src/store/tables.ts';
import { freshTokens } from './fresh-tokens.ts';

/** What the service committed for one transaction of Observations of one patient, values as node-pg takes them. */
interface Captured {
  shard: number;
  patient: string;
  observations: {
    content: string;
    key1: string | null;
    code1: number;
    lo: string | null;
    hi: string | null;
    present: string;
    registry: string;
    tok: string[];
    numbers: Omit<Tables['index_number'], 'tenant' | 'shard' | 'type' | 'id' | 'version' | 'n'>[];
  }[];
}

/** The latest transactions that the service has written, again and again under new ids: each one prepared statement of multi-row inserts. */
export async function transactionWrites(client: pg.Client, most: number): Promise<() => pg.QueryConfig<unknown[]>> {
  const { rows } = await client.query<{ written: Captured }>(WRITES, [most]);
  const captured = rows.map(({ written }) => written);
  const fresh = freshTokens(captured.flatMap(({ observations }) => observations.map(({ tok }) => tok)));
  let turn = 0;
  return () => {
    const write = captured[turn % captured.length];
    if (!write) throw new Error('There is no transaction to repeat');
    turn += 1;
    return statement(write, fresh());
  };
}

function statement(
  { shard, patient, observations }: Captured,
  tokOf: (tok: string) => string,
): pg.QueryConfig<unknown[]> {
  const values: unknown[] = [];
  const p = (value: unknown): string => `$${values.push(value)}`;
  const list = (row: readonly unknown[], end = ''): string => `(1, ${row.map(p).join(', ')}${end})`;
  const ids = observations.map(() => newId(shard, Date.now()));
  const type = 'Observation';
  const versions = observations.map(({ content }, at) => list([shard, type, ids[at], 1, content], ', now()'));
  const current = observations.map(({ key1, code1, lo, hi, present, registry, tok }, at) =>
    list(
      [shard, type, ids[at], 1, key1, code1, lo, hi, patient, present, registry, `{${tok.map(tokOf).join(',')}}`],
      ', now()',
    ),
  );
  const numbers = observations.flatMap((one, at) =>
    one.numbers.map(({ param, lo, hi, open, unit, clo, chi, cunit }, n) =>
      list([shard, type, ids[at], 1, n + 1, param, lo, hi, open, unit, clo, chi, cunit]),
    ),
  );
  const text = `
with counted as (
  update patient_state set n = n + 1 where tenant = 1 and shard = ${p(shard)} and patient = ${p(patient)} returning n
), v as (
  insert into resource_version (tenant, shard, type, id, version, content, ts) values ${versions.join(', ')}
), c as (
  insert into resource_current (tenant, shard, type, id, version, key1, code1, lo, hi, patient, present, registry, tok, ts)
  values ${current.join(', ')}
), ${
    numbers.length === 0
      ? ''
      : `x as (
  insert into index_number (tenant, shard, type, id, version, n, param, lo, hi, open, unit, clo, chi, cunit) values ${numbers.join(', ')}
), `
  }o as (
  insert into outbox (tenant, shard, id, changed, n, ts)
  values (1, ${p(shard)}, ${p(newId(shard, Date.now()))}, ${p(ids.map((id) => `${type}/${id}/1`).join(' '))}, (select n from counted), now())
)
select 1`;
  return { name: `transaction-${observations.length}-${numbers.length}`, text, values };
}

const WRITES = `
with write as (
  select o.tenant, o.shard, string_to_array(o.changed, ' ') as changed
  from outbox o
  where o.changed like 'Observation/%/1 Observation/%/1'
  order by o.ts desc, o.id desc limit $1
)
select json_build_object(
  'shard', w.shard,
  'patient', (select c.patient from resource_current c
              where c.tenant = w.tenant and c.shard = w.shard and c.type = 'Observation' and c.id = split_part(w.changed[1], '/', 2)),
  'observations', (
    select json_agg(json_build_object(
      'content', v.content, 'key1', c.key1::text, 'code1', c.code1, 'lo', c.lo, 'hi', c.hi, 'present', c.present::text, 'registry', c.registry::text,
      'tok', c.tok::text[],
      'numbers', coalesce((
        select json_agg(json_build_object('param', x.param, 'lo', x.lo::text, 'hi', x.hi::text, 'open', x.open, 'unit', x.unit, 'clo', x.clo::text,
                                          'chi', x.chi::text, 'cunit', x.cunit) order by x.n)
        from index_number x
        where x.tenant = c.tenant and x.shard = c.shard and x.type = c.type and x.id = c.id and x.version = c.version), '[]')))
    from unnest(w.changed) as one
    join resource_current c on c.tenant = w.tenant and c.shard = w.shard and c.type = 'Observation' and c.id = split_part(one, '/', 2)
    join resource_version v using (tenant, shard, type, id, version))
) as written
from write w`;
