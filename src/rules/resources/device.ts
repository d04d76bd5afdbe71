import type { Device } from '@medplum/fhirtypes';
import { NAMING } from './codes.ts';

/**
 * This rule engine as a Device: author of Flags, device of Observations, agent of Provenance. One per engine version; its
 * identifier finds it again. Source: HL7 FHIR R4 4.0.1, Device.
 */
export function engineDevice({ version }: { version: string }): Device {
  return {
    resourceType: 'Device',
    identifier: [{ system: NAMING.engine, value: `vigie/${version}` }],
    status: 'active',
    deviceName: [{ name: 'Vigie rule engine', type: 'model-name' }],
    type: { text: 'Software that grades patient reports and applies alert policies' },
    version: [{ value: version }],
  };
}
