import type {
  Bundle,
  Flag,
  Observation,
  Parameters,
  PlanDefinition,
  Provenance,
  QuestionnaireResponse,
  Resource,
} from '@medplum/fhirtypes';
import type { Client, SearchParams } from 'fhir-kit-client';
import { splitCanonical } from '../fhir/canonical.ts';
import { EXTENSION } from '../rules/resources/codes.ts';

/** All that the story is made of; every part of it was read over HTTP. */
export interface Chart {
  patient: string;
  /** In the order of what they report. */
  reports: readonly ReportRead[];
  /** In the order of their making. */
  flags: readonly FlagRead[];
  policies: readonly PlanDefinition[];
}

export interface ReportRead {
  response: QuestionnaireResponse;
  /** When its first version was stored. */
  received: string;
  observations: readonly Observation[];
}

export interface FlagRead {
  versions: readonly FlagVersion[];
  /** The paragraph of `$explain` for the present version. */
  explanation: string;
}

/** One version of a Flag with what caused it. */
export interface FlagVersion {
  flag: Flag;
  /** The response whose evaluation wrote it, in the version that was evaluated. */
  cause?: QuestionnaireResponse;
  /** What that response said of the term of the Flag. */
  observation?: Observation;
}

/** Reads a patient's reports, grades and Flags with their whole history, as an EHR does. */
export async function readChart(client: Client, patient: string): Promise<Chart> {
  const responses = await found<QuestionnaireResponse>(client, 'QuestionnaireResponse', { patient, _sort: 'authored' });
  const matches = await found<Flag | Provenance>(client, 'Flag', { patient, _revinclude: 'Provenance:target' });
  const provenances = matches.filter((one): one is Provenance => one.resourceType === 'Provenance');
  const flags = await Promise.all(
    matches
      .filter((one): one is Flag => one.resourceType === 'Flag')
      .map((flag) => readFlag(client, flag.id ?? '', provenances)),
  );
  return {
    patient,
    reports: await Promise.all(responses.map((response) => readReport(client, response))),
    flags: flags.sort((a, b) => (firstMoment(a) < firstMoment(b) ? -1 : 1)),
    policies: await readPolicies(client, flags),
  };
}

async function readReport(client: Client, response: QuestionnaireResponse): Promise<ReportRead> {
  const id = response.id ?? '';
  const first = await read<QuestionnaireResponse>(
    client.vread({ resourceType: response.resourceType, id, version: '1' }),
  );
  return {
    response,
    received: first.meta?.lastUpdated ?? '',
    observations: await found<Observation>(client, 'Observation', { 'derived-from': `QuestionnaireResponse/${id}` }),
  };
}

async function readFlag(client: Client, id: string, provenances: readonly Provenance[]): Promise<FlagRead> {
  const history = await read<Bundle<Flag>>(client.history({ resourceType: 'Flag', id }));
  const versions = (history.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : [])).reverse();
  const explained = await read<Parameters>(
    client.operation({ name: 'explain', resourceType: 'Flag', id, method: 'GET' }),
  );
  return {
    versions: await Promise.all(versions.map((flag) => readVersion(client, flag, provenances))),
    explanation: explained.parameter?.find(({ name }) => name === 'text')?.valueString ?? '',
  };
}

/** The Provenance that names this version as a target leads to the response and to its Observation of the term. */
async function readVersion(client: Client, flag: Flag, provenances: readonly Provenance[]): Promise<FlagVersion> {
  const versioned = `Flag/${flag.id}/_history/${flag.meta?.versionId}`;
  const provenance = provenances.find(({ target }) => target.some(({ reference }) => reference === versioned));
  const source = provenance?.entity?.find(({ what }) => what.reference?.startsWith('QuestionnaireResponse/'))?.what;
  const cause = await readVersioned<QuestionnaireResponse>(client, source?.reference);
  const observations = await found<Observation>(client, 'Observation', {
    'derived-from': `QuestionnaireResponse/${cause?.id}`,
    code: flag.code.coding?.[0]?.code ?? '',
  });
  const written = provenance?.target.find(({ reference }) =>
    observations.some(({ id }) => reference?.startsWith(`Observation/${id}/`)),
  );
  const observation = (await readVersioned<Observation>(client, written?.reference)) ?? observations[0];
  return { flag, ...(cause ? { cause } : {}), ...(observation ? { observation } : {}) };
}

/** The policies that the Flags name, in the versions that they name. */
async function readPolicies(client: Client, flags: readonly FlagRead[]): Promise<PlanDefinition[]> {
  const canonicals = flags.flatMap(({ versions }) => versions.flatMap(({ flag }) => decisionsOf(flag)));
  const read = await Promise.all(
    [...new Set(canonicals.map(({ policy }) => policy))].map((canonical) => {
      const { url, version } = splitCanonical(canonical);
      return found<PlanDefinition>(client, 'PlanDefinition', { url, ...(version ? { version } : {}) });
    }),
  );
  return read.flat();
}

/** The actions behind what a Flag says: `url|version` of the policy, and the action's id. */
export function decisionsOf(flag: Flag): { policy: string; action: string }[] {
  const finding = flag.extension?.find(({ url }) => url === EXTENSION.gradedFinding);
  return (finding?.extension ?? [])
    .filter(({ url }) => url === 'decided-by')
    .map(({ extension }) => ({
      policy: extension?.find(({ url }) => url === 'policy')?.valueCanonical ?? '',
      action: extension?.find(({ url }) => url === 'action')?.valueString ?? '',
    }));
}

const firstMoment = ({ versions }: FlagRead): string => versions[0]?.flag.meta?.lastUpdated ?? '';

async function readVersioned<T extends Resource>(
  client: Client,
  reference: string | undefined,
): Promise<T | undefined> {
  const [resourceType, id, , version] = reference?.split('/') ?? [];
  if (!resourceType || !id || !version) return undefined;
  return read<T>(client.vread({ resourceType, id, version }));
}

/** Matches and what is included with them; a season is far below one page. */
async function found<T extends Resource>(
  client: Client,
  resourceType: string,
  searchParams: SearchParams,
): Promise<T[]> {
  const bundle = await read<Bundle<T>>(client.search({ resourceType, searchParams: { ...searchParams, _count: 100 } }));
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
}

/** The client's answers are typed as bare JSON; the service has validated what it serves. */
const read = async <T extends Resource>(request: Promise<object>): Promise<T> => (await request) as T;
