import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceSearchParam,
} from '@medplum/fhirtypes';
import { pointsTo } from './query/chain.ts';
import { RESOURCES, type ResourceSpec } from './resources.ts';
import type { SearchParam, SearchRegistry } from './search-parameters.ts';

/** What is looked at of an operation. */
export interface ClaimedOperation {
  name: string;
  scope: readonly ('system' | 'type' | 'instance')[];
  types: readonly string[];
  definition: string;
}

/** Which server, and since when it is as it says. */
export interface Server {
  baseUrl: string;
  version: string;
  date: string;
}

/** What every statement says of the server that it is about. */
export const describing = ({ baseUrl, version, date }: Server) =>
  ({
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Vigie', version },
    implementation: { description: 'Vigie, oncology remote monitoring', url: baseUrl },
  }) as const;

/** The CapabilityStatement, from the same tables that make the routes. Source: FHIR R4, CapabilityStatement. */
export function capabilityStatement(
  registry: SearchRegistry,
  operations: readonly ClaimedOperation[],
  server: Server,
): CapabilityStatement {
  const system = operations.filter(({ scope }) => scope.includes('system'));
  return {
    resourceType: 'CapabilityStatement',
    ...describing(server),
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        security: { description: 'No access control yet: the service listens on loopback only unless told otherwise.' },
        resource: RESOURCES.map((spec) => resourceOf(spec, registry, operations)),
        interaction: (['transaction', 'batch', 'history-system', 'search-system'] as const).map((code) => ({ code })),
        ...(system.length > 0 ? { operation: system.map(({ name, definition }) => ({ name, definition })) } : {}),
        compartment: ['http://hl7.org/fhir/CompartmentDefinition/patient'],
      },
    ],
  };
}

/** Types that R4 calls normative, of those that are served. Source: FHIR R4, section 2.1.0.3 and the status of each resource page. */
const NORMATIVE = new Set([
  'Binary',
  'CodeSystem',
  'Observation',
  'OperationDefinition',
  'Patient',
  'StructureDefinition',
  'ValueSet',
]);

/** The same, of normative types only. Source: FHIR R4, section 3.1.0.10 capabilities, mode=normative. */
export function normativeOnly(statement: CapabilityStatement): CapabilityStatement {
  return {
    ...statement,
    rest: statement.rest?.map((rest) => ({
      ...rest,
      resource: rest.resource?.filter(({ type }) => type !== undefined && NORMATIVE.has(type)),
    })),
  };
}

function resourceOf(
  spec: ResourceSpec,
  registry: SearchRegistry,
  operations: readonly ClaimedOperation[],
): CapabilityStatementRestResource {
  const { type, interactions } = spec;
  const may = (code: ResourceSpec['interactions'][number]): boolean => interactions.includes(code);
  const own = operations.filter(
    ({ types, scope }) => types.includes(type) && scope.some((level) => level !== 'system'),
  );
  return {
    type: type as CapabilityStatementRestResource['type'], // the table's types are FHIR's
    interaction: interactions.map((code) => ({ code })),
    versioning: may('update') ? 'versioned-update' : 'versioned',
    readHistory: may('vread'),
    updateCreate: may('update'),
    conditionalCreate: may('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: may('update'),
    conditionalDelete: may('delete') ? 'single' : 'not-supported',
    referencePolicy: ['literal', 'logical'],
    ...searchOf(type, registry),
    ...(own.length > 0 ? { operation: own.map(({ name, definition }) => ({ name, definition })) } : {}),
  };
}

/** Parameters that every type has, beside those of the registry. */
const COMMON: readonly CapabilityStatementRestResourceSearchParam[] = [
  { name: '_id', type: 'token', definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' },
  { name: '_lastUpdated', type: 'date', definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated' },
];

function searchOf(
  type: string,
  registry: SearchRegistry,
): Pick<CapabilityStatementRestResource, 'searchParam' | 'searchInclude' | 'searchRevInclude'> {
  const params = [...(registry.get(type)?.values() ?? [])];
  const known = new Set(params.map(({ code }) => code));
  const include = params.filter(isReference).map(({ code }) => `${type}:${code}`);
  const revinclude = [...registry].flatMap(([source, list]) =>
    [...list.values()]
      .filter((param) => isReference(param) && pointsTo(param, type))
      .map(({ code }) => `${source}:${code}`),
  );
  return {
    ...(include.length > 0 ? { searchInclude: ['*', ...include] } : {}),
    ...(revinclude.length > 0 ? { searchRevInclude: ['*', ...revinclude] } : {}),
    searchParam: [
      ...COMMON.filter(({ name = '' }) => !known.has(name)),
      ...params.map(({ code, kind, url }) => ({ name: code, type: kind, ...(url ? { definition: url } : {}) })),
    ],
  };
}

const isReference = ({ kind }: SearchParam): boolean => kind === 'reference';
