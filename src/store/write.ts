import type { Compartment } from '../fhir/compartment.ts';
import { storedKey } from './claims.ts';
import type { Database } from './database.ts';
import { boolArray, int2Array, int4Array, int8Array, textArray } from './pg-arrays.ts';

/** One version to write. `head + lastUpdated + tail` is the body. */
export interface NewVersion {
  type: string;
  id: string;
  shard: number;
  /** 1 for a create; n + 1 replaces version n, and only that. */
  version: number;
  head: string;
  tail: string;
  deleted?: boolean;
  derived?: boolean;
  index: IndexRow;
}

/** What is searched of a resource. `tok` as decimal text of signed 64-bit hashes. */
export interface IndexRow {
  tok: readonly string[];
  key1: bigint | null;
  /** Principal date as UTC instants [lo, hi). */
  lo: string | null;
  hi: string | null;
}

export interface EpisodeRow {
  flagId: string;
  version: number;
  term: string;
  origin: string;
  status: 'active' | 'inactive' | 'entered-in-error';
  started: string;
  ended: string | null;
  signature: string;
}

/** A key that must stay single, and who holds it from now on. */
export interface Claim {
  key: string;
  shard: number;
  type: string;
  id: string;
  /** The owner that may be replaced, because it is gone or no longer what the key says. */
  stale?: string;
}

/** Everything that one write commits together. */
export interface Write {
  versions: readonly NewVersion[];
  /** The outbox row's id and shard; `n` is filled in from the counter. */
  outbox: { id: string; shard: number };
  /** The per-patient counter: advances from `n`, or the whole write gives way. */
  patient?: {
    id: string;
    shard: number;
    n: bigint;
    /** The new fold state; absent leaves it as it is. */
    state?: string;
    report?: { type: string; id: string; at: string; content: string };
    /** A report that is taken back: its row goes. */
    retract?: { type: string; id: string };
    episodes?: readonly EpisodeRow[];
    decision?: { id: string; content: string };
  };
  /** A patient's row is born with the Patient. */
  newPatient?: { id: string; shard: number; state: string };
  /** Keys that must stay single. */
  claims?: readonly Claim[];
  /** Conformance resources changed: every process has to look again. */
  bumpCatalog?: boolean;
}

/**
 * Commits `write` as one statement, so in one round trip and one transaction; gives the instant that every version of it
 * carries as lastUpdated (milliseconds). When anything that it rests on has changed meanwhile, the statement divides
 * by zero and nothing of it stands: `gaveWay` knows that error, and the caller starts again with fresh state.
 */
export async function commit(db: Database, within: Compartment, write: Write): Promise<string> {
  const { versions, patient, newPatient, outbox } = write;
  const claims = write.claims ?? [];
  const episodes = patient?.episodes ?? [];
  const rows = await db.write<{ at: string }>('commit', COMMIT, [
    within.tenant,
    textArray(versions.map(({ type }) => type)),
    textArray(versions.map(({ id }) => id)),
    int2Array(versions.map(({ shard }) => shard)),
    int4Array(versions.map(({ version }) => version)),
    textArray(versions.map(({ head }) => head)),
    textArray(versions.map(({ tail }) => tail)),
    boolArray(versions.map(({ deleted }) => deleted === true)),
    boolArray(versions.map(({ derived }) => derived === true)),
    textArray(versions.map(({ index }) => `{${index.tok.join(',')}}`)),
    int8Array(versions.map(({ index }) => index.key1)),
    textArray(versions.map(({ index }) => index.lo)),
    textArray(versions.map(({ index }) => index.hi)),
    outbox.id,
    outbox.shard,
    patient?.id ?? null,
    patient?.shard ?? null,
    patient?.n.toString() ?? null,
    patient?.state ?? null,
    patient?.report?.type ?? null,
    patient?.report?.id ?? null,
    patient?.report?.at ?? null,
    patient?.report?.content ?? null,
    patient?.retract?.type ?? null,
    patient?.retract?.id ?? null,
    patient?.decision?.id ?? null,
    patient?.decision?.content ?? null,
    textArray(episodes.map(({ flagId }) => flagId)),
    int4Array(episodes.map(({ version }) => version)),
    textArray(episodes.map(({ term }) => term)),
    textArray(episodes.map(({ origin }) => origin)),
    textArray(episodes.map(({ status }) => status)),
    textArray(episodes.map(({ started }) => started)),
    textArray(episodes.map(({ ended }) => ended)),
    textArray(episodes.map(({ signature }) => signature)),
    newPatient?.id ?? null,
    newPatient?.shard ?? null,
    newPatient?.state ?? null,
    textArray(claims.map(({ key }) => storedKey(key))),
    int2Array(claims.map(({ shard }) => shard)),
    textArray(claims.map(({ type }) => type)),
    textArray(claims.map(({ id }) => id)),
    textArray(claims.map(({ stale }) => stale ?? null)),
    write.bumpCatalog === true,
  ]);
  const at = rows[0]?.at;
  if (at === undefined) throw new Error('a commit answered without a row');
  return at;
}

/*
 * The patient's counter comes first: whoever loses there writes nothing more. The clock is asked inside the statement, once the counter
 * is held: the watermark relies on no version being older than the start of its statement. `checked` counts what was really written; a count that is short divides by zero and takes everything back.
 * A version that another writer has taken meets the primary key of resource_version, and ends the same way.
 */
const COMMIT = `
with counted as (
  update patient_state set n = n + 1, state = coalesce($19, state)
  where tenant = $1 and shard = $17::int2 and patient = $16 and n = $18::int8
  returning n
), clock as materialized (
  select date_trunc('milliseconds', clock_timestamp()) as at where $16::text is null or exists (select 1 from counted)
), stamp as materialized (
  select at, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_updated from clock
), input as materialized (
  select i.*, s.at, s.last_updated
  from unnest($2::text[], $3::text[], $4::int2[], $5::int4[], $6::text[], $7::text[], $8::bool[], $9::bool[],
              $10::text[], $11::int8[], $12::text[], $13::text[])
       as i(type, id, shard, version, head, tail, deleted, derived, tok, key1, lo, hi), stamp s
), keys as materialized (
  select * from unnest($39::text[], $40::int2[], $41::text[], $42::text[], $43::text[]) as k(key, shard, type, id, stale)
), claimed as (
  insert into claim (tenant, shard, key, type, id)
  select $1, k.shard, k.key, k.type, k.id from keys k
  on conflict (tenant, shard, key) do update set type = excluded.type, id = excluded.id
  where claim.id = (select k.stale from keys k where k.key = excluded.key)
  returning 1
), versions as (
  insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
  select $1, shard, type, id, version, at, deleted, case when deleted then '' else head || last_updated || tail end from input
  returning 1
), created as (
  insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, lo, hi, tok)
  select $1, shard, type, id, version, at, deleted, derived, key1, lo::timestamptz, hi::timestamptz, tok::bigint[]
  from input where version = 1
  returning 1
), replaced as (
  update resource_current c
  set version = i.version, ts = i.at, deleted = i.deleted, derived = i.derived,
      key1 = i.key1, lo = i.lo::timestamptz, hi = i.hi::timestamptz, tok = i.tok::bigint[]
  from input i
  where i.version > 1 and c.tenant = $1 and c.shard = i.shard and c.type = i.type and c.id = i.id and c.version = i.version - 1
  returning 1
), reported as (
  insert into report (tenant, shard, patient, source_type, source_id, at, content)
  select $1, $17::int2, $16, $20::text, $21::text, $22::timestamptz, $23::text where $20 is not null
  on conflict (tenant, shard, patient, source_type, source_id) do update set at = excluded.at, content = excluded.content
), retracted as (
  delete from report where tenant = $1 and shard = $17::int2 and patient = $16 and source_type = $24 and source_id = $25
), decided as (
  insert into decision (tenant, shard, id, content) select $1, $17::int2, $26::text, $27::text where $26 is not null
), episodes as (
  insert into episode (tenant, shard, patient, flag_id, version, term, origin, status, started, ended, signature)
  select $1, $17::int2, $16, e.flag_id, e.version, e.term, e.origin, e.status, e.started::timestamptz, e.ended::timestamptz, e.signature
  from unnest($28::text[], $29::int4[], $30::text[], $31::text[], $32::text[], $33::text[], $34::text[], $35::text[])
       as e(flag_id, version, term, origin, status, started, ended, signature)
  on conflict (tenant, shard, patient, flag_id) do update
  set version = excluded.version, status = excluded.status, started = excluded.started, ended = excluded.ended,
      signature = excluded.signature
), born as (
  insert into patient_state (tenant, shard, patient, n, state) select $1, $37::int2, $36::text, 0, $38::text where $36 is not null
), bumped as (
  insert into catalog (tenant, shard, generation) select $1, 0, 1 where $44::bool
  on conflict (tenant, shard) do update set generation = catalog.generation + 1
), posted as (
  insert into outbox (tenant, shard, id, ts, n, changed)
  select $1, $15::int2, $14, s.at, (select n from counted),
         (select array_agg(type || '/' || id || '/_history/' || version) from input where not (derived and type = 'Observation'))
  from stamp s
), checked as (
  select (select count(*) from counted) = case when $16::text is null then 0 else 1 end
     and (select count(*) from claimed) = (select count(*) from keys)
     and (select count(*) from versions) = (select count(*) from input)
     and (select count(*) from created) + (select count(*) from replaced) = (select count(*) from input) as ok
)
select (select last_updated from stamp) as at, 1 / (case when ok then 1 else 0 end) as committed from checked`;
