import { createHash } from 'node:crypto';
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
        const hash = token(tenant, spec.type, param.code, key);
        tok.add(hash);
        // The principal code is the first one that has a system, or a canonical.
        if (spec.key1 === param.code && key1 === null && key.includes('|') && !key.endsWith('|')) key1 = BigInt(hash);
      }
    }
  }
  if (options.patient !== undefined) tok.add(compartmentToken(tenant, options.patient));
  return { tok: [...tok], key1, lo: instant(lo), hi: instant(hi) };
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

/** The index row of a deletion: found by nothing. */
export const NO_INDEX: IndexRow = { tok: [], key1: null, lo: null, hi: null };

/** The token that everything in a patient's compartment carries. */
export const compartmentToken = (tenant: number, patient: string): string => token(tenant, '', 'compartment', patient);

const memo = new Map<string, string>();
const MEMO_SIZE = 20_000;

/** 64 bits of SHA-256 over tenant, type, parameter and value, as signed decimal text. Most values come again and again. */
export function token(tenant: number, type: string, param: string, value: string): string {
  const name = `${tenant}\0${type}\0${param}\0${value}`;
  const found = memo.get(name);
  if (found !== undefined) return found;
  const hash = createHash('sha256').update(name).digest().readBigInt64BE(0).toString();
  if (memo.size >= MEMO_SIZE) memo.clear();
  memo.set(name, hash);
  return hash;
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

/** Open ends, and years beyond four digits, become PostgreSQL's infinities. */
export function instant(millis: number | null): string | null {
  if (millis === null) return null;
  if (millis >= YEAR_10000) return 'infinity';
  if (millis < YEAR_1) return '-infinity';
  return new Date(millis).toISOString();
}

const YEAR_1 = Date.parse('0001-01-01T00:00:00Z');
const YEAR_10000 = Date.parse('9999-12-31T23:59:59.999Z') + 1;
