import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { shardOfId, visibleToken } from './resources.ts';
import type { EpisodeRow } from './write.ts';

/** What a write that concerns a patient has to know, in one read. */
export interface PatientContext {
  shard: number;
  /** The per-patient counter, to be compared and set by the write. */
  n: bigint;
  /** Fold state, JSON text. */
  state: string;
  /** What is expected of the patient, JSON text; null where nothing ever was. */
  expected: string | null;
  /** The Patient resource, by version. */
  patient: { version: number; content: string };
  /** Flags that are open now. */
  open: EpisodeRow[];
  /** The Tasks of the patient's open work. */
  work: readonly OpenWork[];
  /** The patient's ResearchSubjects, JSON text: whether, and in which trials, they take part. */
  subjects: readonly string[];
  /** Number that tells whether compiled Questionnaires and policies are still current. */
  generation: string;
}

/** A Task in the list of work, and the Flag that it is about. */
export interface OpenWork {
  id: string;
  version: number;
  content: string;
  flag: string;
}

interface Row {
  n: string;
  state: string;
  expected: string | null;
  version: number;
  content: string;
  open: LedgerJson[] | null;
  work: OpenWork[] | null;
  subjects: string[] | null;
  generation: string;
}

interface LedgerJson {
  flag_id: string;
  version: number;
  term: string;
  origin: string;
  status: EpisodeRow['status'];
  started: string;
  ended: string | null;
  signature: string;
}

/** The context of one patient; undefined when the Patient is not known here, is deleted or lies outside `within`. */
export async function patientContext(
  db: Database,
  within: Compartment,
  patient: string,
): Promise<PatientContext | undefined> {
  if (!sees(within, patient)) return undefined;
  const shard = shardOfId(patient);
  const rows = await db.read<Row>(
    'context',
    `select p.n, p.state, p.expected, c.version, v.content,
            (select json_agg(row_to_json(e)) from (
               select flag_id, version, term, origin, status, started, ended, signature from episode
               where tenant = $1 and shard = $2 and patient = $3 and status = 'active') e) as open,
            (select json_agg(json_build_object('id', w.id, 'version', c.version, 'content', v.content, 'flag', w.flag))
             from work w
             join resource_current c on c.tenant = w.tenant and c.shard = w.shard and c.type = 'Task' and c.id = w.id
             join resource_version v on v.tenant = c.tenant and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
             where w.tenant = $1 and w.shard = $2 and w.patient = $3) as work,
            (select json_agg(v.content order by c.id)
             from resource_current c join resource_version v using (tenant, shard, type, id, version)
             where c.tenant = $1 and c.shard = $2 and c.type = 'ResearchSubject' and c.patient = $3 and not c.deleted) as subjects,
            coalesce((select generation from catalog where tenant = $1 and shard = 0), 0) as generation
     from patient_state p
     join resource_current c on c.tenant = p.tenant and c.shard = p.shard and c.type = 'Patient' and c.id = p.patient and not c.deleted
     join resource_version v on v.tenant = c.tenant and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
     where p.tenant = $1 and p.shard = $2 and p.patient = $3`,
    [within.tenant, shard, patient],
  );
  const [row] = rows;
  if (!row) return undefined;
  return {
    shard,
    n: BigInt(row.n),
    state: row.state,
    expected: row.expected,
    patient: { version: row.version, content: row.content },
    open: (row.open ?? []).map(ledgerRow),
    work: row.work ?? [],
    subjects: row.subjects ?? [],
    generation: row.generation,
  };
}

/**
 * The counter of one patient, for a write that rests on nothing else of them; undefined when the Patient is not known here, is deleted or
 * lies outside `within`.
 */
export async function patientCounter(
  db: Database,
  within: Compartment,
  patient: string,
): Promise<Pick<PatientContext, 'shard' | 'n'> | undefined> {
  if (!sees(within, patient)) return undefined;
  const shard = shardOfId(patient);
  const rows = await db.read<{ n: string }>(
    'counter',
    `select p.n
     from patient_state p
     join resource_current c on c.tenant = p.tenant and c.shard = p.shard and c.type = 'Patient' and c.id = p.patient and not c.deleted
     where p.tenant = $1 and p.shard = $2 and p.patient = $3`,
    [within.tenant, shard, patient],
  );
  const [row] = rows;
  return row && { shard, n: BigInt(row.n) };
}

/** Every report of a patient (JSON text, in no order) and every Flag that stood or stands for an episode; nothing of a patient outside `within`. */
export async function patientHistory(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
): Promise<{ n: bigint; reports: string[]; ledger: EpisodeRow[] }> {
  if (!sees(within, patient)) return { n: 0n, reports: [], ledger: [] };
  const rows = await db.read<{ n: string; reports: string[] | null; ledger: LedgerJson[] | null }>(
    'patient-history',
    `select n,
            (select json_agg(content) from report where tenant = $1 and shard = $2 and patient = $3) as reports,
            (select json_agg(row_to_json(e)) from (
               select flag_id, version, term, origin, status, started, ended, signature from episode
               where tenant = $1 and shard = $2 and patient = $3) e) as ledger
     from patient_state where tenant = $1 and shard = $2 and patient = $3`,
    [within.tenant, shard, patient],
  );
  const [row] = rows;
  return { n: BigInt(row?.n ?? 0), reports: row?.reports ?? [], ledger: (row?.ledger ?? []).map(ledgerRow) };
}

/** The fold states of several patients, JSON text. */
export async function foldStates(
  db: Database,
  within: Compartment,
  patients: readonly { shard: number; patient: string }[],
): Promise<{ patient: string; state: string }[]> {
  const seen = patients.filter(({ patient }) => sees(within, patient));
  return db.named<{ patient: string; state: string }>(
    'fold-states',
    `select p.patient, p.state from unnest($2::int2[], $3::text[]) as x(shard, patient)
     join patient_state p on p.tenant = $1 and p.shard = x.shard and p.patient = x.patient`,
    [within.tenant, int2Array(seen.map(({ shard }) => shard)), textArray(seen.map(({ patient }) => patient))],
  );
}

/** The report of one graded resource, JSON text; undefined when it has none or its patient lies outside `within`. */
export async function findReport(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
  source: { type: string; id: string },
): Promise<string | undefined> {
  if (!sees(within, patient)) return undefined;
  const rows = await db.read<{ content: string }>(
    'report',
    `select content from report where tenant = $1 and shard = $2 and patient = $3 and source_type = $4 and source_id = $5`,
    [within.tenant, shard, patient, source.type, source.id],
  );
  return rows[0]?.content;
}

/** The decision record of an evaluation, by the id of its Provenance; undefined when there is none or it lies outside `within`. */
export async function findDecision(db: Database, within: Compartment, id: string): Promise<string | undefined> {
  const rows = await db.read<{ content: string }>(
    'decision',
    `select content from decision where tenant = $1 and shard = $2 and id = $3
       and ($4::bigint is null or exists (
         select 1 from resource_current c
         where c.tenant = $1 and c.shard = $2 and c.type = 'Provenance' and c.id = $3 and c.tok @> array[$4::bigint]))`,
    [within.tenant, shardOfId(id), id, visibleToken(within)],
  );
  return rows[0]?.content;
}

const sees = ({ patient }: Compartment, id: string): boolean => patient === 'everyone' || patient.id === id;

const ledgerRow = (row: LedgerJson): EpisodeRow => ({
  flagId: row.flag_id,
  version: row.version,
  term: row.term,
  origin: row.origin,
  status: row.status,
  started: new Date(row.started).toISOString(),
  ended: row.ended === null ? null : new Date(row.ended).toISOString(),
  signature: row.signature,
});
