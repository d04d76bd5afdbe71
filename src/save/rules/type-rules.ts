import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Consequence } from '../../evaluation/evaluating.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import type { Issue } from '../../fhir/errors.ts';
import type { ResourceSpec } from '../../fhir/resources.ts';
import type { PatientContext } from '../../store/context.ts';
import type { Stored } from '../../store/resources.ts';
import type { Claim, Write } from '../../store/write.ts';

/** What a type asks of a write beyond its structure. */
export interface TypeRules {
  /** The subject must be a Patient of this server. */
  patientOnly?: boolean;
  /** Of a type of which only some are checked: whether this one is. Must not be asked of what is not well formed, but may throw then. */
  concerns?(resource: Resource, deps: Pick<Deps, 'labCodes'>): boolean;
  /** Refuses by throwing; gives what else is to be written in the same statement. */
  check?(deps: Deps, within: Compartment, change: Change): Promise<Ruled | undefined>;
  /** Refuses a deletion by throwing. */
  refuseRemoval?(deps: Deps, within: Compartment, removal: Removal): Promise<void>;
  /** What else is written in the statement of a deletion. */
  removed?(deps: Deps, removal: Removal): Pick<Ruled, 'due' | 'expected'> | undefined;
}

/** What a rule has to say of a write that it lets through. */
export interface Ruled extends Pick<Write, 'work' | 'due'> {
  /** The resource as the service completes it: what differs takes the place of what came. */
  instead?: Resource;
  consequence?: Consequence;
  claims?: Claim[];
  /** What is expected of the patient from now on, JSON text. */
  expected?: string;
  /** What the client is told of, and is not refused for. */
  warnings?: readonly Issue[];
}

export interface Change {
  spec: ResourceSpec;
  resource: Resource;
  id: string;
  version: number;
  current?: Stored;
  /** The client has named that version, and no other, by If-Match. */
  isUponCurrent?: boolean;
  patient?: string;
  context: PatientContext | undefined;
}

export interface Removal {
  current: Stored;
  patient: string | undefined;
  context: PatientContext | undefined;
}
