import type { Random } from '../crash/random.ts';

/** What a hostile or broken client may put where something else is expected. */
const STRANGE: readonly [unknown, ...unknown[]] = [
  null,
  true,
  0,
  -1,
  1e308,
  1.5,
  '',
  ' ',
  'a',
  '\u0000',
  '\ud800',
  '2026-02-30',
  '9999-12-31T23:59:60Z',
  '0000-00-00',
  'Patient/',
  '#',
  'urn:uuid:nothing',
  'javascript:alert(1)',
  "'; drop table resource_version; --",
  '%00',
  '{{7*7}}',
  'x'.repeat(3000),
  [],
  {},
  [[]],
  [null],
  { resourceType: 'Patient' },
  { reference: 'Patient/nobody' },
  { extension: [{ url: 'x', valueString: 'y' }] },
  '__proto__',
  'constructor',
];

type Json = Record<string, unknown> | unknown[];

/** A copy of `resource` with one to three things changed: a value replaced, a member taken away, doubled, renamed or nested deeper. */
export function mutated(resource: object, random: Random): object {
  const copy = structuredClone(resource) as Record<string, unknown>;
  for (let times = random.between(1, 3); times > 0; times -= 1) change(copy, random);
  return copy;
}

/** Its own copy: a later change would otherwise change the table. */
const strange = (random: Random): unknown => structuredClone(random.pick(STRANGE));

function change(root: Record<string, unknown>, random: Random): void {
  const places: [Json, string | number][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Json, Array.isArray(node) ? Number(key) : key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  const place = places[random.between(0, places.length - 1)];
  if (!place) return;
  const [parent, key] = place;
  const holder = parent as Record<string | number, unknown>;
  const value = holder[key];
  switch (random.between(0, 6)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[String(key)];
      break;
    case 1:
      holder[key] = [value, value];
      break;
    case 2:
      if (Array.isArray(parent)) parent.push(structuredClone(value));
      else parent[`${String(key)}X`] = value;
      break;
    case 3:
      holder[key] = { [String(key)]: value };
      break;
    case 4:
      if (Array.isArray(parent)) parent.reverse();
      else parent[`_${String(key)}`] = strange(random);
      break;
    default:
      holder[key] = strange(random);
  }
}

/** The text of a body, at times no longer JSON. */
export function torn(text: string, random: Random): string {
  const at = random.between(0, text.length);
  switch (random.between(0, 3)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick(['"', '{', ']', ',', '\\', '\u0001', '[[[[[[[[[[']) + text.slice(at);
    case 2:
      return `${text.slice(0, at)}${text.slice(random.between(0, text.length))}`;
    default:
      return text + text;
  }
}

const NAMES: readonly [string, ...string[]] = [
  '_id',
  '_lastUpdated',
  '_sort',
  '_count',
  '_total',
  '_summary',
  '_elements',
  '_include',
  '_revinclude',
  '_include:iterate',
  '_has:Observation:patient:code',
  '_has:Flag:patient:status',
  '_tag',
  '_profile',
  '_type',
  '_cursor',
  '_page',
  '_format',
  '_pretty',
  '_filter',
  '_text',
  '_since',
  '_at',
  'patient',
  'patient.name',
  'patient.identifier',
  'patient:Patient.birthdate',
  'subject:identifier',
  'subject.organization.name',
  'name:contains',
  'name:exact',
  'code',
  'code:in',
  'code:not',
  'code:text',
  'code:missing',
  'code:below',
  'identifier:of-type',
  'value-quantity',
  'code-value-quantity',
  'date',
  'birthdate',
  'url:below',
  'status',
  'length',
  'probability',
];

const VALUES: readonly [string, ...string[]] = [
  '',
  'a',
  '*',
  'true',
  'maybe',
  '0',
  '-1',
  '1000000000000000000000000',
  '2026',
  'ge2026-03-29T02:30:00+01:00',
  'ap2026-02-29',
  'lt',
  'eq5.4||mg',
  '5.4|http://unitsofmeasure.org|mg/dL',
  '1e400|http://unitsofmeasure.org|[in_i',
  '|',
  '||',
  '|||',
  'http://loinc.org|8310-5',
  'http://loinc.org|',
  '\\,\\$\\|\\\\',
  '\\',
  'a,b,c',
  ',,,',
  'Patient/1',
  'Patient/1/_history/1',
  'http://elsewhere.example/fhir/Patient/1',
  'Patient:organization',
  'Observation:subject:Patient',
  'Provenance:target',
  '*:*',
  '-date,_id',
  '-_lastUpdated',
  'count',
  'data',
  'id,,meta',
  "' or 1=1 --",
  '%27%20or%201%3D1',
  '\u0000',
  'é',
  '(',
  '[[',
  'x'.repeat(2000),
  '2026$5',
  'a$b$c',
  'eyJ4IjoxfQ',
  'WyIyMDI2IiwiYSJd',
];

/** The query string of a search, of parameters that exist and such that do not. */
export function queryString(random: Random): string {
  const pairs = Array.from({ length: random.between(1, 4) }, () => {
    const name = random.chance(0.1) ? random.pick(VALUES) : random.pick(NAMES);
    const value = random.chance(0.2) ? `${random.pick(VALUES)}${random.pick(VALUES)}` : random.pick(VALUES);
    return random.chance(0.85) ? `${encodeURIComponent(name)}=${encodeURIComponent(value)}` : `${name}=${value}`;
  });
  // A request line has no control characters, no spaces and only ASCII: a client library could not send them.
  return pairs.join('&').replace(/[^\u0021-\u007e]/g, '+');
}
