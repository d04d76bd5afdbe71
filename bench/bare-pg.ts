/** What `pg` alone does with the same rows: one Node process, so many connections, prepared statements, no HTTP. Takes one job. */
import pg from 'pg';
import { newId } from '../src/fhir/ids.ts';
import { transactionWrites } from './bare-transaction.ts';
import { type Captured, capture } from './captured.ts';
import { freshTokens } from './fresh-tokens.ts';
import { Tally } from './measured.ts';
import type { BareRead } from './rows.ts';

export interface BarePgJob {
  url: string;
  connections: number;
  warmUp: number;
  seconds: number;
  /** Writes what the service wrote for responses, or for transactions, or asks this statement, turn by turn. */
  read?: BareRead;
  transaction?: boolean;
}

process.once('message', (job: BarePgJob) => {
  void run(job);
});

async function run(job: BarePgJob): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: job.connections }, async () => {
      const client = new pg.Client({ connectionString: job.url });
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  if (!first) throw new Error('No connection');
  const next = await turnsOf(job, first);
  await during(job.warmUp, clients, next);
  await told({ measuring: true });
  const result = await during(job.seconds, clients, next);
  await told({ result });
  await Promise.all(clients.map((client) => client.end()));
  process.disconnect();
}

async function turnsOf({ read, transaction }: BarePgJob, client: pg.Client): Promise<() => Turn> {
  if (read) return reading(read);
  if (!transaction) return writing(await capture(client, 2000));
  const next = await transactionWrites(client, 1000);
  return () => ({ statement: next(), rows: 1 });
}

type Statement = pg.QueryConfig<unknown[]>;

interface Turn {
  statement: Statement;
  /** What it must find, or say that it did. */
  rows: number;
}

async function during(seconds: number, clients: readonly pg.Client[], next: () => Turn) {
  const tally = new Tally();
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    clients.map(async (client) => {
      for (let at = performance.now(); at < until; ) {
        try {
          const { statement, rows } = next();
          const { rowCount } = await client.query(statement);
          const done = performance.now();
          if (rowCount !== rows) tally.failed('another number of rows');
          else tally.ok(done - at);
          at = done;
        } catch (error) {
          tally.failed(error instanceof Error ? error.message : String(error));
          at = performance.now();
        }
      }
    }),
  );
  return tally.result((performance.now() - began) / 1000);
}

function reading({ text, turns }: BareRead): () => Turn {
  let turn = 0;
  return () => {
    turn += 1;
    const { values, rows } = turns[turn % turns.length] ?? { values: [], rows: 0 };
    return { statement: { name: 'read', text, values: [...values] }, rows };
  };
}

/** The captured writes again and again, each time under new ids and with new values where a value was one write's own. */
function writing(captured: readonly Captured[]): () => Turn {
  if (captured.length === 0) throw new Error('There is no write to repeat');
  const fresh = freshTokens(captured.map(({ current }) => current.flatMap(({ tok }) => tok)));
  let turn = 0;
  let ids = new Map<string, string>();
  return () => {
    const write = captured[turn % captured.length];
    if (!write) throw new Error('There is no write to repeat');
    if (turn % captured.length === 0) ids = new Map();
    turn += 1;
    const { shard, id: patient } = write.patient;
    const idOf = (old: string): string => {
      const known = ids.get(old) ?? newId(shard, Date.now());
      ids.set(old, known);
      return known;
    };
    return { statement: statement(write, shard, patient, idOf, fresh()), rows: 1 };
  };
}

/** Multi-row inserts joined into one statement, so one round trip and one transaction. */
function statement(
  write: Captured,
  shard: number,
  patient: string,
  idOf: (old: string) => string,
  tokOf: (old: string) => string,
): Statement {
  const { versions, current, report, decision, episodes, dates, work, due } = write;
  const values: unknown[] = [];
  const list = (row: readonly unknown[]): string =>
    `(1, ${row.map((value) => `$${values.push(value)}`).join(', ')}, now())`;
  const plain = (row: readonly unknown[]): string => `(1, ${row.map((value) => `$${values.push(value)}`).join(', ')})`;
  const changed = versions
    .filter(({ type }) => type !== 'Observation')
    .map(({ type, id, version }) => `${type}/${idOf(id)}/${version}`)
    .join(' ');
  const text = `
with counted as (
  update patient_state set n = n + 1, state = $${values.push(write.patient.state)}, last_grades = $${values.push(write.patient.last_grades)}
  where tenant = 1 and shard = $${values.push(shard)} and patient = $${values.push(patient)} returning n
), v as (
  insert into resource_version (tenant, shard, type, id, version, content, ts)
  values ${versions.map((row) => list([shard, row.type, idOf(row.id), row.version, row.content])).join(', ')}
), c as (
  insert into resource_current (tenant, shard, type, id, version, derived, key1, code1, lo, hi, tok, ts)
  values ${current
    .map((row) =>
      list([
        shard,
        row.type,
        idOf(row.id),
        row.version,
        row.derived,
        row.key1,
        row.code1,
        row.lo,
        row.hi,
        `{${row.tok.map(tokOf).join(',')}}`,
      ]),
    )
    .join(', ')}
  on conflict (tenant, shard, type, id) do update
  set version = excluded.version, ts = excluded.ts, derived = excluded.derived, key1 = excluded.key1, code1 = excluded.code1, lo = excluded.lo,
      hi = excluded.hi, tok = excluded.tok
), r as (
  insert into report (tenant, shard, patient, source_type, source_id, at, content)
  values ${plain([shard, patient, report.source_type, idOf(report.source_id), report.at, report.content])}
), d as (
  insert into decision (tenant, shard, id, content) values ${plain([shard, idOf(decision.id), decision.content])}
), ${
    episodes.length === 0
      ? ''
      : `e as (
  insert into episode (tenant, shard, patient, flag_id, version, term, origin, status, started, ended, signature)
  values ${episodes
    .map((row) =>
      plain([
        shard,
        patient,
        idOf(row.flag_id),
        row.version,
        row.term,
        row.origin,
        row.status,
        row.started,
        row.ended,
        row.signature,
      ]),
    )
    .join(', ')}
  on conflict (tenant, shard, patient, flag_id) do update
  set version = excluded.version, status = excluded.status, started = excluded.started, ended = excluded.ended,
      signature = excluded.signature
), `
  }${
    dates.length === 0
      ? ''
      : `x as (
  insert into index_date (tenant, shard, type, id, version, n, param, lo, hi)
  values ${dates.map((row) => plain([shard, row.type, idOf(row.id), row.version, row.n, row.param, row.lo, row.hi])).join(', ')}
  on conflict do nothing
), `
  }${
    work.length === 0
      ? ''
      : `w as (
  insert into work (tenant, shard, id, patient, flag, state, level, owner, urgency, due, opened)
  values ${work
    .map((row) =>
      plain([
        shard,
        idOf(row.id),
        patient,
        row.flag,
        row.state,
        row.level,
        row.owner,
        row.urgency,
        row.due,
        row.opened,
      ]),
    )
    .join(', ')}
  on conflict (tenant, shard, id) do update set state = excluded.state, urgency = excluded.urgency, due = excluded.due
), `
  }${
    due.length === 0
      ? ''
      : `u as (
  insert into due (tenant, shard, id, patient, kind, at, content)
  values ${due
    .map((row) => plain([shard, row.id.replace(/[^/]+$/, (id) => idOf(id)), patient, row.kind, row.at, row.content]))
    .join(', ')}
  on conflict (tenant, shard, id) do update set at = excluded.at, content = excluded.content
), `
  }o as (
  insert into outbox (tenant, shard, id, changed, n, ts)
  values (1, $${values.push(shard)}, $${values.push(newId(shard, Date.now()))}, $${values.push(changed)}, (select n from counted), now())
)
select 1`;
  // One name per shape: the text is the same whenever the numbers of rows are.
  return {
    name: `write-${[versions, episodes, dates, work, due].map(({ length }) => length).join('-')}`,
    text,
    values,
  };
}

const told = (message: object): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
