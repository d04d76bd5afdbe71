import type { Concept, Terminology } from '../terminology.ts';
import { type Item, isObject } from './items.ts';

/** Types that a binding is about. Source: FHIR R4, ElementDefinition.binding. */
const BINDABLE = new Set(['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri']);

export const isCoded = ({ type }: Item): boolean => BINDABLE.has(type);

/** Whether a coded value is of a value set: one of the codings will do. Undefined for a set that is not held or cannot be enumerated. */
export function isOfSet({ value, type }: Item, valueSet: string, terminology: Terminology): boolean | undefined {
  const members = terminology.expand(valueSet);
  if (!members) return undefined;
  const keys = keysOf(members);
  const has = (system: unknown, code: unknown): boolean => keys.has(`${String(system)}|${String(code)}`);
  if (!isObject(value)) return keys.has(String(value));
  if (type !== 'CodeableConcept') return has(value.system, value.code);
  return Array.isArray(value.coding) && value.coding.some((one) => isObject(one) && has(one.system, one.code));
}

const KEYS = new WeakMap<readonly Concept[], ReadonlySet<string>>();

/** Members as `system|code`, and as the code alone for elements that have no system. */
function keysOf(members: readonly Concept[]): ReadonlySet<string> {
  const keys = KEYS.get(members) ?? new Set(members.flatMap(({ system, code }) => [`${system}|${code}`, code]));
  KEYS.set(members, keys);
  return keys;
}
