import { badRequest } from '../errors.ts';
import { canonicalQuantity, UCUM } from '../ucum.ts';
import { PREFIXES } from './date.ts';
import type { NumberRange, Prefix, QuantityRange } from './filter.ts';
import { splitRaw, unescaped } from './values.ts';

/**
 * Numbers, each with the stretch that its digits stand for: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005), and 1e2, as the specification
 * has it, [95, 105). Throws 400. Source: FHIR R4, section 3.1.1.4.6.
 */
export function numberRanges(name: string, raws: readonly string[]): NumberRange[] {
  return raws.map((raw) => {
    const range = rangeOf(unescaped(raw));
    if (!range) throw badRequest(`${name}: expected a number such as 5.40 or 1e2${WITH_PREFIX}`);
    return range;
  });
}

/** `[prefix]number`, `number|system|code` or `number||code`. Throws 400. Source: FHIR R4, section 3.1.1.4.11. */
export function quantityRanges(name: string, raws: readonly string[]): QuantityRange[] {
  return raws.map((raw) => {
    const [number = '', system, code, ...more] = splitRaw(raw, '|').map(unescaped);
    const range = rangeOf(number);
    if (!range || more.length > 0 || (system !== undefined && !code)) {
      throw badRequest(`${name}: expected number, number|system|code or number||code, such as 5.4||mg${WITH_PREFIX}`);
    }
    if (!code) return range;
    const base = system === UCUM ? inBase(range, code) : undefined;
    return { ...range, unit: system ? `${system}|${code}` : code, ...(base ? { base } : {}) };
  });
}

const WITH_PREFIX = `, with a prefix of ${[...PREFIXES].join(', ')} or none`;

function inBase(range: NumberRange, code: string): QuantityRange['base'] {
  const [value, low, high] = [range.value, range.low, range.high].map((one) => canonicalQuantity(Number(one), code));
  if (!value || !low || !high) return undefined;
  return {
    prefix: range.prefix,
    value: String(value.value),
    low: String(low.value),
    high: String(high.value),
    unit: value.unit,
  };
}

const NUMBER = /^([a-z]{2})?([+-]?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;

function rangeOf(text: string): NumberRange | undefined {
  const match = NUMBER.exec(text.trim());
  if (!match) return undefined;
  const [, prefix = 'eq', sign, whole = '', written = '', exponent] = match;
  // With an exponent the first digit behind the point is meant too.
  const fraction = exponent !== undefined && written === '' ? '0' : written;
  const power = Number(exponent ?? 0) - fraction.length;
  if (!PREFIXES.has(prefix) || Math.abs(power) > 200) return undefined;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  // One more digit than was written: half a unit of the last place is 5 of it.
  const tenths = digits * 10n;
  let half = 5n;
  if (prefix === 'ap') {
    const tenth = digits < 0n ? -digits : digits;
    if (tenth > half) half = tenth;
  }
  return {
    prefix: prefix as Prefix,
    value: decimal(digits, power),
    low: decimal(tenths - half, power - 1),
    high: decimal(tenths + half, power - 1),
  };
}

/** `digits` times ten to `power`, as decimal text without an exponent. */
function decimal(digits: bigint, power: number): string {
  if (power >= 0) return (digits * 10n ** BigInt(power)).toString();
  const negative = digits < 0n;
  const text = (negative ? -digits : digits).toString().padStart(1 - power, '0');
  return `${negative ? '-' : ''}${text.slice(0, power)}.${text.slice(power)}`;
}
