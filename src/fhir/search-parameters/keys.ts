import type { Element, SearchParam } from './param.ts';
import { isObject, parseReference } from './references.ts';

/**
 * The texts that an element is found by, for tokens, references and URIs.
 * token: `code`, `system|code`, `|code` (no system) and `system|`; reference: `Type/id` and, when versioned, also with its version,
 * or the URI; canonical and URI: with and without `|version`. Source: FHIR R4, sections 3.1.1.4.10 and 3.1.1.4.12.
 */
export function keysOf(param: SearchParam, element: Element, baseUrl: string): string[] {
  const { value, version } = element;
  if (param.kind === 'uri') {
    if (typeof value !== 'string') return [];
    return version === undefined ? canonicalKeys(value) : [value, `${value}|${version}`];
  }
  if (param.kind === 'reference') return referenceKeys(value, baseUrl);
  return param.kind === 'token' ? tokenKeys(value) : [];
}

/** The keys of a token's value, whatever its type. */
export function tokenKeys(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return [String(value), `|${value}`];
  }
  if (!isObject(value)) return [];
  if (Array.isArray(value.coding)) return value.coding.flatMap((coding) => codingKeys(coding, 'code'));
  if (typeof value.value === 'string') return codingKeys(value, 'value');
  return codingKeys(value, 'code');
}

/** Keys of the modifier :of-type, `typeSystem|typeCode|value` of an Identifier. Source: FHIR R5 (backported), section 3.2.1.5.10. */
export function ofTypeKeys({ value }: Element): string[] {
  if (!isObject(value) || typeof value.value !== 'string' || !isObject(value.type)) return [];
  const identifier = value.value;
  const codings = Array.isArray(value.type.coding) ? value.type.coding : [];
  return codings.flatMap((coding) =>
    isObject(coding) && typeof coding.code === 'string'
      ? [`${typeof coding.system === 'string' ? coding.system : ''}|${coding.code}|${identifier}`]
      : [],
  );
}

/** Keys of the modifier :identifier, those of the Identifier in a Reference. Source: FHIR R4, section 3.1.1.4.12. */
export const identifierKeys = ({ value }: Element): string[] =>
  isObject(value) && isObject(value.identifier) ? tokenKeys(value.identifier) : [];

function codingKeys(coding: unknown, key: 'code' | 'value'): string[] {
  if (!isObject(coding)) return [];
  const code = coding[key];
  const system = coding.system;
  const keys: string[] = [];
  if (typeof code === 'string') keys.push(code, typeof system === 'string' ? `${system}|${code}` : `|${code}`);
  if (typeof system === 'string') keys.push(`${system}|`);
  return keys;
}

function referenceKeys(value: unknown, baseUrl: string): string[] {
  if (typeof value === 'string') return canonicalKeys(value);
  if (!isObject(value) || typeof value.reference !== 'string') return [];
  const local = parseReference(value.reference);
  if (!local || (local.base !== undefined && local.base !== baseUrl)) return [value.reference];
  const plain = `${local.type}/${local.id}`;
  return local.version === undefined ? [plain] : [plain, `${plain}/_history/${local.version}`];
}

function canonicalKeys(value: string): string[] {
  const bar = value.indexOf('|');
  return bar < 0 ? [value] : [value, value.slice(0, bar)];
}
