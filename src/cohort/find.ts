import type { Flag, Observation } from '@medplum/fhirtypes';
import { dateInterval } from '../fhir/dates.ts';
import { TERMS } from '../rules/resources/codes.ts';
import type { PlantedHere } from './post.ts';
import { pagesOf, type Service } from './service.ts';

/** A planted event, and what is wrong with what the service says of it; found where nothing is. */
export interface Sought {
  planted: PlantedHere;
  faults: readonly string[];
}

/**
 * Reads back over HTTP what the service made of a planted event. Its grade: a derived Observation of the term with the grade that the
 * published table gives; of CTCAE, in each version that the service grades by. And its Flag, where one has to stand: one of the patient
 * and of that code that is not entered in error, and whose period covers the event.
 */
export async function seek(service: Service, base: string, planted: PlantedHere): Promise<Sought> {
  const faults = await faultsOfGrade(service, base, planted);
  if (planted.flag !== undefined && !(await isFlagged(service, base, planted, planted.flag))) {
    faults.push('no Flag covers it');
  }
  return { planted, faults };
}

async function faultsOfGrade(service: Service, base: string, planted: PlantedHere): Promise<string[]> {
  const { kind, system, term, grades, sourceHere } = planted;
  const source = `${kind === 'symptom' ? 'QuestionnaireResponse' : 'Observation'}/${sourceHere}`;
  const query = new URLSearchParams({ 'derived-from': source, code: `${TERMS[system]}|${term}` });
  const faults: string[] = [];
  let graded = 0;
  for await (const observation of pagesOf<Observation>(service, base, `Observation?${query}`)) {
    const version = observation.method?.coding?.[0]?.version ?? '';
    const expected = grades[version];
    if (observation.status === 'entered-in-error' || expected === undefined) continue;
    graded += 1;
    if (observation.valueInteger !== expected) {
      faults.push(`grade ${observation.valueInteger ?? 'unknown'} of version ${version} where ${expected} is expected`);
    }
  }
  return graded === 0 ? [...faults, 'not graded'] : faults;
}

async function isFlagged(
  service: Service,
  base: string,
  { patientHere, at }: PlantedHere,
  code: string,
): Promise<boolean> {
  const query = new URLSearchParams({ patient: patientHere, code });
  const moment = Date.parse(at);
  for await (const { status, period } of pagesOf<Flag>(service, base, `Flag?${query}`)) {
    const start = dateInterval(period?.start ?? '')?.start ?? Number.POSITIVE_INFINITY;
    const end = period?.end === undefined ? Number.POSITIVE_INFINITY : (dateInterval(period.end)?.end ?? 0);
    if (status !== 'entered-in-error' && start <= moment + 1000 && moment < end) return true;
  }
  return false;
}
