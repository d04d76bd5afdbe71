import type { Basic, Bundle, Flag, Resource, Task } from '@medplum/fhirtypes';
import type { Field } from './field.ts';
import type { Played } from './play.ts';
import { statement } from './server.ts';

/** All that is left of a season, in lines that are the same in every run that came to the same. */
export interface Outcome {
  /** Of each patient, by the season's name. */
  patients: ReadonlyMap<string, readonly string[]>;
  counts: Readonly<Record<string, number>>;
}

/**
 * Reads what a client reads of each patient: every version of each Flag and Task in its order, the moments at which terms were asked again, the
 * schedule with what is missing; and what is still due. Version ids and lastUpdated are left out; ids that the service gave are told by what they
 * stand for, or numbered in the order in which they are met.
 */
export async function readOutcome(field: Field, played: Played, databaseUrl: string): Promise<Outcome> {
  const counts: Record<string, number> = {};
  const patients = new Map<string, readonly string[]>();
  const due = await dueByPatient(databaseUrl);
  for (const [id, name] of played.patients) {
    const read = <T extends Resource>(path: string) => all<T>(field, path);
    const flags = await withHistory<Flag>(field, await read<Flag>(`/Flag?patient=${id}&_count=200`));
    const tasks = await withHistory<Task>(field, await read<Task>(`/Task?patient=${id}&_count=200`));
    const moments = await read<Basic>(`/Basic?patient=${id}&_count=200`);
    const schedule = await field.ask('outcome', 'GET', `/Patient/${id}/$schedule?from=2000-01-01&to=2100-01-01`);
    count(counts, { flags, tasks, moments });
    const named = namer(played.names);
    patients.set(name, [
      ...lines('flag', flags, named),
      ...lines('task', tasks, named),
      ...lines(
        'moment',
        moments.map((moment) => [moment]),
        named,
      ),
      `schedule ${schedule.status} ${named(schedule.text)}`,
      ...(due.get(id) ?? []).map((one) => `due ${named(one)}`).sort(),
      ...played.moves.filter((move) => move.includes(` ${name} `)).map((move) => `move ${move}`),
    ]);
  }
  return { patients, counts };
}

function count(
  counts: Record<string, number>,
  { flags, tasks, moments }: { flags: readonly Flag[][]; tasks: readonly Task[][]; moments: readonly Basic[] },
): void {
  const add = (what: string, by: number): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  add('Flags', flags.length);
  add('versions of Flags', flags.flat().length);
  add('Tasks', tasks.length);
  add('versions of Tasks', tasks.flat().length);
  add('moments', moments.length);
  for (const [now] of flags) {
    const code = now?.code.coding?.[0]?.code;
    if (code === 'missing-report' || code === 'late-report') add(code, 1);
    if (now?.status === 'entered-in-error') add('Flags retracted', 1);
    if (now?.status === 'inactive') add('Flags closed', 1);
  }
  for (const history of tasks) {
    if (history.some(({ businessStatus }) => businessStatus?.coding?.[0]?.code === 'escalated'))
      add('Tasks escalated', 1);
    if (history.some(({ businessStatus }) => businessStatus?.coding?.[0]?.code === 'overdue')) add('Tasks overdue', 1);
    if (history.some(({ status }) => status === 'on-hold')) add('Tasks snoozed', 1);
    if (history[0]?.status === 'completed') add('Tasks completed', 1);
  }
}

/** Newest first. */
const withHistory = async <T extends Flag | Task>(field: Field, found: readonly T[]): Promise<T[][]> => {
  const histories: T[][] = [];
  for (const { resourceType, id } of found) {
    histories.push(await all<T>(field, `/${resourceType}/${id}/_history?_count=200`));
  }
  return histories;
};

async function all<T extends Resource>(field: Field, path: string): Promise<T[]> {
  const found: T[] = [];
  for (let next: string | undefined = path; next; ) {
    const { status, text } = await field.ask('outcome', 'GET', next);
    if (status !== 200) throw new Error(`${next} was answered ${status}: ${text}`);
    const bundle: Bundle<T> = JSON.parse(text);
    found.push(
      ...(bundle.entry ?? []).flatMap(({ resource, search }) =>
        resource && search?.mode !== 'include' ? [resource] : [],
      ),
    );
    const url = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    next = url === undefined ? undefined : url.slice(url.indexOf('/fhir/') + '/fhir'.length);
  }
  return found;
}

/** The versions of several resources, the oldest first; in an order of their contents, since their ids are of the service. */
function lines(kind: string, histories: readonly Resource[][], named: (text: string) => string): string[] {
  return histories
    .map((versions) => versions.map(bare).reverse())
    .sort((a, b) => (a.join().replace(ID, '') < b.join().replace(ID, '') ? -1 : 1))
    .flatMap((versions) =>
      versions.map((version, place) => `${kind} ${place + 1}/${versions.length} ${named(version)}`),
    );
}

const bare = ({ meta: _, ...resource }: Resource): string => JSON.stringify(resource);

/** Ids that the service gives. */
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Writes what an id stands for in its place; what is only of the service by a number, in the order in which it is met. */
function namer(names: ReadonlyMap<string, string>): (text: string) => string {
  const numbers = new Map<string, string>();
  return (text) =>
    text.replace(/\/_history\/\d+/g, '').replace(ID, (id) => {
      const known = names.get(id) ?? numbers.get(id) ?? `#${numbers.size + 1}`;
      if (!names.has(id)) numbers.set(id, known);
      return known;
    });
}

/** What is still to happen, by patient. */
async function dueByPatient(databaseUrl: string): Promise<Map<string, string[]>> {
  const rows = await statement<{ patient: string; kind: string; at: Date; id: string }>(
    databaseUrl,
    'select patient, kind, at, id from due order by kind, at, id',
  );
  const due = new Map<string, string[]>();
  for (const { patient, kind, at } of rows)
    due.set(patient, [...(due.get(patient) ?? []), `${kind} ${at.toISOString()}`]);
  return due;
}

/** Where two runs of a season came to something else, in lines for people. */
export function differences(one: Outcome, other: Outcome): string[] {
  const found: string[] = [];
  for (const name of new Set([...one.patients.keys(), ...other.patients.keys()])) {
    const [these, those] = [one.patients.get(name) ?? [], other.patients.get(name) ?? []];
    if (these.join('\n') === those.join('\n')) continue;
    const [only, others] = [
      these.filter((line) => !those.includes(line)),
      those.filter((line) => !these.includes(line)),
    ];
    if (only.length + others.length === 0) found.push(`${name}: the same in another order`);
    found.push(
      ...only.slice(0, 6).map((line) => `${name} - ${line}`),
      ...others.slice(0, 6).map((line) => `${name} + ${line}`),
    );
  }
  return found;
}
