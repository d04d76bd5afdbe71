import type { CapabilityStatement, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import { RESOURCES } from './resources.ts';
import type { SearchRegistry } from './search-parameters.ts';

/** The CapabilityStatement, from the same tables that make the routes. Source: FHIR R4, CapabilityStatement. */
export function capabilityStatement(
  registry: SearchRegistry,
  operations: readonly { name: string; types: readonly string[]; definition: string }[],
  { baseUrl, version, date }: { baseUrl: string; version: string; date: string },
): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Vigie', version },
    implementation: { description: 'Vigie, oncology remote monitoring', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: { description: 'No access control yet: the service listens on loopback only unless told otherwise.' },
        resource: RESOURCES.map((spec): CapabilityStatementRestResource => {
          const ofType = operations.filter(({ types }) => types.includes(spec.type));
          return {
            type: spec.type as CapabilityStatementRestResource['type'], // the table's types are FHIR's
            interaction: spec.interactions.map((code) => ({ code })),
            versioning: spec.interactions.includes('update') ? 'versioned-update' : 'versioned',
            readHistory: true,
            updateCreate: false,
            ...(spec.interactions.includes('create') ? { conditionalCreate: true } : {}),
            ...(spec.type === 'Provenance' ? {} : { searchRevInclude: ['Provenance:target'] }),
            searchParam: [
              { name: '_id', type: 'token', definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' },
              {
                name: '_lastUpdated',
                type: 'date',
                definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated',
              },
              ...[...(registry.get(spec.type)?.values() ?? [])].map(({ code, kind, url }) => ({
                name: code,
                type: kind,
                ...(url ? { definition: url } : {}),
              })),
            ],
            ...(ofType.length > 0 ? { operation: ofType.map(({ name, definition }) => ({ name, definition })) } : {}),
          };
        }),
      },
    ],
  };
}
