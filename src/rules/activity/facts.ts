import type { Patient } from '@medplum/fhirtypes';
import { splitCanonical } from '../../fhir/canonical.ts';
import { deathOf } from '../calendar/death.ts';
import { readExpectations } from '../calendar/expectations.ts';
import type { ActivityFacts } from './activity.ts';
import { workDone } from './work.ts';

/** What is stored of a patient, as texts. */
export interface StoredFacts {
  patient: string;
  /** The Patient, JSON text. */
  content: string;
  expected: string | null;
  responses: readonly { id: string; at: string; form: string }[];
  tasks: readonly { content: string; statuses: readonly string[] }[];
}

/**
 * The facts that months are told of, from what is stored. `zone` is that of the site: a day of death is a day there. `saidDead` is the UTC instant at which the
 * patient was first said to have died, where no date is.
 */
export function activityFacts(
  { patient, content, expected, responses, tasks }: StoredFacts,
  { zone, saidDead }: { zone: string; saidDead?: string | undefined },
): ActivityFacts {
  const { identifier, ...told }: Patient = JSON.parse(content);
  const death = deathOf(told, saidDead, zone);
  return {
    patient,
    identifiers: (identifier ?? []).flatMap(({ system, value }) => {
      if (value === undefined) return [];
      return [system === undefined ? value : `${system}|${value}`];
    }),
    ...(death ? { death } : {}),
    expectations: readExpectations(expected),
    responses: responses.map(({ id, at, form }) => ({ id, at, form: splitCanonical(form).url })),
    work: tasks.flatMap((task) => workDone(JSON.parse(task.content), task.statuses) ?? []),
  };
}
