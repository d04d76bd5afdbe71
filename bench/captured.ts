import type pg from 'pg';
import type { Tables } from '../src/store/tables.ts';

/** The rows that the service committed for one response, table by table, values as node-pg takes them. */
export interface Captured {
  patient: { shard: number; id: string; state: string; last_grades: string };
  versions: { type: string; id: string; version: number; content: string }[];
  current: {
    type: string;
    id: string;
    version: number;
    derived: boolean;
    key1: string | null;
    code1: number;
    lo: Date | null;
    hi: Date | null;
    tok: string[];
  }[];
  report: { source_type: string; source_id: string; at: Date; content: string };
  decision: { id: string; content: string };
  episodes: Omit<Tables['episode'], 'tenant' | 'shard' | 'patient'>[];
  /** Of parameters beside the principal date. */
  dates: Omit<Tables['index_date'], 'tenant' | 'shard'>[];
  work: {
    id: string;
    flag: string;
    state: string;
    level: string;
    owner: string | null;
    urgency: number;
    due: Date;
    opened: Date;
  }[];
  due: { id: string; kind: string; at: Date; content: string }[];
}

/** The latest `count` writes of a response, in the order in which they were made. */
export async function capture(client: pg.Client, count: number): Promise<Captured[]> {
  const { rows } = await client.query<{ written: Captured }>(WRITES, [count]);
  return rows.map(({ written }) => written);
}

const WRITES = `
with write as (
  select o.tenant, o.shard, o.ts, o.n, o.changed,
         -- the outbox names no derived Observations: all that one write made carries its moment
         array(select v.id from resource_version v where v.tenant = o.tenant and v.shard = o.shard and v.ts = o.ts) as ids,
         split_part(o.changed, '/', 2) as response
  from outbox o
  where o.n is not null and o.changed like 'QuestionnaireResponse/%/1 %'
  order by o.ts desc, o.id desc limit $1
)
select json_build_object(
  'patient', (select json_build_object('shard', p.shard, 'id', p.patient, 'state', p.state, 'last_grades', p.last_grades) from patient_state p
              where p.tenant = w.tenant and p.shard = w.shard and p.patient = r.patient),
  'versions', (select json_agg(json_build_object('type', v.type, 'id', v.id, 'version', v.version, 'content', v.content))
               from resource_version v
               where v.tenant = w.tenant and v.shard = w.shard and v.ts = w.ts),
  'current', (select json_agg(json_build_object('type', c.type, 'id', c.id, 'version', v.version, 'derived', c.derived,
                'key1', c.key1::text, 'code1', c.code1, 'lo', c.lo, 'hi', c.hi, 'tok', c.tok::text[]))
              from resource_current c join resource_version v using (tenant, shard, type, id)
              where c.tenant = w.tenant and c.shard = w.shard and v.ts = w.ts),
  'report', json_build_object('source_type', r.source_type, 'source_id', r.source_id, 'at', r.at, 'content', r.content),
  'decision', (select json_build_object('id', d.id, 'content', d.content) from decision d
               where d.tenant = w.tenant and d.shard = w.shard and d.id = any(w.ids)),
  'episodes', coalesce((select json_agg(json_build_object('flag_id', e.flag_id, 'version', e.version, 'term', e.term,
                 'origin', e.origin, 'status', e.status, 'started', e.started, 'ended', e.ended, 'signature', e.signature))
               from episode e
               where e.tenant = w.tenant and e.shard = w.shard and e.patient = r.patient and e.flag_id = any(w.ids)), '[]'),
  'dates', coalesce((select json_agg(json_build_object('type', x.type, 'id', x.id, 'version', x.version, 'n', x.n, 'param', x.param,
                 'lo', x.lo, 'hi', x.hi))
               from index_date x
               where x.tenant = w.tenant and x.shard = w.shard and x.id = any(w.ids)), '[]'),
  'work', coalesce((select json_agg(json_build_object('id', k.id, 'flag', k.flag, 'state', k.state, 'level', k.level, 'owner', k.owner,
                 'urgency', k.urgency, 'due', k.due, 'opened', k.opened))
               from work k
               where k.tenant = w.tenant and k.shard = w.shard and k.patient = r.patient and k.id = any(w.ids)), '[]'),
  'due', coalesce((select json_agg(json_build_object('id', d.id, 'kind', d.kind, 'at', d.at, 'content', d.content))
               from due d
               where d.tenant = w.tenant and d.shard = w.shard and d.patient = r.patient
                 and substring(d.id from '[^/]+$') = any(w.ids)), '[]')
) as written
from write w join report r on r.tenant = w.tenant and r.shard = w.shard and r.source_id = w.response
order by w.ts, w.n`;
