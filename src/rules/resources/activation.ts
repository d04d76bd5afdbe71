import type { Provenance } from '@medplum/fhirtypes';
import { CANONICAL, TAG } from '../../fhir/canonical.ts';

/** A policy was made active. References are versioned, `Type/id/_history/n`. */
export interface Activation {
  /** The version that is active, and the one before it. */
  target: string;
  before: string;
  /** Versions that were retired with it. */
  retired: readonly string[];
  /** `url|version` */
  policy: string;
  /** UTC instant. */
  recorded: string;
  /** Reference to who did it, and why. */
  author: string;
  reason: string;
  /** The simulation that it rests on; absent where it was done without. */
  simulation?: { job: string; url: string };
}

/** Identity of a simulation: the id of its job. */
export const JOB_NAMING = `${CANONICAL}/NamingSystem/job`;

/** Tag of an activation that no simulation stands behind, so that it can be searched for. */
export const WITHOUT_SIMULATION = {
  system: TAG,
  code: 'activated-without-simulation',
  display: 'The policy was activated without a simulation; the reason says why',
} as const;

/** The Provenance of an activation. Source: HL7 FHIR R4 4.0.1, Provenance; HL7 Terminology, CodeSystem v3-DataOperation. */
export function activationProvenance(activation: Activation): Provenance {
  const { target, before, retired, policy, recorded, author, reason, simulation } = activation;
  return {
    resourceType: 'Provenance',
    ...(simulation ? {} : { meta: { tag: [WITHOUT_SIMULATION] } }),
    target: [target, ...retired].map((reference) => ({ reference })),
    recorded,
    policy: [policy],
    reason: [{ text: reason }],
    activity: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'ACTIVATE', display: 'activate' },
      ],
    },
    agent: [
      {
        type: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
              code: 'author',
              display: 'Author',
            },
          ],
        },
        who: { reference: author },
      },
    ],
    entity: [
      { role: 'revision', what: { reference: before } },
      ...(simulation
        ? [
            {
              role: 'source' as const,
              what: { identifier: { system: JOB_NAMING, value: simulation.job }, display: simulation.url },
            },
          ]
        : []),
    ],
  };
}
