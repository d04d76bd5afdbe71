import type { ResourceSpec } from '../fhir/resources.ts';
import {
  type Element,
  identifierKeys,
  intervalOf,
  isColumn,
  isHead,
  keepsTexts,
  keysOf,
  measureOf,
  normalised,
  ofTypeKeys,
  parseReference,
  type SearchParam,
  type SearchRegistry,
  textsOf,
  unitKeys,
} from '../fhir/search-parameters.ts';
import { canonicalQuantity, UCUM } from '../fhir/ucum.ts';
import { codeKey, commonCode, SEVERAL } from './code-key.ts';
import { compartmentToken, token } from './tokens.ts';
import type { DateRow, IndexRow, IndexTable, NumberRow, StringRow } from './write.ts';

/**
 * What is searched of a resource: tokens of its token, reference and URI parameters and of the compartments that it lies in, its
 * principal code and date, and a row for each value of the other parameters. `patient` is the id of the patient whose data it is.
 */
export function indexRow(
  registry: SearchRegistry,
  spec: ResourceSpec,
  tenant: number,
  resource: object,
  options: { baseUrl: string; patient?: string },
): IndexRow {
  const row: Draft = {
    tok: new Set(),
    present: 0n,
    key1: null,
    code1: null,
    lo: null,
    hi: null,
    dates: [],
    numbers: [],
    strings: [],
  };
  const { baseUrl, patient } = options;
  const scope: Scope = { spec, tenant, baseUrl, patient };
  for (const { param, bit } of paramsFor(registry, spec.type, resource)) {
    const elements = param.elements(resource);
    if (elements.length === 0) continue;
    row.present |= bit;
    ADD[param.kind](row, scope, param, elements);
  }
  if (patient !== undefined) row.tok.add(compartmentToken(tenant, patient));
  for (const other of compartmentsOf(registry, spec, resource, baseUrl)) row.tok.add(compartmentToken(tenant, other));
  // Each by its name: this is done for every resource that is stored, and spreading costs ten times as much.
  const { tok, present, key1, code1, lo, hi, dates, numbers, strings } = row;
  return {
    tok: [...tok],
    present,
    key1,
    code1: code1 ?? SEVERAL,
    lo: instant(lo),
    hi: instant(hi),
    dates,
    numbers,
    strings,
    patient: patient ?? null,
    registry: registry.generation ?? 0n,
    tables: tablesOf(registry, spec),
  };
}

interface Draft extends Pick<IndexRow, 'key1'> {
  /** Null until a code is found. */
  code1: number | null;
  tok: Set<string>;
  present: bigint;
  lo: number | null;
  hi: number | null;
  dates: DateRow[];
  numbers: NumberRow[];
  strings: StringRow[];
}

interface Scope {
  spec: ResourceSpec;
  tenant: number;
  baseUrl: string;
  patient: string | undefined;
}

type Add = (row: Draft, scope: Scope, param: SearchParam, elements: readonly Element[]) => void;

const ADD: Readonly<Record<SearchParam['kind'], Add>> = {
  token: addTokens,
  reference: addTokens,
  uri(row, scope, param, elements) {
    addTokens(row, scope, param, elements);
    if (!keepsTexts(param)) return;
    for (const { value } of elements) {
      if (typeof value === 'string') row.strings.push({ param: param.code, norm: value, exact: value });
    }
  },
  date: addDates,
  number: addNumbers,
  quantity: addNumbers,
  string({ strings }, _scope, { code }, elements) {
    for (const exact of new Set(elements.flatMap(textsOf))) {
      strings.push({ param: code, norm: normalised(exact), exact });
    }
  },
  // Its components' parameters are what it is found by.
  composite() {},
};

function addTokens(row: Draft, scope: Scope, param: SearchParam, elements: readonly Element[]): void {
  if (param.union) return;
  const { spec, tenant, patient, baseUrl } = scope;
  const ownerReference = patient === undefined ? undefined : `Patient/${patient}`;
  const owned = ownerReference !== undefined && namesOwner(spec, param);
  for (const element of elements) {
    for (const key of keysOf(param, element, baseUrl)) {
      if (indexed(key) !== key || (owned && key === ownerReference)) continue;
      const made = token(tenant, spec.type, param.code, key);
      row.tok.add(made);
      // The principal code is the first one that has a system, or a canonical.
      if (spec.key1 === param.code && row.key1 === null && key.includes('|') && !key.endsWith('|')) {
        row.key1 = BigInt(made);
      }
      if (spec.key1 === param.code && param.kind === 'token') {
        row.code1 = commonCode(row.code1, codeKey(tenant, spec.type, param.code, key));
      }
    }
    if (param.kind === 'token') {
      for (const key of ofTypeKeys(element)) row.tok.add(token(tenant, spec.type, `${param.code}:of-type`, key));
    } else if (param.kind === 'reference') {
      for (const key of identifierKeys(element)) {
        if (indexed(key) === key) row.tok.add(token(tenant, spec.type, `${param.code}:identifier`, key));
      }
    }
  }
}

/** The principal date, one element by R4's definitions, goes into columns; another has a row for each value. */
function addDates(row: Draft, { spec }: Scope, { code }: SearchParam, elements: readonly Element[]): void {
  const intervals = elements.flatMap((element) => intervalOf(element) ?? []);
  if (spec.date === code) {
    for (const { start, end } of intervals) {
      row.lo = Math.min(row.lo ?? Number.POSITIVE_INFINITY, start);
      row.hi = Math.max(row.hi ?? Number.NEGATIVE_INFINITY, end);
    }
    return;
  }
  for (const { start, end } of intervals) {
    row.dates.push({ param: code, lo: instant(start) ?? '-infinity', hi: instant(end) ?? 'infinity' });
  }
}

function addNumbers(
  { numbers }: Draft,
  _scope: Scope,
  { code: param, union }: SearchParam,
  elements: readonly Element[],
): void {
  if (union) return;
  for (const element of elements) {
    const measured = measureOf(element);
    if (!measured) continue;
    const { lo, hi, open = false, system, code } = measured;
    const base = (amount: number | undefined) =>
      amount === undefined || code === undefined || system !== UCUM ? undefined : canonicalQuantity(amount, code);
    const [low, high] = [base(lo), base(hi)];
    numbers.push({
      param,
      lo: decimal(lo),
      hi: decimal(hi),
      open,
      unit: unitKeys(measured),
      clo: decimal(low?.value),
      chi: decimal(high?.value),
      cunit: low?.unit ?? high?.unit ?? null,
    });
  }
}

const decimal = (amount: number | undefined): string | null => (amount === undefined ? null : String(amount));

/** The parameters that a type is indexed by: those that may be searched, and those that are being indexed. */
function paramsOf(registry: SearchRegistry, type: string): readonly Indexed[] {
  const known = indexedBy.get(registry)?.get(type);
  if (known) return known;
  const params = [...(registry.get(type)?.values() ?? []), ...(registry.pending?.get(type) ?? [])]
    .filter((param) => !isColumn(param))
    .map((param) => ({ param, bit: param.bit === undefined ? 0n : 1n << BigInt(param.bit) }));
  const ofRegistry = indexedBy.get(registry) ?? new Map<string, readonly Indexed[]>();
  indexedBy.set(registry, ofRegistry.set(type, params));
  return params;
}

/**
 * Those of a type's parameters that may find something in a resource, in their order: most look at members that it has not. What each name
 * of a member leads to is found once.
 */
function paramsFor(registry: SearchRegistry, type: string, resource: object): readonly Indexed[] {
  const params = paramsOf(registry, type);
  const ofRegistry = byMember.get(registry) ?? new Map<string, Map<string, readonly number[]>>();
  byMember.set(registry, ofRegistry);
  const members = ofRegistry.get(type) ?? new Map<string, readonly number[]>();
  ofRegistry.set(type, members);
  const wanted = new Uint8Array(params.length);
  for (const name of ['', ...Object.keys(resource)]) {
    let places = members.get(name);
    if (!places) {
      places = params.flatMap(({ param: { heads } }, at) =>
        (heads ? heads.some((head) => isHead(head, name)) : name === '') ? [at] : [],
      );
      if (members.size >= MOST_MEMBERS) members.clear();
      members.set(name, places);
    }
    for (const at of places) wanted[at] = 1;
  }
  return params.filter((_, at) => wanted[at] === 1);
}

/** By registry, type and the name of a member: places among the type's parameters. The empty name is that of the whole resource. */
const byMember = new WeakMap<SearchRegistry, Map<string, Map<string, readonly number[]>>>();
/** Types have fewer members; what is indexed has no others. */
const MOST_MEMBERS = 500;

/** A parameter, and its bit in `present` (none is 0). */
interface Indexed {
  param: SearchParam;
  bit: bigint;
}

const indexedBy = new WeakMap<SearchRegistry, Map<string, readonly Indexed[]>>();

/** The tables in which a resource of a type may have rows. */
function tablesOf(registry: SearchRegistry, { type, date }: ResourceSpec): readonly IndexTable[] {
  const known = tables.get(registry)?.get(type);
  if (known) return known;
  const params = paramsOf(registry, type).map(({ param }) => param);
  const made: IndexTable[] = [];
  if (params.some(({ kind, code }) => kind === 'date' && code !== date)) made.push('index_date');
  if (params.some(({ kind }) => kind === 'number' || kind === 'quantity')) made.push('index_number');
  if (params.some((param) => param.kind === 'string' || keepsTexts(param))) made.push('index_string');
  const ofRegistry = tables.get(registry) ?? new Map<string, readonly IndexTable[]>();
  tables.set(registry, ofRegistry.set(type, made));
  return made;
}

const tables = new WeakMap<SearchRegistry, Map<string, readonly IndexTable[]>>();
const ALL_TABLES: readonly IndexTable[] = ['index_date', 'index_number', 'index_string'];

/** Ids of the Patients in whose compartment a resource lies. Source: R4 CompartmentDefinition patient. */
export function compartmentsOf(
  registry: SearchRegistry,
  { type, compartment = [] }: ResourceSpec,
  resource: object,
  baseUrl: string,
): Set<string> {
  const patients = new Set<string>();
  const params = registry.get(type);
  for (const code of compartment) {
    for (const { value } of params?.get(code)?.elements(resource) ?? []) {
      const reference = referenceText(value);
      const local = reference === undefined ? undefined : parseReference(reference);
      if (local?.type === 'Patient' && (local.base === undefined || local.base === baseUrl)) patients.add(local.id);
    }
  }
  return patients;
}

/**
 * Parameters that name whose data a resource is: the compartment's token answers them, and none of their own is kept. Others may name a
 * patient of the same compartment (a performer, an author): the column `patient` tells them apart.
 */
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
  code1: SEVERAL,
  lo: null,
  hi: null,
  patient: patient ?? null,
  present: 0n,
  registry: 0n,
  dates: [],
  numbers: [],
  strings: [],
  tables: ALL_TABLES,
});

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
