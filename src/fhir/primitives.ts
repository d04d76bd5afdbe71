import { isNode } from './invariants/node.ts';
import { containedType } from './invariants/resources.ts';
import { isNarrative } from './narrative.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value.length > 0 && hasContent(value);
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const integerFrom =
  (least: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 2_147_483_647;

const DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/;
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const ZONE = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';
const CLOCK = new RegExp(`^${TIME}$`);
const ZONED_CLOCK = new RegExp(`^${TIME}${ZONE}$`);

/** A calendar date or part of one that exists; `least` is how many characters it needs at least. */
function isDate(value: unknown, least = 4): boolean {
  if (typeof value !== 'string' || value.length < least) return false;
  const parts = DATE.exec(value);
  if (!parts || parts[1] === '0000') return false;
  const day = Number(parts[3] ?? 1);
  return day <= 28 || day <= daysIn(Number(parts[1]), Number(parts[2]));
}

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

const isInstant: Check = (value) =>
  typeof value === 'string' && value[10] === 'T' && isDate(value.slice(0, 10), 10) && ZONED_CLOCK.test(value.slice(11));

/**
 * The formats of the R4 primitive types, by type name: true when the parsed JSON value is one. Stricter than the published
 * patterns in that a date must exist in the calendar; linear in the length of the value, unlike the published pattern of
 * base64Binary. `reference` is Reference.reference and `max` ElementDefinition.max (eld-3).
 * Source: FHIR R4 (4.0.1), section 2.24.0.1 (primitive types) and 2.3.0.1 (literal references).
 */
export const PRIMITIVES: Readonly<Record<string, Check>> = {
  base64Binary: (value) =>
    typeof value === 'string' &&
    /^[A-Za-z0-9+/\s]+(?:={1,2}\s*)?$/.test(value) &&
    value.replace(/\s+/g, '').length % 4 === 0,
  boolean: (value) => typeof value === 'boolean',
  canonical: matches(/^\S+$/),
  code: matches(/^[^\s]+(?:\s[^\s]+)*$/),
  date: (value) => isDate(value),
  dateTime: (value) => isDate(value) || isInstant(value),
  decimal: (value) => typeof value === 'number' && Number.isFinite(value),
  id: matches(/^[A-Za-z0-9\-.]{1,64}$/),
  instant: isInstant,
  integer: integerFrom(-2_147_483_648),
  markdown: isText,
  oid: matches(/^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/),
  positiveInt: integerFrom(1),
  string: isText,
  time: matches(CLOCK),
  unsignedInt: integerFrom(0),
  uri: matches(/^\S+$/),
  url: matches(/^\S+$/),
  uuid: matches(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  xhtml: isNarrative,
  reference: (value) => isText(value) && SHAPE.test(value as string),
  max: (value) => isText(value) && /^(?:\*|\d+)$/.test(value as string),
};

/** What each primitive looks like, for the sentence that refuses another value. */
export const FORMATS: Readonly<Record<string, string>> = {
  base64Binary: 'a base64 string',
  boolean: 'true or false',
  canonical: 'a canonical URL without white space',
  code: 'a code without leading, trailing or double white space',
  date: 'a date that exists: YYYY, YYYY-MM or YYYY-MM-DD',
  dateTime: 'a date (YYYY, YYYY-MM, YYYY-MM-DD) that exists, or one with time, seconds and a time zone',
  decimal: 'a number',
  id: 'an id of 1 to 64 letters, digits, - and .',
  instant: 'an instant: YYYY-MM-DDThh:mm:ss with a time zone',
  integer: 'a whole number of 32 bits',
  markdown: 'a string that is not empty',
  oid: 'an OID as urn:oid:…',
  positiveInt: 'a whole number from 1 to 2147483647',
  string: 'a string that is not empty',
  time: 'a time hh:mm:ss',
  unsignedInt: 'a whole number from 0 to 2147483647',
  uri: 'a URI without white space',
  url: 'a URL without white space',
  uuid: 'a UUID as urn:uuid:… in lower case',
  xhtml: 'an XHTML div of formatting elements with some content, without scripts, forms or event attributes',
  reference: 'Type/id, Type/id/_history/version, #id or an absolute URL',
  max: '* or a whole number',
};

/** Relative `[Type]/[id]`, a fragment, or an absolute URI; a search (`Patient?…`) is for transactions only. */
const SHAPE =
  /^(?:#[A-Za-z0-9\-.]{0,64}|[A-Z][A-Za-z]{1,40}\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?|[A-Za-z][A-Za-z0-9+.-]*:\S+)$/;

/** FHIR strings hold a character that is no white space. */
function hasContent(value: string): boolean {
  const first = value.charCodeAt(0);
  return (first > 0x20 && first < 0x7f) || /\S/.test(value);
}

const TARGET = /(?:^|\/)([A-Z][A-Za-z]{1,40})\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/**
 * Whether a Reference may point at one of `types` as far as it says: by the type in its literal reference, by the contained
 * resource that it leads to in `root`, and by `Reference.type`. A logical reference or a URL of another shape says nothing,
 * and passes.
 */
export function mayPointAt(
  reference: unknown,
  types: ReadonlySet<string>,
  known: ReadonlySet<string>,
  root: unknown,
): boolean {
  if (!isNode(reference)) return true;
  const { reference: literal, type } = reference;
  if (typeof type === 'string' && known.has(type) && !types.has(type)) return false;
  if (typeof literal !== 'string') return true;
  if (literal.charCodeAt(0) === 0x23) {
    const contained = isNode(root) ? containedType(literal, reference, root) : undefined;
    return typeof contained !== 'string' || !known.has(contained) || types.has(contained);
  }
  const named = TARGET.exec(literal)?.[1];
  return named === undefined || !known.has(named) || types.has(named);
}

/** Whether a Coding, or one of a CodeableConcept's, is in an enumerated set of `system|code`. */
export function isBound(value: unknown, codes: ReadonlySet<string>): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const { coding, system, code } = value as { coding?: unknown; system?: unknown; code?: unknown };
  if (coding === undefined) return codes.has(`${String(system)}|${String(code)}`);
  return !Array.isArray(coding) || coding.some((one) => isBound(one, codes));
}
