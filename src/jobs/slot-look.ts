import type { Deps } from '../deps.ts';
import type { SlotDue } from '../evaluation/expected.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { type ExpectedSlot, itemKey, readExpectations } from '../rules/calendar/expectations.ts';
import type { Due } from '../store/due.ts';
import {
  type Answered,
  type Awaited,
  answersWithin,
  awaited,
  type MovedOn,
  moveOn,
  patientTexts,
} from '../store/expected.ts';
import type { LookDue } from './scheduler.ts';
import { isDead, isMetBy, type Kept, passed, type Waiting } from './slot.ts';

/**
 * Ends of slots of which nothing has to be said are seen a thousand at one look: the patient has answered, is away or dead, or the plan waits for nothing any more.
 * Their patients go on to the next slot in one statement, as `slot` would have them do. Where a report is missing, something is to be gone through
 * anew, or another writer is at work on the patient, the thing is left to be done by itself.
 */
export const lookAtSlots: LookDue = async (deps, within, due) => {
  const each = onceOfEach(due);
  const parts: Due[][] = [];
  for (let from = 0; from < each.length; from += PART) parts.push(each.slice(from, from + PART));
  const moved = new Set<string>();
  const look = async (part: readonly Due[]): Promise<void> => {
    const open = (await awaited(deps.db, within, part)).flatMap(endOf);
    const ends = await answered(deps, within, open);
    for (const patient of await moveOn(deps.db, within, ends.map(moveOf))) moved.add(patient);
  };
  const waiting = parts.values();
  const lane = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await look(next.value);
  };
  // What one lane reads the other writes: the database and this process work at the same time. More of them hold more in memory, for nothing.
  const looked = await Promise.allSettled([lane(), lane()]);
  const failed = looked.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    if (moved.size === 0) throw failed.reason;
    deps.log.warn({ err: failed.reason, kind: 'slot' }, 'some of what is due is done one by one');
  }
  return due.filter(({ patient }) => !moved.has(patient));
};

/** So many at a time: half of them, or half as many again, cost a tenth more. */
const PART = 200;

/** Of a patient of whom several things are due, which can only be where one is parked, each is done by itself. */
function onceOfEach(due: readonly Due[]): Due[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { patient } of due) (seen.has(patient) ? twice : seen).add(patient);
  return due.filter(({ patient }) => !twice.has(patient));
}

/** The end of a slot, or of all waiting. */
interface End {
  due: Due;
  n: bigint;
  /** Absent where nothing is waited for any more. */
  goesOn?: Kept;
  waiting?: Waiting;
  /** The slot that has to have been answered. */
  expected?: ExpectedSlot;
}

function endOf({ due, n, expected }: Awaited): End[] {
  const { item: key }: SlotDue = JSON.parse(due.content);
  const expectations = readExpectations(expected);
  const item = expectations.items.find((one) => itemKey(one) === key);
  if (!item) return [{ due, n }];
  if (item.unsettled !== undefined) return [];
  const waiting: Waiting = { context: { shard: due.shard, n }, patient: due.patient, expectations, item };
  return [{ due, n, waiting, ...passed(waiting) }];
}

/** Those of which nothing has to be said. */
async function answered({ db }: Deps, within: Compartment, ends: readonly End[]): Promise<End[]> {
  const asked = ends.flatMap(({ due: { shard, patient }, expected }) =>
    expected ? [{ shard, patient, from: expected.slot.open, to: expected.slot.due }] : [],
  );
  const answers = byPatient(await answersWithin(db, within, asked));
  const unmet = ends.filter((end) => !isMet(end, answers.get(end.due.patient) ?? []));
  const patients = byPatient(
    await patientTexts(
      db,
      within,
      unmet.map(({ due }) => due),
    ),
  );
  const missing = new Set(
    unmet.filter(({ due, expected }) => {
      const [patient] = patients.get(due.patient) ?? [];
      return !expected || !patient || !isDead({ patient }, expected);
    }),
  );
  return ends.filter((end) => !missing.has(end));
}

const isMet = ({ waiting, expected }: End, answers: readonly Answered[]): boolean =>
  !waiting || !expected || answers.some((answer) => isMetBy(expected, answer, waiting));

function byPatient<T extends { patient: string }>(rows: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const others = found.get(row.patient);
    if (others) others.push(row);
    else found.set(row.patient, [row]);
  }
  return found;
}

function moveOf({ due: { shard, id, patient }, n, goesOn }: End): MovedOn {
  const [next = { shard, id, at: null }] = goesOn?.due ?? [];
  const expected = goesOn?.patient.expected;
  return { patient, n, ...(expected === undefined ? {} : { expected }), due: next };
}
