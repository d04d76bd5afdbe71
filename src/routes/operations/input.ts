import type { CodeableConcept, Coding, Meta, Quantity, Resource } from '@medplum/fhirtypes';
import type { FastifyRequest } from 'fastify';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import { paramsOf, readBody } from '../route.ts';

/** The FHIR type of a parameter. An asterisk: it may come several times. */
export type InputType = Single | `${Single}*`;

type Single = 'string' | 'uri' | 'code' | 'boolean' | 'integer' | 'dateTime' | Complex;
type Complex = 'Coding' | 'CodeableConcept' | 'Quantity' | 'Reference' | 'Meta' | 'Resource';

/** Names and types of what an operation takes. `rest: true`: other names are search parameters, given by `Inputs.others`. */
export interface InputTable {
  readonly parameters: Readonly<Record<string, InputType>>;
  readonly rest?: boolean;
}

/** The parameters of one request, each of the type that the table says. */
export interface Inputs {
  has(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  whole(name: string): number | undefined;
  truth(name: string): boolean | undefined;
  coding(name: string): Coding | undefined;
  concept(name: string): CodeableConcept | undefined;
  quantity(name: string): Quantity | undefined;
  /** The text of a Reference. */
  reference(name: string): string | undefined;
  meta(name: string): Meta | undefined;
  resource(name: string): Resource | undefined;
  /** Names that the table does not have, in the order in which they came; always empty without `rest`. */
  readonly others: readonly (readonly [string, string])[];
}

/** What every request may carry and is heeded elsewhere. Source: FHIR R4, section 3.1.0.1.9. */
const GENERAL = new Set(['_format', '_pretty', '_summary', '_elements']);

interface Given {
  name: string;
  value: unknown;
}

/**
 * Reads the query and, of a POST, the Parameters in the body, or the one resource that the operation takes. Throws FhirError 400 for a body that is none, a name that the
 * operation does not have, a value of another type, a second value where one is taken, and a structured value in a query.
 * Source: FHIR R4, section 3.2.0.1 Executing an Operation Synchronously.
 */
export function readInputs(request: FastifyRequest, table: InputTable): Inputs {
  const given = new Map<string, unknown[]>();
  const others: [string, string][] = [];
  const take = ({ name, value }: Given, written: boolean): void => {
    const type = Object.hasOwn(table.parameters, name) ? table.parameters[name] : undefined;
    if (type === undefined) {
      if (!table.rest) throw unknownParameter(name, table);
      if (typeof value !== 'string') throw badRequest(`${repeatable(name)}: expected the text of a search parameter`);
      others.push([name, value]);
      return;
    }
    const single = type.replace('*', '') as Single; // the asterisk is the one thing beside the type
    const values = given.get(name) ?? [];
    if (values.length > 0 && single === type) throw badRequest(`${name} came more than once`);
    values.push(written ? fromText(name, single, String(value)) : fromBody(name, single, value));
    given.set(name, values);
  };
  for (const [name, value] of paramsOf(request)) {
    if (!GENERAL.has(name)) take({ name, value }, true);
  }
  if (request.method === 'POST' && Buffer.isBuffer(request.body) && request.body.length > 0) {
    for (const parameter of givenIn(readBody(request.body).value, table)) take(parameter, false);
  }
  const first = (name: string): unknown => given.get(name)?.[0];
  return {
    has: (name) => given.has(name),
    // Each value was brought to the type of its row when it was taken.
    text: (name) => first(name) as string | undefined,
    texts: (name) => (given.get(name) ?? []) as string[],
    whole: (name) => first(name) as number | undefined,
    truth: (name) => first(name) as boolean | undefined,
    coding: (name) => first(name) as Coding | undefined,
    concept: (name) => first(name) as CodeableConcept | undefined,
    quantity: (name) => first(name) as Quantity | undefined,
    reference: (name) => first(name) as string | undefined,
    meta: (name) => first(name) as Meta | undefined,
    resource: (name) => first(name) as Resource | undefined,
    others,
  };
}

/** A parameter's name as it may be repeated to a client. */
const repeatable = (name: string): string => (/^[A-Za-z_][\w:.-]{0,63}$/.test(name) ? name : '(unnamed)');

const unknownParameter = (name: string, { parameters }: InputTable): FhirError =>
  new FhirError(
    [
      fault(
        'not-supported',
        `The parameter ${repeatable(name)} is not taken here; taken are ${Object.keys(parameters).join(', ') || 'none'}`,
      ),
    ],
    { status: 400 },
  );

/** Parameters; or the resource itself, where an operation takes exactly one. Source: FHIR R4, section 3.2.0.1. */
function givenIn(body: unknown, { parameters }: InputTable): Given[] {
  const [only, ...more] = Object.entries(parameters).flatMap(([name, type]) => (type === 'Resource' ? [name] : []));
  const isBare = isObject(body) && typeof body.resourceType === 'string' && body.resourceType !== 'Parameters';
  return isBare && only !== undefined && more.length === 0 ? [{ name: only, value: body }] : parametersOf(body);
}

function parametersOf(body: unknown): Given[] {
  if (!isObject(body) || body.resourceType !== 'Parameters') throw badRequest('Expected Parameters in the body');
  const list = body.parameter ?? [];
  if (!Array.isArray(list)) throw badRequest('Parameters.parameter: expected an array', 'Parameters.parameter');
  return list.map((parameter: unknown, index): Given => {
    const at = `Parameters.parameter[${index}]`;
    if (!isObject(parameter)) throw badRequest(`${at}: expected an object`, at);
    const { name, resource } = parameter;
    if (typeof name !== 'string') throw badRequest(`${at}.name: expected a string`, `${at}.name`);
    const values = Object.keys(parameter).filter((key) => /^value[A-Z]/.test(key));
    const [key] = values;
    if (values.length + (resource === undefined ? 0 : 1) !== 1 || parameter.part !== undefined) {
      throw badRequest(`${at}: expected one value or one resource`, at);
    }
    return { name, value: key === undefined ? resource : parameter[key] };
  });
}

function fromText(name: string, type: Single, text: string): unknown {
  switch (type) {
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw badRequest(`${name}: expected true or false`);
    case 'integer':
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw badRequest(`${name}: expected a whole number from 0`);
    case 'string':
    case 'uri':
    case 'code':
    case 'dateTime':
      return plain(name, type, text);
    default:
      throw badRequest(`${name} is a ${type}: it is taken in the Parameters of a POST, not in a URL`);
  }
}

function fromBody(name: string, type: Single, value: unknown): unknown {
  switch (type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw badRequest(`${name}: expected true or false`);
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e9) return value;
      throw badRequest(`${name}: expected a whole number from 0`);
    case 'string':
    case 'uri':
    case 'code':
    case 'dateTime':
      if (typeof value === 'string') return plain(name, type, value);
      throw badRequest(`${name}: expected a ${type}`);
    case 'Coding':
      return codingOf(name, value);
    case 'CodeableConcept': {
      const { coding = [] } = objectOf(name, type, value);
      if (!Array.isArray(coding)) throw badRequest(`${name}.coding: expected an array`);
      return { coding: coding.map((one) => codingOf(name, one)) };
    }
    case 'Quantity':
      return quantityOf(name, value);
    case 'Reference': {
      const { reference } = objectOf(name, type, value);
      if (typeof reference !== 'string' || reference === '') throw badRequest(`${name}.reference: expected a string`);
      return reference;
    }
    case 'Meta': {
      const { tag = [], security = [], profile = [] } = objectOf(name, type, value);
      if (!Array.isArray(profile) || !profile.every((one) => typeof one === 'string')) {
        throw badRequest(`${name}.profile: expected canonical URLs`);
      }
      if (!Array.isArray(tag) || !Array.isArray(security)) throw badRequest(`${name}: expected arrays of Coding`);
      return {
        tag: tag.map((one) => codingOf(name, one)),
        security: security.map((one) => codingOf(name, one)),
        profile,
      };
    }
    case 'Resource':
      return objectOf(name, type, value);
  }
}

/** A text that is not empty; a date is one that can be read. */
function plain(name: string, type: Single, text: string): string {
  const trimmed = type === 'string' ? text : text.trim();
  if (trimmed === '') throw badRequest(`${name} came without a value`);
  if (type === 'dateTime') {
    // A plus sign that was not encoded arrives as a space.
    const moment = trimmed.replace(/ (\d\d:\d\d)$/, '+$1');
    if (!dateInterval(moment)) throw badRequest(`${name}: expected a FHIR date such as 2026-03-01`);
    return moment;
  }
  return trimmed;
}

function codingOf(name: string, value: unknown): Coding {
  const object = objectOf(name, 'Coding', value);
  const coding: Coding = {};
  for (const key of ['system', 'version', 'code', 'display'] as const) {
    const part = object[key];
    if (part === undefined) continue;
    if (typeof part !== 'string' || part === '') throw badRequest(`${name}.${key}: expected a string`);
    coding[key] = part;
  }
  return coding;
}

function quantityOf(name: string, given: unknown): Quantity {
  const { value, comparator, unit, system, code } = objectOf(name, 'Quantity', given);
  // Less than 1 is not 1: what cannot be taken along is refused.
  if (comparator !== undefined) throw badRequest(`${name}.comparator: expected an exact value`);
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badRequest(`${name}.value: expected a number`);
  const quantity: Quantity = { value };
  for (const [key, part] of Object.entries({ unit, system, code })) {
    if (part === undefined) continue;
    if (typeof part !== 'string' || part === '') throw badRequest(`${name}.${key}: expected a string`);
    quantity[key as 'unit' | 'system' | 'code'] = part; // the three keys just named
  }
  return quantity;
}

function objectOf(name: string, type: Complex, value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw badRequest(`${name}: expected a ${type}`);
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
