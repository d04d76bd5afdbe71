import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import type { Due, DueChange } from './due.ts';
import { int2Array, int8Array, textArray } from './pg-arrays.ts';

/** A complete response to a form. */
export interface Answered {
  /** Of the response. */
  id: string;
  /** Canonical of the form, with its version where the response names it. */
  form: string;
  /** Its symptom time, UTC instant. */
  at: string;
}

/** The complete responses of a patient from one UTC instant to another, both included, in no order. */
export async function answersBetween(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
  { from, to }: { from: string; to: string },
): Promise<Answered[]> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return [];
  const rows = await db.read<AnsweredRow>(
    'answers-between',
    `select source_id as id, answered as form, at from report
     where tenant = $1 and shard = $2 and patient = $3 and source_type = 'QuestionnaireResponse' and at >= $4 and at <= $5
       and answered is not null`,
    [within.tenant, shard, patient, from, to],
  );
  return rows.map(answeredOf);
}

interface AnsweredRow extends Record<string, unknown> {
  id: string;
  form: string;
  at: Date;
}

const answeredOf = ({ id, form, at }: AnsweredRow): Answered => ({ id, form, at: at.toISOString() });

/** What is expected of a patient of whom something is due, and the counter that a change of it rests on. */
export interface Awaited {
  due: Due;
  n: bigint;
  /** JSON text; null where nothing ever was. */
  expected: string | null;
}

/** What is expected of the patients of many things that are still due as they were taken; nothing of those whose Patient is deleted. */
export async function awaited(db: Database, within: Compartment, taken: readonly Due[]): Promise<Awaited[]> {
  if (within.patient !== 'everyone') return [];
  const rows = await db.named<{ place: number; n: string; expected: string | null }>(
    'awaited',
    `select x.place::int4 as place, p.n, p.expected
     from unnest($2::int2[], $3::text[], $4::text[]) with ordinality as x(shard, id, at, place)
     join due d on d.tenant = $1 and d.shard = x.shard and d.id = x.id and d.at = x.at::timestamptz
     join patient_state p on p.tenant = $1 and p.shard = d.shard and p.patient = d.patient
     join resource_current c on c.tenant = $1 and c.shard = d.shard and c.type = 'Patient' and c.id = d.patient and not c.deleted`,
    [
      within.tenant,
      int2Array(taken.map(({ shard }) => shard)),
      textArray(taken.map(({ id }) => id)),
      textArray(taken.map(({ at }) => at)),
    ],
  );
  return rows.flatMap(({ place, n, expected }) => {
    const due = taken[place - 1];
    return due ? [{ due, n: BigInt(n), expected }] : [];
  });
}

/** A patient, and from which UTC instant to which, both included. */
export interface Window {
  shard: number;
  patient: string;
  from: string;
  to: string;
}

/** As `answersBetween`, of many patients. */
export async function answersWithin(
  db: Database,
  within: Compartment,
  windows: readonly Window[],
): Promise<(Answered & { patient: string })[]> {
  if (within.patient !== 'everyone' || windows.length === 0) return [];
  const rows = await db.named<AnsweredRow & { patient: string }>(
    'answers-within',
    `select r.patient, r.source_id as id, r.answered as form, r.at
     from unnest($2::int2[], $3::text[], $4::text[], $5::text[]) as x(shard, patient, opens, ends)
     join report r on r.tenant = $1 and r.shard = x.shard and r.patient = x.patient and r.source_type = 'QuestionnaireResponse'
       and r.at >= x.opens::timestamptz and r.at <= x.ends::timestamptz and r.answered is not null`,
    [
      within.tenant,
      int2Array(windows.map(({ shard }) => shard)),
      textArray(windows.map(({ patient }) => patient)),
      textArray(windows.map(({ from }) => from)),
      textArray(windows.map(({ to }) => to)),
    ],
  );
  return rows.map((row) => ({ patient: row.patient, ...answeredOf(row) }));
}

/** The Patient resources of many patients, JSON text. */
export async function patientTexts(
  db: Database,
  within: Compartment,
  patients: readonly { shard: number; patient: string }[],
): Promise<{ patient: string; content: string }[]> {
  if (within.patient !== 'everyone' || patients.length === 0) return [];
  return db.named<{ patient: string; content: string }>(
    'patient-texts',
    `select c.id as patient, v.content
     from unnest($2::int2[], $3::text[]) as x(shard, patient)
     join resource_current c on c.tenant = $1 and c.shard = x.shard and c.type = 'Patient' and c.id = x.patient and not c.deleted
     join resource_version v on v.tenant = $1 and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version`,
    [within.tenant, int2Array(patients.map(({ shard }) => shard)), textArray(patients.map(({ patient }) => patient))],
  );
}

/** What is expected of a patient from now on, where the counter is still the one that was read, and what becomes of what was due. */
export interface MovedOn {
  patient: string;
  n: bigint;
  /** JSON text; absent where it stays as it is. */
  expected?: string;
  due: DueChange;
}

/**
 * What `commit` does with nothing but the counter, what is expected and one thing that is due, for many patients in one statement. Of each patient all of it
 * stands or nothing: whose counter another writer has advanced, or is about to, is passed over. So this waits for no writer of a patient's data, and
 * no two can wait for each other. Gives the patients who have been moved on.
 */
export async function moveOn(db: Database, within: Compartment, moves: readonly MovedOn[]): Promise<Set<string>> {
  if (within.patient !== 'everyone' || moves.length === 0) return new Set();
  const rows = await db.write<{ patient: string }>(
    'move-on',
    `with x as materialized (
       select * from unnest($2::int2[], $3::text[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::text[])
         as x(shard, patient, n, expected, id, at, content)
     ), free as materialized (
       select p.shard, p.patient from x
       join patient_state p on p.tenant = $1 and p.shard = x.shard and p.patient = x.patient and p.n = x.n
       for no key update of p skip locked
     ), counted as (
       update patient_state p set n = p.n + 1, expected = coalesce(x.expected, p.expected)
       from free join x using (shard, patient)
       where p.tenant = $1 and p.shard = free.shard and p.patient = free.patient and p.n = x.n
       returning p.patient
     ), undue as (
       delete from due d using x join counted using (patient)
       where x.at is null and d.tenant = $1 and d.shard = x.shard and d.id = x.id
     ), due_set as (
       update due d
       set at = date_trunc('milliseconds', x.at::timestamptz), content = x.content, attempts = 0, locked_until = '-infinity'
       from x join counted using (patient)
       where x.at is not null and d.tenant = $1 and d.shard = x.shard and d.id = x.id
     )
     select patient from counted`,
    [
      within.tenant,
      int2Array(moves.map(({ due }) => due.shard)),
      textArray(moves.map(({ patient }) => patient)),
      int8Array(moves.map(({ n }) => n)),
      textArray(moves.map(({ expected }) => expected ?? null)),
      textArray(moves.map(({ due }) => due.id)),
      textArray(moves.map(({ due }) => due.at)),
      textArray(moves.map(({ due }) => (due.at === null ? null : due.content))),
    ],
  );
  return new Set(rows.map(({ patient }) => patient));
}
