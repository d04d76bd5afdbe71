import { type Item, isObject } from './items.ts';
import { CORE } from './layers.ts';

/** Whether an item is of a type that a profile names. */
export function isType({ type, value }: Item, code: string): boolean {
  if (
    type === code ||
    code === 'Resource' ||
    code === 'DomainResource' ||
    code === 'Element' ||
    code === 'BackboneElement'
  )
    return true;
  // A profile of Quantity is a Quantity: SimpleQuantity, Age.
  return isObject(value) && value.resourceType === undefined && QUANTITIES.has(type) && QUANTITIES.has(code);
}

const QUANTITIES = new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'MoneyQuantity', 'SimpleQuantity']);

/** The definition of a type itself, which its structure has been checked by. */
export const isCore = (canonical: string, type: string): boolean => canonical.split('|')[0] === `${CORE}${type}`;

/** Whether an item is an extension that one of the profiles defines. */
export const isExtensionOf = ({ value }: Item, wanted: readonly string[]): boolean =>
  isObject(value) && wanted.some((canonical) => canonical.split('|')[0] === value.url);
