import type { Entry, Planted } from './entry.ts';
import type { Service } from './service.ts';

/** What a run did, and what it needs to look again at what it did. */
export interface Posted {
  /** Resources that were made, and those that were there from an earlier run, by kind. */
  created: Record<string, number>;
  found: Record<string, number>;
  /** Responses that now stand, each counted once. */
  responses: number;
  patients: readonly string[];
  planted: readonly PlantedHere[];
  seconds: number;
}

/** A planted event with the ids that the service gave. */
export interface PlantedHere extends Planted {
  patientHere: string;
  sourceHere: string;
}

/**
 * Posts a cohort, `connections` patients at a time, each patient's entries one after the other in the order given. Every resource goes out
 * with If-None-Exist and an identifier, so a second run makes nothing new; a correction goes out once, by If-Match of the first version.
 */
export async function postCohort(
  service: Service,
  entries: Iterable<Entry>,
  { connections = 16, onPatient = () => {} }: { connections?: number; onPatient?: (done: number) => void } = {},
): Promise<Posted> {
  const began = performance.now();
  const groups = byPatient(entries);
  const posted = { created: {}, found: {}, responses: 0, patients: [] as string[], planted: [] as PlantedHere[] };
  let done = 0;
  const work = async (): Promise<void> => {
    for (let group = groups.next(); !group.done; group = groups.next()) {
      await postPatient(service, group.value, posted);
      done += 1;
      onPatient(done);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { ...posted, seconds: (performance.now() - began) / 1000 };
}

type Counts = Omit<Posted, 'seconds' | 'patients' | 'planted'> & { patients: string[]; planted: PlantedHere[] };

async function postPatient(service: Service, entries: readonly Entry[], counts: Counts): Promise<void> {
  const here = new Map<string, { id: string; version: number }>();
  let patient = '';
  for (const entry of entries) {
    const { resource, kind } = entry;
    const key = resource.id ?? '';
    const before = here.get(key);
    if (kind === 'amendment') {
      if (!before) throw new Error(`${key} is corrected before it is sent`);
      // A version after the first was put there by an earlier run.
      const isNew = before.version === 1;
      if (isNew) {
        await service.send('PUT', `QuestionnaireResponse/${before.id}`, placed(entry, patient, before.id), {
          'if-match': 'W/"1"',
          prefer: 'return=minimal',
        });
      }
      count(isNew ? counts.created : counts.found, kind);
    } else {
      const { system, value } = [resource.identifier ?? []].flat()[0] ?? {};
      const made = await service.send('POST', resource.resourceType, placed(entry, patient), {
        'if-none-exist': `identifier=${system}|${value}`,
        prefer: 'return=minimal',
      });
      here.set(key, made);
      if (kind === 'patient') {
        patient = made.id;
        counts.patients.push(patient);
      }
      if (kind === 'response') counts.responses += 1;
      count(made.status === 201 ? counts.created : counts.found, kind);
    }
    const sourceHere = here.get(key)?.id ?? '';
    if (entry.planted) counts.planted.push({ ...entry.planted, patientHere: patient, sourceHere });
  }
}

const count = (counts: Record<string, number>, kind: string): void => {
  counts[kind] = (counts[kind] ?? 0) + 1;
};

/** The resource as the service knows its patient; without the cohort's own id. */
function placed({ resource }: Entry, patient: string, id?: string): object {
  const { id: _id, ...rest } = resource;
  return {
    ...rest,
    ...(id === undefined ? {} : { id }),
    ...('subject' in rest ? { subject: { reference: `Patient/${patient}` } } : {}),
  };
}

/** The entries of one patient after the other; each begins with the Patient. */
function* byPatient(entries: Iterable<Entry>): Generator<Entry[]> {
  let group: Entry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'patient' && group.length > 0) {
      yield group;
      group = [];
    }
    group.push(entry);
  }
  if (group.length > 0) yield group;
}
