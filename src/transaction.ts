import type { Deps } from './deps.ts';
import type { Compartment } from './fhir/compartment.ts';
import { tryAgain } from './fhir/errors.ts';
import { FREE_ATTEMPTS, MOST_ATTEMPTS } from './save/attempts.ts';
import { insideOf } from './save/inside.ts';
import { isPlain } from './save/several.ts';
import { gaveWay } from './store/errors.ts';
import { patientOf } from './store/index-rows.ts';
import { lockPatients } from './store/locks.ts';
import type { Answer, Reader } from './transaction/answer.ts';
import type { BundleEntry } from './transaction/entries.ts';
import { linksOf } from './transaction/links.ts';
import type { Prepared } from './transaction/prepared.ts';
import { byFullUrl, conditionsIn, entryOf } from './transaction/references.ts';
import { ofEntry } from './transaction/refusal.ts';
import { type Request, requestOf } from './transaction/requests.ts';
import { workThrough } from './transaction/work.ts';

/** Above this the queues of single patients are left out: the counters' locks alone keep order. */
const MOST_TURNS = 20;

/**
 * Carries out all entries of a transaction in one transaction of the database, or none of them: deletions, then creates, updates and
 * patches, then reads, whatever their order in the Bundle. The answers are in that order, and given after the commit. When another
 * writer came first all is done again with fresh state. Throws the FhirError of the entry that was refused, which names it.
 * Source: FHIR R4, section 3.1.0.11.2 Transaction Processing Rules.
 */
export async function transact(
  deps: Deps,
  within: Compartment,
  entries: readonly BundleEntry[],
  read: Reader,
): Promise<Answer[]> {
  const prepared = entries.map((entry) => prepare(deps, entry));
  const patients = patientsOf(prepared);
  const named = byFullUrl(entries);
  return inTurns(deps, patients, async () => {
    const alone = isOneStatement(prepared, named);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      try {
        const holds = attempt > FREE_ATTEMPTS;
        if (alone && !holds)
          return await workThrough({ deps: { ...deps, attempts: 1 }, within, named }, prepared, read);
        return await deps.db.transaction(async (tx) => {
          if (patients.length > 0) await lockPatients(tx, within, patients);
          return workThrough({ deps: { ...insideOf(deps, tx), holds }, within, named }, prepared, read);
        });
      } catch (error) {
        if (!gaveWay(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
    }
    throw tryAgain('Other requests changed the same resources again and again; nothing was written');
  });
}

function prepare({ registry, baseUrl, labCodes }: Deps, entry: BundleEntry): Prepared {
  let request: Request;
  try {
    request = requestOf(entry);
  } catch (error) {
    throw ofEntry(entry, error);
  }
  if (request.kind !== 'create' && request.kind !== 'update')
    return { request, links: [], conditions: [], isPlain: false };
  const { spec, received } = request;
  const links = linksOf(received);
  const owner = patientOf(registry, spec, received.value as object, baseUrl); // a resource
  return {
    request,
    links,
    conditions: conditionsIn(links, baseUrl),
    isPlain: request.kind === 'create' && entry.ifNoneExist === undefined && isPlain({ labCodes }, spec, received),
    ...(owner ? { owner } : {}),
  };
}

/** The patients of this server whose data the entries name by id, in one order for all transactions. */
function patientsOf(prepared: readonly Prepared[]): string[] {
  const ids = new Set<string>();
  for (const { request, owner } of prepared) {
    if (request.kind === 'read') continue;
    if (request.spec.type === 'Patient' && request.kind !== 'create' && request.id !== undefined) ids.add(request.id);
    if (owner?.id !== undefined) ids.add(owner.id);
  }
  return [...ids].sort();
}

/**
 * True when all entries are plain creates for one patient, whom one of them may create: these are written by one statement, which is a
 * transaction of its own and needs no other around it.
 */
function isOneStatement(prepared: readonly Prepared[], named: ReadonlyMap<string, BundleEntry>): boolean {
  const patients = new Set<string>();
  for (const { request, owner, conditions, isPlain } of prepared) {
    if (request.kind !== 'create' || !isPlain || conditions.length > 0) return false;
    const { entry, spec } = request;
    const other = owner && entryOf(owner.reference, entry, named);
    if (other && other.url !== 'Patient') return false;
    if (spec.type === 'Patient') patients.add(`entry ${entry.index}`);
    else if (other) patients.add(`entry ${other.index}`);
    else if (owner?.id !== undefined) patients.add(owner.id);
    else return false;
  }
  return patients.size === 1;
}

/** Runs `work` when it is its turn for every one of `patients`, who are in order: so two transactions never wait for each other. */
function inTurns<T>(deps: Deps, patients: readonly string[], work: () => Promise<T>): Promise<T> {
  const [first, ...more] = patients.length > MOST_TURNS ? [] : patients;
  return first === undefined ? work() : deps.turns.take(first, () => inTurns(deps, more, work));
}
