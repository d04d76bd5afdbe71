import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { resourceSpec } from '../fhir/resources.ts';
import { spliceOwn } from '../fhir/text.ts';
import { indexRow } from '../store/index-rows.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';

/** Makes the version of a resource that is to be written. */
export type Writer = (type: string, id: string, version: number, resource: Resource) => NewVersion;

/** Versions of what the engine derives: spliced, indexed, in the patient's shard and compartment. */
export function writerOf(deps: Deps, within: Compartment, { context, patient }: Evaluating): Writer {
  return (type, id, version, resource) => {
    const spec = resourceSpec(type);
    if (!spec) throw new Error(`${type} is not served`);
    return {
      type,
      id,
      shard: context.shard,
      version,
      ...spliceOwn(resource, { id, versionId: String(version) }),
      derived: true,
      index: indexRow(deps.registry, spec, within.tenant, resource, { baseUrl: deps.baseUrl, patient }),
    };
  };
}
