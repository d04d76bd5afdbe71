import type { Coding, Resource, ValueSet } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import type { Holdings } from '../../fhir/terminology/holdings.ts';
import { validateStructure } from '../../fhir/validate-structure.ts';
import { readResource } from '../../store/resources.ts';
import type { Inputs, InputTable } from './input.ts';
import type { Call } from './operation.ts';

/** What we hold at this moment. */
export const holdingsOf = async (deps: Deps, { within }: Call): Promise<Holdings> =>
  (await deps.catalog.at(within)).holdings;

/** Parameters that name a ValueSet. */
export const SET_INPUTS = { url: 'uri', valueSet: 'Resource', valueSetVersion: 'string' } as const;

/** Parameters that name a code. */
export const CODE_INPUTS = {
  code: 'code',
  system: 'uri',
  version: 'string',
  display: 'string',
  coding: 'Coding',
  codeableConcept: 'CodeableConcept',
} as const satisfies InputTable['parameters'];

/** The ValueSet that is meant: the instance, the one that came along, or the one of `url`. Throws 400 without any, 404 for one not held. */
export async function setOf(deps: Deps, holdings: Holdings, call: Call): Promise<ValueSet> {
  const { inputs, id } = call;
  const url = inputs.text('url');
  const sent = inputs.resource('valueSet');
  onlyOne({ 'the instance': id, url, valueSet: sent });
  if (id !== undefined) return holdings.valueSetById(id) ?? (await stored<ValueSet>(deps, call, 'ValueSet', id));
  if (sent) return received<ValueSet>(sent, 'ValueSet');
  const canonical = canonicalOf(url ?? '', inputs.text('valueSetVersion'));
  const set = holdings.valueSet(canonical);
  if (!set) throw new FhirError([fault('not-found', `The ValueSet ${canonical} is not held here`)]);
  return set;
}

/** A resource of the instance's id; throws 404 and 410 as a read does. */
export async function stored<R extends Resource>(deps: Deps, { within }: Call, type: string, id: string): Promise<R> {
  return JSON.parse((await readResource(deps.db, within, type, id)).content);
}

/** A resource that came as a parameter, of sound structure. */
export function received<R extends Resource>(sent: Resource, type: R['resourceType']): R {
  if (sent.resourceType !== type) throw badRequest(`Expected a ${type} as the resource of the parameter`);
  const [first, ...rest] = resourceSpec(type)
    ? validateStructure(sent).filter(({ severity }) => severity === 'error')
    : [];
  if (first) throw new FhirError([first, ...rest], { status: 400 });
  return sent as R; // its type was just looked at
}

/** `url`, with the version that came apart from it. Throws 400 when two versions contradict each other. */
export function canonicalOf(canonical: string, version: string | undefined): string {
  const parts = splitCanonical(canonical);
  if (version !== undefined && parts.version !== undefined && parts.version !== version) {
    throw badRequest('The url names another version than the version parameter');
  }
  const wanted = parts.version ?? version;
  return wanted === undefined ? parts.url : `${parts.url}|${wanted}`;
}

/** The codings of code + system, coding or codeableConcept: exactly one way must be taken. `system` is where a code without one is looked up. */
export function codingsOf(inputs: Inputs, system?: string): readonly Coding[] {
  const code = inputs.text('code');
  const coding = inputs.coding('coding');
  const concept = inputs.concept('codeableConcept');
  onlyOne({ code, coding, codeableConcept: concept });
  const display = inputs.text('display');
  const version = inputs.text('version');
  const of = inputs.text('system') ?? system;
  if (code !== undefined && of === undefined) throw badRequest('code: expected the system beside it');
  const given =
    code !== undefined ? [{ ...(of === undefined ? {} : { system: of }), code }] : coding ? [coding] : concept?.coding;
  const codings = (given ?? []).filter((one) => one.code !== undefined);
  if (codings.length === 0) throw badRequest('Expected a code');
  const systemless = codings.some((one) => one.system === undefined);
  if (systemless && system === undefined) throw badRequest('Each code needs the system that it is of');
  return codings.map((one) => ({
    ...(version === undefined ? {} : { version }),
    ...(system === undefined ? {} : { system }),
    ...(display === undefined ? {} : { display }),
    ...one,
  }));
}

/** Throws 400 unless exactly one of them came. */
export function onlyOne(choices: Readonly<Record<string, unknown>>): void {
  const came = Object.entries(choices).filter(([, value]) => value !== undefined);
  if (came.length === 1) return;
  const names = Object.keys(choices).join(', ');
  throw badRequest(`Expected ${came.length === 0 ? 'one' : 'only one'} of ${names}`);
}
