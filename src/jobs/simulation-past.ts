import type { Group, Patient, PlanDefinition, Task } from '@medplum/fhirtypes';
import { readReports } from '../evaluation/stored-report.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { compilePolicy, type Policy } from '../rules/policy.ts';
import { type PatientPast, type Question, simulate } from '../rules/simulation.ts';
import { ctcaeVersionsNamed } from '../rules/simulation-needs.ts';
import { patientsOf, type SimulationRequest } from '../rules/simulation-request.ts';
import { mergeTallies, NO_TALLY, type Tally, tallyOf } from '../rules/simulation-tally.ts';
import { codeIn, WORK } from '../rules/work/codes.ts';
import { currentOfType } from '../store/catalog.ts';
import type { Database } from '../store/database.ts';
import { countPatients, FIRST, type Place, pastAfter, pastOfPatients, type StoredPast } from '../store/past.ts';
import { readVersion } from '../store/resources.ts';

/** How far a simulation is, and all that it needs to go on from there. */
export interface Checkpoint {
  /** Patients. */
  done: number;
  total: number;
  /** The last patient of all; of a cohort the count alone tells. */
  place: Place;
  tally: Tally;
}

/** Patients that are read at once: some hundred reports. */
const PAGE = 20;

/** Called after each patient, with the number of reports that were judged: until it is settled others have their turn. */
export type Rest = (reports: number) => Promise<void>;

/**
 * Simulates patient by patient, and tells after each page how far it is. Reads alone. Throws when a policy that it needs is no longer held.
 */
export async function* simulateStored(
  db: Database,
  within: Compartment,
  request: SimulationRequest,
  { from, rest }: { from?: Checkpoint | undefined; rest: Rest },
): AsyncGenerator<Checkpoint> {
  const question = await questionOf(db, within, request);
  const members = request.cohort === undefined ? undefined : await membersOf(db, within, request);
  const total = members?.length ?? (await countPatients(db, within));
  const read = async ({ done, place }: Pick<Checkpoint, 'done' | 'place'>): Promise<Page> => {
    const names = members?.slice(done, done + PAGE);
    const past = names ? await pastOfPatients(db, within, names) : await pastAfter(db, within, place, PAGE);
    return { past, patients: names?.length ?? past.length };
  };
  let at: Checkpoint = from ? { ...from, total } : { done: 0, total, place: FIRST, tally: NO_TALLY };
  let next = read(at);
  for (;;) {
    const { past, patients } = await next;
    if (patients === 0) return yield { ...at, total: at.done };
    const last = past.at(-1);
    const done = at.done + patients;
    const place = last ? placeOf(last) : at.place;
    // The database reads the next page while this one is folded. That it failed is met where it is awaited.
    next = read({ done, place });
    next.catch(() => undefined);
    let { tally } = at;
    for (const stored of past) {
      if (stored.content === '') continue; // deleted
      const judged = one(stored, question);
      tally = mergeTallies(tally, judged.tally);
      await rest(judged.reports);
    }
    at = { done, total: Math.max(total, done), place, tally };
    yield at;
  }
}

/** Pasts of the next patients of all, or of a cohort: of these some may not be held. */
interface Page {
  past: readonly StoredPast[];
  patients: number;
}

/** A past that cannot be read or folded is counted, and takes none of the others with it. */
function one(stored: StoredPast, question: Question): { tally: Tally; reports: number } {
  try {
    const past = pastOf(stored);
    return { tally: tallyOf(stored.patient, simulate(past, question), question.within), reports: past.reports.length };
  } catch {
    return { tally: { ...NO_TALLY, failed: 1 }, reports: 0 };
  }
}

const placeOf = ({ shard, patient }: StoredPast): Place => ({ shard, patient });

async function questionOf(db: Database, within: Compartment, request: SimulationRequest): Promise<Question> {
  const { candidate, against, beside } = request;
  const plans = (await currentOfType(db, within, 'PlanDefinition')).map((text): PlanDefinition => JSON.parse(text));
  const held = (canonical: string): Policy => {
    const plan = plans.find(({ url, version, status }) => `${url}|${version}` === canonical && status !== 'draft');
    if (!plan) throw new Error('a policy that a simulation rests on is no longer held');
    return compilePolicy(plan);
  };
  const others = beside.map(held);
  const policy = compilePolicy(candidate);
  return {
    before: against === null ? others : [...others, held(against)],
    after: [...others, policy],
    candidate: policy,
    ctcae: ctcaeVersionsNamed(candidate),
    within: request.within,
    timeZone: request.site.timeZone,
    mattered: new Set(request.mattered),
  };
}

/** Ids of the patients that the version of a Group that is asked for has as its members in the time that is looked at. */
async function membersOf(
  db: Database,
  within: Compartment,
  request: Pick<SimulationRequest, 'cohort' | 'within' | 'baseUrl'>,
): Promise<string[]> {
  const [, id = '', version = ''] = /^Group\/([^/]+)\/_history\/(\d+)$/.exec(request.cohort ?? '') ?? [];
  const group: Group = JSON.parse((await readVersion(db, within, 'Group', id, version)).content);
  return patientsOf(group, request);
}

function pastOf({ content, reports, flags, tasks }: StoredPast): PatientPast {
  const { gender, birthDate }: Patient = JSON.parse(content);
  const outcomes = outcomesOf(tasks);
  return {
    reports: readReports(reports).map(({ report }) => report),
    facts: { ...(gender ? { gender } : {}), ...(birthDate ? { birthDate } : {}) },
    flags: flags.map((flag) => ({ ...flag, outcomes: outcomes.get(flag.flagId) ?? [] })),
  };
}

/** Codes of outcomes of completed Tasks, by the id of the Flag that they are about. */
function outcomesOf(tasks: readonly string[]): Map<string, string[]> {
  const outcomes = new Map<string, string[]>();
  for (const text of tasks) {
    if (!text.includes(WORK.outcome)) continue;
    const { status, focus, output = [] }: Task = JSON.parse(text);
    const flag = /^Flag\/(.+)$/.exec(focus?.reference ?? '')?.[1];
    if (status !== 'completed' || flag === undefined) continue;
    const codes = output.flatMap(({ valueCodeableConcept }) => codeIn(WORK.outcome, valueCodeableConcept) ?? []);
    outcomes.set(flag, [...(outcomes.get(flag) ?? []), ...codes]);
  }
  return outcomes;
}
