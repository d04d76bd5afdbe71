import type { Element, SearchParam, SearchRegistry } from '../../src/fhir/search-parameters.ts';

/** Up to two searches, made from the resource itself, that have to find it; `turn` moves on through its parameters. */
export function searchesFor(registry: SearchRegistry, type: string, resource: object, turn: number): string[] {
  const possible = [...(registry.get(type)?.values() ?? [])].flatMap((param) => {
    // The server sets its own.
    if (param.code === '_lastUpdated') return [];
    const [element] = param.elements(resource);
    const value = element && askedFor(param, element);
    return value === undefined ? [] : [`${param.code}=${encodeURIComponent(value)}`];
  });
  if (possible.length === 0) return [];
  return [...new Set([possible[turn % possible.length] ?? '', possible[(turn * 7 + 3) % possible.length] ?? ''])];
}

/** What a client would ask for. Written from the specification's section 3.1.1.4, apart from the service's own reading. */
function askedFor(param: SearchParam, { value }: Element): string | undefined {
  switch (param.kind) {
    case 'token':
      return tokenOf(value);
    case 'reference':
      // What is contained is found by nobody from outside.
      if (typeof value === 'string') return value.startsWith('#') ? undefined : escaped(value);
      return text(value, 'reference', (ref) => !ref.startsWith('#'));
    case 'uri':
      return typeof value === 'string' ? escaped(value) : undefined;
    case 'string':
      return typeof value === 'string' ? escaped(value.slice(0, 30)) : (text(value, 'family') ?? text(value, 'city'));
    case 'date':
      // A Timing may be no more than words, such as CarePlan's "daily", which is a string.
      if (typeof value === 'string') return /^\d{4}/.test(value) ? value : undefined;
      return isObject(value) && typeof value.start === 'string' ? `ge${value.start}` : undefined;
    case 'number':
      return typeof value === 'number' ? String(value) : undefined;
    case 'quantity':
      return isObject(value) && typeof value.value === 'number' && value.comparator === undefined
        ? String(value.value)
        : undefined;
    default:
      return undefined;
  }
}

function tokenOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return escaped(String(value));
  if (!isObject(value)) return undefined;
  if (Array.isArray(value.coding)) return tokenOf(value.coding[0]);
  const code = typeof value.code === 'string' ? value.code : typeof value.value === 'string' ? value.value : undefined;
  if (code === undefined) return undefined;
  return typeof value.system === 'string' && /[:/]/.test(value.system)
    ? `${escaped(value.system)}|${escaped(code)}`
    : escaped(code);
}

const text = (value: unknown, key: string, wanted: (found: string) => boolean = () => true): string | undefined => {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' && wanted(found) ? escaped(found) : undefined;
};

/** Source: FHIR R4, section 3.1.1.4.0.2: `\`, `$`, `,` and `|` of a value stand behind a backslash. */
const escaped = (value: string): string => value.replace(/[\\$,|]/g, '\\$&');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
