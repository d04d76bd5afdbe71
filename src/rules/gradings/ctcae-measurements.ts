import type { DataQuality, NotGradable } from '../finding.ts';
import { loincsOf, type ReviewedCodes } from './ctcae-codes.ts';
import type { CtcaeInput } from './ctcae-data.ts';
import type { Ladder } from './ctcae-ladder.ts';
import type { MeasuredInput, MeasuredQuantity } from './ctcae-measured.ts';
import { isImplausible } from './ctcae-plausible.ts';
import { type Base, baseOf } from './ctcae-units.ts';

/** One measurement that a term is told by. */
export interface Measurement {
  input: CtcaeInput;
  quantity: MeasuredQuantity;
  base: Base;
  /** The other end of a range, in base units. */
  upTo?: number;
}

/** Why a measurement cannot be read. */
export interface Unread {
  reason: NotGradable & DataQuality;
  input: CtcaeInput;
  quantity: MeasuredQuantity;
}

export interface Measurements {
  /** The main one first. */
  read: readonly Measurement[];
  unread: readonly Unread[];
}

/** The measurements of a term that came: one, or one of each role (both pressures; temperature and neutrophils). */
export function measurementsOf(
  ladder: Ladder,
  given: MeasuredInput,
  loincs: readonly string[],
  codes: ReviewedCodes,
): Measurements {
  const { inputs = [] } = ladder.entry;
  const own = inputs.filter(({ loinc }) => loincs.includes(loinc));
  // A code that says more of the sample (fasting, corrected) is the one to go by.
  const main = own.length > 1 ? (own.find(({ state }) => state !== undefined) ?? own[0]) : own[0];
  const found: (Measurement | Unread)[] = [];
  if (main && main.role !== 'panel' && given.value) found.push(readQuantity(ladder, main, given.value));
  if (ladder.roles.size > 0) found.push(...partsOf(ladder, given, codes, found));
  const read = found.filter((one): one is Measurement => 'base' in one);
  if (read.length > 1) read.sort((one, other) => inputs.indexOf(one.input) - inputs.indexOf(other.input));
  return { read, unread: read.length === found.length ? [] : found.filter((one): one is Unread => 'reason' in one) };
}

/** The other roles: parts of the same panel, then results of the same moment. */
function partsOf(
  ladder: Ladder,
  given: MeasuredInput,
  codes: ReviewedCodes,
  before: readonly (Measurement | Unread)[],
): readonly (Measurement | Unread)[] {
  const found: (Measurement | Unread)[] = [];
  const has = (role: CtcaeInput['role']) =>
    [...before, ...found].some((one) => 'base' in one && one.input.role === role);
  for (const { codings, value } of given.components ?? []) {
    const part = value ? loincsOf(codings, codes) : [];
    const input = ladder.entry.inputs?.find(({ loinc, role }) => role && role !== 'panel' && part.includes(loinc));
    if (value && input && !has(input.role)) found.push(readQuantity(ladder, input, value));
  }
  for (const [role, same] of ladder.roles) {
    if (has(role)) continue;
    const beside = given.beside?.(same.map(({ loinc }) => loinc));
    const input = beside && same.find(({ loinc }) => loinc === beside.loinc);
    if (input) found.push(readQuantity(ladder, input, beside));
  }
  return found;
}

function readQuantity(ladder: Ladder, input: CtcaeInput, quantity: MeasuredQuantity): Measurement | Unread {
  const base = baseOf(quantity, ladder.monovalent);
  if (!base || !isRead(ladder, input, quantity, base)) return { reason: 'unit-unknown', input, quantity };
  if (isImplausible(input.loinc, quantity, base, ladder.entry.id)) {
    return { reason: 'value-implausible', input, quantity };
  }
  if (quantity.upTo === undefined) return { input, quantity, base };
  const end = { ...quantity, value: quantity.upTo };
  const upTo = baseOf(end, ladder.monovalent);
  if (!upTo || isImplausible(input.loinc, end, upTo, ladder.entry.id))
    return { reason: 'value-implausible', input, quantity };
  return { input, quantity, base, upTo: upTo.value };
}

/** Whether the term is graded in units of this dimension; a percentage is no ratio of one, save where the table says per cent. */
function isRead(ladder: Ladder, input: CtcaeInput, { unit }: MeasuredQuantity, { dimension }: Base): boolean {
  if (input.role !== undefined) {
    return input.ucum.some((code) => baseOf({ value: 1, unit: code })?.dimension === dimension);
  }
  const set = ladder.units.get(dimension);
  if (!set || (input.state === 'ionised' && !set.tables.has('ionised'))) return false;
  if (dimension !== '1') return true;
  const factor = baseOf({ value: 1, unit })?.value;
  return factor === 1 || (factor !== undefined && ladder.factors.includes(factor));
}
