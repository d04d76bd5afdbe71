import type { Filter, QuantityRange, Token } from '../query/filter.ts';
import { isBelow } from '../query/uri.ts';
import { identifierKeys, keysOf, ofTypeKeys } from '../search-parameters/keys.ts';
import { isObject } from '../search-parameters/references.ts';
import { intervalOf, type Measured, measureOf, normalised, textsOf, unitKeys } from '../search-parameters/values.ts';
import type { Component, Element } from '../search-parameters.ts';
import { canonicalQuantity, UCUM } from '../ucum.ts';
import { dateInRange } from './date.ts';
import { type Bounds, numberInRange } from './number.ts';

/** Whether one element is what a filter of its parameter asks for; a negation is left to the caller. */
export function elementMatches(filter: Filter, element: Element, baseUrl: string): boolean {
  switch (filter.kind) {
    case 'keys': {
      const found =
        filter.variant === 'of-type'
          ? ofTypeKeys(element)
          : filter.variant === 'identifier'
            ? identifierKeys(element)
            : keysOf(filter.param, element, baseUrl);
      const wanted = new Set(filter.keys);
      if (filter.whole && typeof element.value === 'string') return wanted.has(element.value);
      return (
        found.some((key) => wanted.has(key)) && (!filter.tokens || hasToken(filter.tokens, element, filter.variant))
      );
    }
    case 'date': {
      const interval = intervalOf(element);
      return interval !== undefined && filter.ranges.some((range) => dateInRange(range, interval));
    }
    case 'number': {
      const measured = measureOf(element);
      return measured !== undefined && filter.ranges.some((range) => numberInRange(range, boundsOf(measured)));
    }
    case 'quantity': {
      const measured = measureOf(element);
      return measured !== undefined && filter.ranges.some((range) => quantityInRange(range, measured));
    }
    case 'string':
      return textsOf(element).some((text) => filter.texts.some((wanted) => says(filter.how, text, wanted)));
    case 'uri-below': {
      const { value } = element;
      return typeof value === 'string' && filter.uris.some((above) => isBelow(value, above));
    }
    case 'text':
      return wordsOf(element).some((text) => filter.texts.some((wanted) => normalised(text).startsWith(wanted)));
    default:
      return false;
  }
}

/** Whether each component of one element is what was asked of it. */
export const componentMatches = (
  components: readonly Component[],
  parts: readonly Filter[],
  element: Element,
  baseUrl: string,
): boolean =>
  components.every(({ elements }, at) => {
    const part = parts[at];
    return part !== undefined && elements(element).some((one) => elementMatches(part, one, baseUrl));
  });

function says(how: 'starts' | 'exact' | 'contains', text: string, wanted: string): boolean {
  if (how === 'exact') return text === wanted;
  return how === 'starts' ? normalised(text).startsWith(wanted) : normalised(text).includes(wanted);
}

const boundsOf = ({ lo, hi, open }: Pick<Measured, 'lo' | 'hi' | 'open'>): Bounds => ({
  ...(open ? { open } : {}),
  lo: lo ?? Number.NEGATIVE_INFINITY,
  hi: hi ?? Number.POSITIVE_INFINITY,
});

/** In the unit that was written where the resource has the same, else in base units. */
function quantityInRange(range: QuantityRange, measured: Measured): boolean {
  if (range.unit === undefined || unitKeys(measured).includes(range.unit))
    return numberInRange(range, boundsOf(measured));
  if (!range.base || measured.system !== UCUM || measured.code === undefined) return false;
  const [lo, hi] = [inBase(measured.lo, measured.code), inBase(measured.hi, measured.code)];
  const unit = lo?.unit ?? hi?.unit;
  return (
    unit === range.base.unit &&
    numberInRange(
      range.base,
      boundsOf({
        ...(lo ? { lo: lo.value } : {}),
        ...(hi ? { hi: hi.value } : {}),
        ...(measured.open ? { open: true } : {}),
      }),
    )
  );
}

const inBase = (amount: number | undefined, code: string) =>
  amount === undefined ? undefined : canonicalQuantity(amount, code);

/** Where a bar can be read in two ways, the parts decide. */
function hasToken(tokens: readonly Token[], { value }: Element, variant: string | undefined): boolean {
  const identified = variant === 'identifier' && isObject(value) ? value.identifier : value;
  const held = isObject(identified) && Array.isArray(identified.coding) ? identified.coding : [identified];
  return held.some((one: unknown) => {
    const [system, code] = isObject(one)
      ? [one.system, typeof one.value === 'string' ? one.value : one.code]
      : [undefined, one];
    return tokens.some(
      (token) =>
        (token.system === undefined || (token.system === '' ? system === undefined : system === token.system)) &&
        (token.code === '' || String(code) === token.code),
    );
  });
}

/** The words beside a code: CodeableConcept.text, Coding.display, Identifier.type.text. Source: FHIR R4, section 3.1.1.4.5, :text. */
function wordsOf({ value }: Element): string[] {
  if (typeof value === 'string') return [value];
  if (!isObject(value)) return [];
  const words: unknown[] = [value.text, value.display, ...(isObject(value.type) ? [value.type.text] : [])];
  for (const coding of Array.isArray(value.coding) ? value.coding : [])
    if (isObject(coding)) words.push(coding.display);
  return words.filter((one): one is string => typeof one === 'string');
}
