import type { Flag, PlanDefinition, Provenance } from '@medplum/fhirtypes';
import type { Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { KINDS, LOOKS } from '../../src/jobs/kinds.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { type Due, dueOfPatient } from '../../src/store/due.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { type TestApp, testApp } from './app.ts';
import { aPolicy, aResult, NEUTROPHILS, post } from './observations.ts';
import { aPatient } from './responses.ts';

/** A Tuesday morning in Paris. */
export const MORNING = '2026-11-24T09:00:00.000Z';

/** Opens at grade 1 (PL) and 3 (PH); what stays without news for three days rises to PM; closes at 0. */
export const PERSISTS: PlanDefinition = asking(
  aPolicy('persists', [
    ['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PL'],
    ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
    ['escalate', "%finding.kind = 'ladder' and %finding.min >= 2 and %persistence.days1 >= 3", 'PM'],
    ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
  ]),
  2,
);

/** The policy with an action that wants to be asked again after three days. */
function asking(policy: PlanDefinition, place: number): PlanDefinition {
  const after = {
    url: `${CANONICAL}/StructureDefinition/ask-again-after`,
    valueDuration: { value: 3, system: 'http://unitsofmeasure.org', code: 'd' },
  };
  return {
    ...policy,
    action: policy.action?.map((one, n) =>
      n === place ? { ...one, extension: [...(one.extension ?? []), after] } : one,
    ),
  } as PlanDefinition;
}

/** A service whose clock a test moves, with the policy above and one patient. */
export interface ClockStory {
  app: TestApp;
  patient: string;
  now(): string;
  /** Moves the clock; nothing happens by that alone. */
  at(now: string): void;
  /** Moves the clock and does what is due; gives how much was done. */
  until(now: string): Promise<number>;
  /** Posts a count of neutrophils at a moment; gives the Observation. 1.9 is grade 0, 1.6 grade 1, 1.2 grade 2, 0.8 grade 3. */
  count(value: number, at: string): Promise<{ id: string }>;
  flags(): Promise<Flag[]>;
  due(): Promise<Due[]>;
}

export async function clockStory(t: Test, policy = PERSISTS): Promise<ClockStory> {
  let now = MORNING;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, policy);
  const patient = await aPatient(app);
  const id = patient.slice('Patient/'.length);
  return {
    app,
    patient,
    now: () => now,
    at(moment) {
      now = moment;
    },
    until(moment) {
      now = moment;
      return new Scheduler(app.deps, KINDS, { looks: LOOKS }).sweep();
    },
    count: (value, at) =>
      post(app, aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at })),
    async flags() {
      const { body } = await app.send('GET', `/Flag?patient=${patient}&_sort=date`);
      return (body.entry ?? []).map(({ resource }: { resource: Flag }) => resource);
    },
    due: () => dueOfPatient(app.deps.db, everyone(), shardOfId(id), id),
  };
}

/** Status and priority of a Flag, as one text. */
export const flagText = ({ status, extension }: Flag): string =>
  `${status} ${extension?.find(({ url }) => url.endsWith('/flag-priority'))?.valueCodeableConcept?.coding?.[0]?.code}`;

/** The Provenance that names a version. */
export async function provenanceOf(app: TestApp, target: string): Promise<Provenance> {
  const { body } = await app.send('GET', `/Provenance?target=${target}`);
  return body.entry?.[0]?.resource;
}
