import { hash } from 'node:crypto';
import type { ResourceSpec } from '../fhir/resources.ts';
import {
  intervalOf,
  keysOf,
  parseReference,
  type SearchParam,
  type SearchRegistry,
} from '../fhir/search-parameters.ts';
import type { IndexRow } from './write.ts';

/**
 * What is searched of a resource: tokens of all its token, reference and URI parameters, the token of its patient's
 * compartment, and its principal code and date. `patient` is the id of the patient whose data it is.
 */
export function indexRow(
  registry: SearchRegistry,
  spec: ResourceSpec,
  tenant: number,
  resource: object,
  options: { baseUrl: string; patient?: string },
): IndexRow {
  const tok = new Set<string>();
  const ownerReference = options.patient === undefined ? undefined : `Patient/${options.patient}`;
  let key1: bigint | null = null;
  let lo: number | null = null;
  let hi: number | null = null;
  for (const param of registry.get(spec.type)?.values() ?? []) {
    for (const element of param.elements(resource)) {
      if (param.kind === 'date') {
        const interval = spec.date === param.code ? intervalOf(element) : undefined;
        if (interval) {
          lo = Math.min(lo ?? Number.POSITIVE_INFINITY, interval.start);
          hi = Math.max(hi ?? Number.NEGATIVE_INFINITY, interval.end);
        }
        continue;
      }
      for (const key of keysOf(param, element, options.baseUrl)) {
        if (indexed(key) !== key) continue;
        if (ownerReference !== undefined && key === ownerReference && namesOwner(spec, param)) continue;
        const made = token(tenant, spec.type, param.code, key);
        tok.add(made);
        // The principal code is the first one that has a system, or a canonical.
        if (spec.key1 === param.code && key1 === null && key.includes('|') && !key.endsWith('|')) key1 = BigInt(made);
      }
    }
  }
  if (options.patient !== undefined) tok.add(compartmentToken(tenant, options.patient));
  return {
    tok: [...tok],
    key1,
    lo: instant(lo),
    hi: instant(hi),
    patient: options.patient ?? null,
    present: 0n,
    registry: registry.generation ?? 0n,
    dates: [],
    numbers: [],
    strings: [],
  };
}

/** Parameters that name whose data a resource is: the compartment's token answers them, and none of their own is kept. */
export const namesOwner = ({ patient }: ResourceSpec, { code }: SearchParam): boolean =>
  patient !== undefined && (code === patient || code === 'patient');

/** The token that a key of a parameter is found by. */
export function searchToken(tenant: number, spec: ResourceSpec, param: SearchParam, key: string): string {
  const owner = namesOwner(spec, param) ? /^Patient\/([^/]+)/.exec(key)?.[1] : undefined;
  return owner === undefined ? token(tenant, spec.type, param.code, indexed(key)) : compartmentToken(tenant, owner);
}

/**
 * The key under which the index holds another: a versioned reference is found by its unversioned one, `|code` by `code`.
 * What the index finds is compared with the whole key on the content.
 */
export function indexed(key: string): string {
  const history = key.indexOf('/_history/');
  if (history > 0) return key.slice(0, history);
  return key.startsWith('|') ? key.slice(1) : key;
}

/** The index row of a deletion: no search finds it, and whoever saw the resource may read that it is gone. */
export const deletedRow = (tenant: number, patient: string | undefined): IndexRow => ({
  tok: patient === undefined ? [] : [compartmentToken(tenant, patient)],
  key1: null,
  lo: null,
  hi: null,
  patient: patient ?? null,
  present: 0n,
  registry: 0n,
  dates: [],
  numbers: [],
  strings: [],
});

/** The token that everything in a patient's compartment carries. */
export const compartmentToken = (tenant: number, patient: string): string => token(tenant, '', 'compartment', patient);

/** Hashes by tenant, type and parameter, then by value: most values come again and again. */
const memo = new Map<string, Map<string, string>>();
const MEMO_SIZE = 5000;

/** 64 bits of SHA-256 over tenant, type, parameter and value, as signed decimal text. */
export function token(tenant: number, type: string, param: string, value: string): string {
  const scope = `${tenant}\0${type}\0${param}\0`;
  let values = memo.get(scope);
  if (!values) {
    values = new Map();
    memo.set(scope, values);
  }
  const found = values.get(value);
  if (found !== undefined) return found;
  const made = BigInt.asIntN(64, BigInt(`0x${hash('sha256', scope + value).slice(0, 16)}`)).toString();
  if (values.size >= MEMO_SIZE) values.clear();
  values.set(value, made);
  return made;
}

/** The patient whose data a resource is: the Patient itself, or the one that its compartment parameter refers to. */
export function patientOf(
  registry: SearchRegistry,
  spec: ResourceSpec,
  resource: object,
  baseUrl: string,
): { reference: string; id?: string } | undefined {
  const param: SearchParam | undefined = spec.patient ? registry.get(spec.type)?.get(spec.patient) : undefined;
  for (const { value } of param?.elements(resource) ?? []) {
    const reference = referenceText(value);
    if (reference === undefined) continue;
    const local = parseReference(reference);
    if (local && (local.base === undefined || local.base === baseUrl)) {
      if (local.type === 'Patient') return { reference, id: local.id };
    }
    return { reference };
  }
  return undefined;
}

const referenceText = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'reference' in value && typeof value.reference === 'string'
    ? value.reference
    : undefined;

/** Open ends become PostgreSQL's infinities; the end of the year 9999 does not, so that an open end lies beyond it. */
export function instant(millis: number | null): string | null {
  if (millis === null) return null;
  if (millis === Number.POSITIVE_INFINITY) return 'infinity';
  if (millis >= YEAR_10000) return '10000-01-01T00:00:00.000Z';
  if (millis < YEAR_1) return '-infinity';
  return new Date(millis).toISOString();
}

const YEAR_1 = Date.parse('0001-01-01T00:00:00Z');
const YEAR_10000 = Date.parse('9999-12-31T23:59:59.999Z') + 1;
