import type { Compartment } from '../fhir/compartment.ts';
import { storedKey } from './claims.ts';
import { rowsOf } from './columns.ts';
import type { Database } from './database.ts';
import { dueParts } from './due.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { workParts } from './work.ts';
import { indexed } from './write-index.ts';
import type { Claim, NewVersion, Param, PatientWrite, Write } from './write-input.ts';
import { ofPatient } from './write-patient.ts';

export type {
  Claim,
  DateRow,
  EpisodeRow,
  IndexRow,
  IndexTable,
  NewVersion,
  NumberRow,
  ReportRow,
  StringRow,
  Write,
} from './write-input.ts';

/**
 * Commits `write` as one statement, so in one round trip and one transaction; gives the instant that every version of it
 * carries as lastUpdated (milliseconds). When anything that it rests on has changed meanwhile, the statement divides
 * by zero and nothing of it stands: `gaveWay` knows that error, and the caller starts again with fresh state.
 */
export async function commit(db: Database, within: Compartment, write: Write): Promise<string> {
  const { text, values } = statementOf(within.tenant, write);
  const rows = await db.write<{ at: string }>(nameOf(text), text, values);
  const at = rows[0]?.at;
  if (at === undefined) throw new Error('a commit answered without a row');
  return at;
}

/** Writes take few shapes; each text is planned once per connection, under a name of its own. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `commit-${names.size + 1}`;
  names.set(text, name);
  return name;
}

/**
 * The parts of the statement that this write needs, and no other: PostgreSQL opens every table and index that a statement names, also
 * where it writes no row (measured: a tenth of the statement's time).
 *
 * The patient's counter comes first: whoever loses there writes nothing more. The clock is asked inside the statement, once the counter
 * is held: the watermark relies on no version being older than the start of its statement. `checked` counts what was really
 * written; a count that is short divides by zero and takes everything back. A version that another writer has taken meets the
 * primary key of resource_version, and ends the same way.
 */
function statementOf(tenant: number, write: Write): { text: string; values: unknown[] } {
  const { versions, patient, newPatient, outbox, claims = [] } = write;
  const values: unknown[] = [tenant];
  const p = (value: unknown): string => `$${values.push(value)}`;
  const parts: string[] = [];
  const checks: string[] = [];

  if (patient) parts.push(counted(patient, p));
  parts.push(clock(patient !== undefined), STAMP, input(versions, p));
  parts.push(versions.some(({ version }) => version > 1) ? VERSIONS_AFTER : VERSIONS);
  if (patient) checks.push('(select count(*) from counted) = 1');
  checks.push('(select count(*) from versions) = (select count(*) from input)');
  const current: string[] = [];
  if (versions.some(({ version }) => version === 1)) {
    parts.push(CREATED);
    current.push('(select count(*) from created)');
  }
  if (versions.some(({ version }) => version > 1)) {
    parts.push(REPLACED);
    current.push('(select count(*) from replaced)');
  }
  checks.push(`${current.join(' + ') || '0'} = (select count(*) from input)`);
  parts.push(...indexed(versions, p));
  if (claims.length > 0) {
    parts.push(claimed(claims, p));
    checks.push('(select count(*) from claimed) = (select count(*) from keys)');
  }
  if (patient) parts.push(...ofPatient(patient, p));
  if (newPatient) {
    const { shard, id, state } = newPatient;
    parts.push(
      `born as (insert into patient_state (tenant, shard, patient, n, state) values ($1, ${p(shard)}, ${p(id)}, 0, ${p(state)}))`,
    );
  }
  if (write.due && write.due.length > 0) parts.push(...dueParts(write.due, p));
  if (write.work && write.work.length > 0) parts.push(...workParts(write.work, p));
  if (write.bumpCatalog) parts.push(BUMPED);
  if (versions.length > 0) parts.push(posted(outbox, patient !== undefined, p));
  const text = `with ${parts.join(', ')}
select (select last_updated from stamp) as at, 1 / (case when ${checks.join(' and ')} then 1 else 0 end) as committed`;
  return { text, values };
}

const counted = ({ id, shard, n, state, lastGrades, expected }: PatientWrite, p: Param): string => `counted as (
  update patient_state set n = n + 1${state === undefined ? '' : `, state = ${p(state)}`}${lastGrades === undefined ? '' : `, last_grades = ${p(lastGrades)}`}${expected === undefined ? '' : `, expected = ${p(expected)}`}
  where tenant = $1 and shard = ${p(shard)} and patient = ${p(id)} and n = ${p(n.toString())}
  returning n
)`;

const clock = (counts: boolean): string => `clock as materialized (
  select date_trunc('milliseconds', clock_timestamp()) as at${counts ? ' where exists (select 1 from counted)' : ''}
)`;

const STAMP = `stamp as materialized (
  select at, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_updated from clock
)`;

const input = (versions: readonly NewVersion[], p: Param): string => `input as materialized (
  select i.*, s.at, s.last_updated
  from ${rowsOf(
    [
      { name: 'type', type: 'text', values: versions.map(({ type }) => type) },
      { name: 'shard', type: 'int2', values: versions.map(({ shard }) => shard) },
      { name: 'version', type: 'int4', values: versions.map(({ version }) => version) },
      { name: 'deleted', type: 'bool', values: versions.map(({ deleted }) => deleted === true) },
      { name: 'derived', type: 'bool', values: versions.map(({ derived }) => derived === true) },
      { name: 'patient', type: 'text', values: versions.map(({ index }) => index.patient) },
      { name: 'registry', type: 'int8', values: versions.map(({ index }) => index.registry) },
    ],
    [
      { name: 'id', type: 'text', values: versions.map(({ id }) => id) },
      { name: 'head', type: 'text', values: versions.map(({ head }) => head) },
      { name: 'tail', type: 'text', values: versions.map(({ tail }) => tail) },
      { name: 'tok', type: 'text', values: versions.map(({ index }) => `{${index.tok.join(',')}}`) },
      { name: 'key1', type: 'int8', values: versions.map(({ index }) => index.key1) },
      { name: 'code1', type: 'int4', values: versions.map(({ index }) => index.code1) },
      { name: 'lo', type: 'text', values: versions.map(({ index }) => index.lo) },
      { name: 'hi', type: 'text', values: versions.map(({ index }) => index.hi) },
      { name: 'present', type: 'int8', values: versions.map(({ index }) => index.present) },
    ],
    p,
  )} i, stamp s
)`;

const VERSIONS = `versions as (
  insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
  select $1, shard, type, id, version, at, deleted, case when deleted then '' else head || last_updated || tail end from input
  returning 1
)`;

/** Where a version replaces another, it keeps when that one was written: the history finds the replaced one by it. */
const VERSIONS_AFTER = `versions as (
  insert into resource_version (tenant, shard, type, id, version, ts, deleted, content, replaced_ts)
  select $1, i.shard, i.type, i.id, i.version, i.at, i.deleted, case when i.deleted then '' else i.head || i.last_updated || i.tail end,
         case when i.version > 1 then (
           select c.ts from resource_current c
           where c.tenant = $1 and c.shard = i.shard and c.type = i.type and c.id = i.id and c.version = i.version - 1) end
  from input i
  returning 1
)`;

const CREATED = `created as (
  insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, code1, lo, hi, patient, present, registry, tok)
  select $1, shard, type, id, version, at, deleted, derived, key1, code1, lo::timestamptz, hi::timestamptz, patient, present, registry, tok::bigint[]
  from input where version = 1
  returning 1
)`;

const REPLACED = `replaced as (
  update resource_current c
  set version = i.version, ts = i.at, deleted = i.deleted, derived = i.derived,
      key1 = i.key1, code1 = i.code1, lo = i.lo::timestamptz, hi = i.hi::timestamptz, patient = i.patient, present = i.present, registry = i.registry, tok = i.tok::bigint[]
  from input i
  where i.version > 1 and c.tenant = $1 and c.shard = i.shard and c.type = i.type and c.id = i.id and c.version = i.version - 1
  returning 1
)`;

const claimed = (claims: readonly Claim[], p: Param): string => `keys as materialized (
  select * from unnest(${p(textArray(claims.map(({ key }) => storedKey(key))))}::text[],
                       ${p(int2Array(claims.map(({ shard }) => shard)))}::int2[], ${p(textArray(claims.map(({ type }) => type)))}::text[],
                       ${p(textArray(claims.map(({ id }) => id)))}::text[],
                       ${p(textArray(claims.map(({ stale }) => stale ?? null)))}::text[],
                       ${p(int2Array(claims.map(({ home }) => home ?? -1)))}::int2[]) as k(key, shard, type, id, stale, home)
), claimed as (
  insert into claim (tenant, shard, key, type, id, home)
  select $1, k.shard, k.key, k.type, k.id, nullif(k.home, -1) from keys k
  on conflict (tenant, shard, key) do update set type = excluded.type, id = excluded.id
  where claim.id = (select k.stale from keys k where k.key = excluded.key)
  returning 1
)`;

const BUMPED = `bumped as (
  insert into catalog (tenant, shard, generation) values ($1, 0, 1)
  on conflict (tenant, shard) do update set generation = catalog.generation + 1
)`;

const posted = ({ id, shard }: Write['outbox'], counts: boolean, p: Param): string => `posted as (
  insert into outbox (tenant, shard, id, ts, n, changed)
  select $1, ${p(shard)}::int2, ${p(id)}, s.at, ${counts ? '(select n from counted)' : 'null::bigint'},
         (select string_agg(type || '/' || id || '/' || version, ' ') from input where not (derived and type = 'Observation'))
  from stamp s
)`;
