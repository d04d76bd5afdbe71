import type { Compartment } from '../fhir/compartment.ts';
import { storedKey } from './claims.ts';
import type { Database } from './database.ts';
import { type DueChange, dueParts } from './due.ts';
import { boolArray, int2Array, int4Array, int8Array, textArray } from './pg-arrays.ts';
import { type WorkChange, workParts } from './work.ts';

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
  /** The patient whose data it is. */
  patient: string | null;
  /** A bit for each search parameter that has a value (SearchParam.bit). */
  present: bigint;
  /** Generation of the search parameters by which it was indexed. */
  registry: bigint;
  dates: readonly DateRow[];
  numbers: readonly NumberRow[];
  strings: readonly StringRow[];
  /** Tables in which an earlier version of it may have rows. */
  tables: readonly IndexTable[];
}

export type IndexTable = 'index_date' | 'index_number' | 'index_string';

/** A date parameter's value as UTC instants [lo, hi). */
export interface DateRow {
  param: string;
  lo: string;
  hi: string;
}

/** A number or quantity: decimals as text, null where it has no limit. */
export interface NumberRow {
  param: string;
  lo: string | null;
  hi: string | null;
  /** What a search may name its unit by: `system|code`, `code` and the unit's text. */
  unit: readonly string[];
  /** The same in UCUM base units and the text of these; null where UCUM does not know the unit. */
  clo: string | null;
  chi: string | null;
  cunit: string | null;
}

/** A text: normalised as `normalised` of src/fhir/search-parameters does, and as it came. */
export interface StringRow {
  param: string;
  norm: string;
  exact: string;
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

/** What one resource said, as it is kept for the fold. */
export interface ReportRow {
  /** Of the resource. */
  type: string;
  id: string;
  /** Symptom time, UTC instant. */
  at: string;
  content: string;
}

/** A key that must stay single, and who holds it from now on. */
export interface Claim {
  key: string;
  shard: number;
  type: string;
  id: string;
  /** The owner that may be replaced, because it is gone or no longer what the key says. */
  stale?: string;
  /** Of the claim of an id: the shard in which its resource lies. */
  home?: number;
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
    /** What was said, for the next fold: the report of this write, and earlier ones that it changes. */
    reports?: readonly ReportRow[];
    /** A report that is taken back: its row goes. */
    retract?: { type: string; id: string };
    episodes?: readonly EpisodeRow[];
    decision?: { id: string; content: string };
  };
  /** A patient's row is born with the Patient. */
  newPatient?: { id: string; shard: number; state: string };
  /** Keys that must stay single. */
  claims?: readonly Claim[];
  /** What is to happen at a moment, or no longer is. */
  due?: readonly DueChange[];
  /** Places of open Tasks in the list of work. */
  work?: readonly WorkChange[];
  /** Conformance resources changed: every process has to look again. */
  bumpCatalog?: boolean;
}

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

/** Adds a parameter; gives the place where the statement names it. */
type Param = (value: unknown) => string;
type PatientWrite = NonNullable<Write['patient']>;

const counted = ({ id, shard, n, state }: PatientWrite, p: Param): string => `counted as (
  update patient_state set n = n + 1${state === undefined ? '' : `, state = ${p(state)}`}
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
  from unnest(${p(textArray(versions.map(({ type }) => type)))}::text[], ${p(textArray(versions.map(({ id }) => id)))}::text[],
              ${p(int2Array(versions.map(({ shard }) => shard)))}::int2[], ${p(int4Array(versions.map(({ version }) => version)))}::int4[],
              ${p(textArray(versions.map(({ head }) => head)))}::text[], ${p(textArray(versions.map(({ tail }) => tail)))}::text[],
              ${p(boolArray(versions.map(({ deleted }) => deleted === true)))}::bool[],
              ${p(boolArray(versions.map(({ derived }) => derived === true)))}::bool[],
              ${p(textArray(versions.map(({ index }) => `{${index.tok.join(',')}}`)))}::text[],
              ${p(int8Array(versions.map(({ index }) => index.key1)))}::int8[],
              ${p(textArray(versions.map(({ index }) => index.lo)))}::text[], ${p(textArray(versions.map(({ index }) => index.hi)))}::text[],
              ${p(textArray(versions.map(({ index }) => index.patient)))}::text[], ${p(int8Array(versions.map(({ index }) => index.present)))}::int8[],
              ${p(int8Array(versions.map(({ index }) => index.registry)))}::int8[])
       as i(type, id, shard, version, head, tail, deleted, derived, tok, key1, lo, hi, patient, present, registry), stamp s
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
  insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, lo, hi, patient, present, registry, tok)
  select $1, shard, type, id, version, at, deleted, derived, key1, lo::timestamptz, hi::timestamptz, patient, present, registry, tok::bigint[]
  from input where version = 1
  returning 1
)`;

const REPLACED = `replaced as (
  update resource_current c
  set version = i.version, ts = i.at, deleted = i.deleted, derived = i.derived,
      key1 = i.key1, lo = i.lo::timestamptz, hi = i.hi::timestamptz, patient = i.patient, present = i.present, registry = i.registry, tok = i.tok::bigint[]
  from input i
  where i.version > 1 and c.tenant = $1 and c.shard = i.shard and c.type = i.type and c.id = i.id and c.version = i.version - 1
  returning 1
)`;

/** The rows of the narrow tables: those of the version before go where there may be any, those of this one come. */
function indexed(versions: readonly NewVersion[], p: Param): string[] {
  const parts: string[] = [];
  for (const table of INDEX_TABLES) {
    if (versions.some(({ version, index }) => version > 1 && index.tables.includes(table))) {
      parts.push(`cleared_${table} as (
  delete from ${table} x using input i
  where i.version > 1 and x.tenant = $1 and x.shard = i.shard and x.type = i.type and x.id = i.id
)`);
    }
    const rows = indexRows(table, versions, p);
    if (rows !== undefined) parts.push(`filled_${table} as (${rows})`);
  }
  return parts;
}

const INDEX_TABLES: readonly IndexTable[] = ['index_date', 'index_number', 'index_string'];

/** An INSERT of all rows that versions have in a table; undefined where there are none. $1 is the tenant. */
export function indexRows(
  table: IndexTable,
  versions: readonly Pick<NewVersion, 'shard' | 'type' | 'id' | 'version' | 'index'>[],
  p: Param,
): string | undefined {
  const columns = COLUMNS[table](versions);
  if (columns[0]?.values.length === 0) return undefined;
  const at = versions.flatMap(({ index }, n) => new Array<number>(rowsOf(table, index)).fill(n));
  const of = <T>(pick: (version: Pick<NewVersion, 'shard' | 'type' | 'id' | 'version'>) => T): T[] =>
    at.flatMap((n) => {
      const version = versions[n];
      return version ? [pick(version)] : [];
    });
  const names = columns.map(({ name }) => name).join(', ');
  const casts = columns.map(({ name, type }) => `x.${name}${type === 'text' ? '' : `::${type}`}`).join(', ');
  return `
  insert into ${table} (tenant, shard, type, id, version, n, ${names})
  select $1, x.shard, x.type, x.id, x.version, x.n, ${casts}
  from unnest(${p(int2Array(of(({ shard }) => shard)))}::int2[], ${p(textArray(of(({ type }) => type)))}::text[],
              ${p(textArray(of(({ id }) => id)))}::text[], ${p(int4Array(of(({ version }) => version)))}::int4[], ${columns.map(({ values }) => `${p(textArray(values))}::text[]`).join(', ')})
       with ordinality as x(shard, type, id, version, ${names}, n)
`;
}

interface Column {
  name: string;
  type: string;
  values: readonly (string | null)[];
}

function rowsOf(table: IndexTable, { dates, numbers, strings }: IndexRow): number {
  return { index_date: dates, index_number: numbers, index_string: strings }[table].length;
}

type Indexed = readonly Pick<NewVersion, 'index'>[];

const COLUMNS: Readonly<Record<IndexTable, (versions: Indexed) => Column[]>> = {
  index_date(versions) {
    const rows = versions.flatMap(({ index }) => index.dates);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'timestamptz', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'timestamptz', values: rows.map(({ hi }) => hi) },
    ];
  },
  index_number(versions) {
    const rows = versions.flatMap(({ index }) => index.numbers);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'numeric', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'numeric', values: rows.map(({ hi }) => hi) },
      { name: 'unit', type: 'text[]', values: rows.map(({ unit }) => arrayLiteral(unit)) },
      { name: 'clo', type: 'numeric', values: rows.map(({ clo }) => clo) },
      { name: 'chi', type: 'numeric', values: rows.map(({ chi }) => chi) },
      { name: 'cunit', type: 'text', values: rows.map(({ cunit }) => cunit) },
    ];
  },
  index_string(versions) {
    const rows = versions.flatMap(({ index }) => index.strings);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'norm', type: 'text', values: rows.map(({ norm }) => norm) },
      { name: 'exact', type: 'text', values: rows.map(({ exact }) => exact) },
    ];
  },
};

const arrayLiteral = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;

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

/** What the fold and the explanation keep of a patient. */
function ofPatient({ id, shard, reports = [], retract, decision, episodes = [] }: PatientWrite, p: Param): string[] {
  const parts: string[] = [];
  if (reports.length > 0) {
    parts.push(`reported as (
  insert into report (tenant, shard, patient, source_type, source_id, at, content)
  ${reportRows({ id, shard }, reports, p)}
  on conflict (tenant, shard, patient, source_type, source_id) do update set at = excluded.at, content = excluded.content
)`);
  }
  if (retract) {
    parts.push(`retracted as (
  delete from report
  where tenant = $1 and shard = ${p(shard)} and patient = ${p(id)} and source_type = ${p(retract.type)} and source_id = ${p(retract.id)}
)`);
  }
  if (decision) {
    parts.push(`decided as (
  insert into decision (tenant, shard, id, content) values ($1, ${p(shard)}, ${p(decision.id)}, ${p(decision.content)})
)`);
  }
  if (episodes.length > 0) {
    parts.push(`episodes as (
  insert into episode (tenant, shard, patient, flag_id, version, term, origin, status, started, ended, signature)
  select $1, ${p(shard)}::int2, ${p(id)}, e.flag_id, e.version, e.term, e.origin, e.status, e.started::timestamptz, e.ended::timestamptz,
         e.signature
  from unnest(${p(textArray(episodes.map(({ flagId }) => flagId)))}::text[], ${p(int4Array(episodes.map(({ version }) => version)))}::int4[],
              ${p(textArray(episodes.map(({ term }) => term)))}::text[], ${p(textArray(episodes.map(({ origin }) => origin)))}::text[],
              ${p(textArray(episodes.map(({ status }) => status)))}::text[], ${p(textArray(episodes.map(({ started }) => started)))}::text[],
              ${p(textArray(episodes.map(({ ended }) => ended)))}::text[],
              ${p(textArray(episodes.map(({ signature }) => signature)))}::text[])
       as e(flag_id, version, term, origin, status, started, ended, signature)
  on conflict (tenant, shard, patient, flag_id) do update
  set version = excluded.version, status = excluded.status, started = excluded.started, ended = excluded.ended,
      signature = excluded.signature
)`);
  }
  return parts;
}

/** One row in most writes; several where a changed baseline grades earlier reports anew. */
function reportRows(
  { id, shard }: Pick<PatientWrite, 'id' | 'shard'>,
  reports: readonly ReportRow[],
  p: Param,
): string {
  const [first, ...more] = reports;
  if (first && more.length === 0) {
    return `values ($1, ${p(shard)}, ${p(id)}, ${p(first.type)}, ${p(first.id)}, ${p(first.at)}, ${p(first.content)})`;
  }
  return `select $1, ${p(shard)}::int2, ${p(id)}, r.type, r.id, r.at::timestamptz, r.content
  from unnest(${p(textArray(reports.map(({ type }) => type)))}::text[], ${p(textArray(reports.map(({ id }) => id)))}::text[],
              ${p(textArray(reports.map(({ at }) => at)))}::text[], ${p(textArray(reports.map(({ content }) => content)))}::text[])
       as r(type, id, at, content)`;
}

const BUMPED = `bumped as (
  insert into catalog (tenant, shard, generation) values ($1, 0, 1)
  on conflict (tenant, shard) do update set generation = catalog.generation + 1
)`;

const posted = ({ id, shard }: Write['outbox'], counts: boolean, p: Param): string => `posted as (
  insert into outbox (tenant, shard, id, ts, n, changed)
  select $1, ${p(shard)}::int2, ${p(id)}, s.at, ${counts ? '(select n from counted)' : 'null::bigint'},
         (select array_agg(type || '/' || id || '/_history/' || version) from input where not (derived and type = 'Observation'))
  from stamp s
)`;
