import type { CtcaeVersion, DataQuality, Finding, Measured, NotGradable } from '../finding.ts';
import { ctcaeFaults } from './ctcae-check.ts';
import {
  CTCAE_DATA,
  CTCAE_VERSIONS,
  type CtcaeEntry,
  type CtcaeInput,
  dataOfVersion,
  LOINC,
  type Role,
} from './ctcae-data.ts';
import { compileLadder, type Ladder, type UnitTables } from './ctcae-ladder.ts';
import {
  GRADED_STATUSES,
  type MeasuredCoding,
  type MeasuredInput,
  type MeasuredQuantity,
  type RecordedBaseline,
} from './ctcae-measured.ts';
import { scenariosOf } from './ctcae-scenarios.ts';
import { amountIn, type Base, baseOf, inDimension, isImplausible } from './ctcae-units.ts';
import type { Grading } from './grading.ts';
import { climb } from './ladder-climb.ts';
import type { Known, Reading } from './ladder-condition.ts';
import { ANY, point, type Range, rangeOf, type Tri } from './ladder-range.ts';

/**
 * CTCAE, one row for each version: each is published, hashed and named in decision records on its own. Forms are not graded by it.
 * Source: NCI CTCAE v5.0 (2017-11-27) and v6.0 with errata of 2026-01-20.
 */
export const CTCAE_GRADINGS: readonly Grading[] = CTCAE_VERSIONS.map((version) => ({
  data: dataOfVersion(version),
  sources: CTCAE_DATA.sources,
  faults: () => ctcaeFaults(CTCAE_DATA, version),
  check: () => [],
  prepare: () => undefined,
}));

/** Codes that a site has reviewed, as `system|code`, to the LOINC code of the table that each means: local codes, or an unverified LOINC code. */
export type ReviewedCodes = ReadonlyMap<string, string>;

const NO_CODES: ReviewedCodes = new Map();

/**
 * The CTCAE grades of one result, each term in each version that is asked for: nothing for a result that no term is graded by, or whose
 * status is not final. A value of potassium is graded for too much and too little. Never grades 0 from what is missing, and never 5.
 * Throws nothing on any input.
 */
export function gradeMeasured(
  input: MeasuredInput,
  versions: readonly CtcaeVersion[],
  codes: ReviewedCodes = NO_CODES,
): readonly Finding[] {
  if (!GRADED_STATUSES.includes(input.status)) return [];
  const loincs = loincsOf(input.codings, codes);
  if (loincs.length === 0) return [];
  const entries = new Set(loincs.flatMap((loinc) => BY_LOINC.get(loinc) ?? []));
  const ambiguous = new Set(loincs.map((loinc) => ANALYTES.get(loinc))).size > 1;
  const findings: Finding[] = [];
  for (const entry of entries) {
    for (const version of versions) {
      const ladder = ladderOf(entry, version);
      if (!ladder) continue;
      findings.push(
        ambiguous ? without(ladder, 'ambiguous-item', ['ambiguous-item']) : gradeBy(ladder, input, loincs, codes),
      );
    }
  }
  return findings;
}

/** Whether any term is graded by a result with these codes, and by which LOINC codes of the table it is known; empty when none. */
export function gradedBy(codings: readonly MeasuredCoding[], codes: ReviewedCodes = NO_CODES): readonly string[] {
  return loincsOf(codings, codes);
}

/** The entries that a LOINC code of the table is an input of. */
const BY_LOINC: ReadonlyMap<string, readonly CtcaeEntry[]> = byLoinc();

/** Active LOINC codes. */
const ACTIVE: ReadonlySet<string> = new Set(
  CTCAE_DATA.entries.flatMap(({ inputs = [] }) => inputs.filter(({ active }) => active).map(({ loinc }) => loinc)),
);

/** What is measured under each LOINC code: codes that are inputs of one entry mean one analyte. */
const ANALYTES: ReadonlyMap<string, string> = analytes();

/** Ladders are compiled when a result first needs them: a start does not wait for the tables of units. */
const ladders = new Map<string, Ladder | undefined>();

function ladderOf(entry: CtcaeEntry, version: CtcaeVersion): Ladder | undefined {
  const key = `${entry.id}@${version}`;
  if (!ladders.has(key)) ladders.set(key, compileLadder(entry, version));
  return ladders.get(key);
}

function byLoinc(): ReadonlyMap<string, readonly CtcaeEntry[]> {
  const found = new Map<string, CtcaeEntry[]>();
  for (const entry of CTCAE_DATA.entries) {
    for (const { loinc } of entry.inputs ?? []) found.set(loinc, [...(found.get(loinc) ?? []), entry]);
  }
  return found;
}

function analytes(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { id, kind, inputs = [] } of CTCAE_DATA.entries) {
    if (kind === 'composite') continue;
    const name = inputs.map(({ loinc }) => names.get(loinc)).find((known) => known !== undefined) ?? id;
    for (const { loinc } of inputs) names.set(loinc, name);
  }
  return names;
}

function loincsOf(codings: readonly MeasuredCoding[], codes: ReviewedCodes): readonly string[] {
  const found: string[] = [];
  for (const { system, code } of codings) {
    if (code === undefined) continue;
    const mapped = codes.size > 0 ? codes.get(`${system ?? ''}|${code}`) : undefined;
    const loinc = mapped ?? (system === LOINC && ACTIVE.has(code) ? code : undefined);
    if (loinc !== undefined && BY_LOINC.has(loinc) && !found.includes(loinc)) found.push(loinc);
  }
  return found;
}

/** One measurement that a term is told by. */
interface Result {
  input: CtcaeInput;
  quantity: MeasuredQuantity;
  base: Base;
}

/** Why a measurement cannot be read. */
interface Fault {
  reason: NotGradable & DataQuality;
  input: CtcaeInput;
  quantity: MeasuredQuantity;
}

function gradeBy(ladder: Ladder, given: MeasuredInput, loincs: readonly string[], codes: ReviewedCodes): Finding {
  const { results, faults } = measurementsOf(ladder, given, loincs, codes);
  const [main] = results;
  const [fault] = faults;
  if (!main) {
    if (!fault) return without(ladder, 'no-value', []);
    return without(ladder, fault.reason, [fault.reason], measuredAs(fault.input, fault.quantity));
  }
  const set = unitTablesOf(ladder, main);
  const single = main.input.role === undefined;
  const recorded = ladder.usesBaseline ? baselineOf(ladder, given, main.input) : undefined;
  const { known, baselineHigh, baseline, limits } = knownOf(ladder, given, main, recorded, single);
  if (!single) known.roles = rolesOf(ladder, given, results);
  const { facts = {}, ageYears } = given;
  const fact = (name: string): Tri => (name === 'asymptomatic' ? undefined : facts[name]);
  known.fact = fact;
  const scenarios = scenariosOf(ladder, set, known, {
    input: main.input,
    baselineHigh,
    fact,
    ...(ageYears === undefined ? {} : { ageYears }),
  });
  const { outcome, dataQuality } = climb(ladder, set, scenarios, Object.keys(facts).length > 0);
  const measured: Measured = {
    ...measuredAs(main.input, main.quantity),
    ...canonicalOf(set, main),
    ...limits,
    ...(baseline ? { baseline } : {}),
    ...(results.length > 1
      ? {
          beside: results.slice(1).map(({ input, quantity }) => ({
            loinc: input.loinc,
            value: quantity.value,
            unit: quantity.unit ?? '',
          })),
        }
      : {}),
  };
  return {
    ...headOf(ladder),
    outcome,
    measured,
    dataQuality: [...faults.map(({ reason }) => reason), ...dataQuality, ...childless(ladder, given, dataQuality)],
  };
}

const headOf = ({ entry, version }: Ladder) =>
  ({ term: entry.id, system: 'ctcae', version, kind: 'ladder', attributes: {} }) as const;

function without(
  ladder: Ladder,
  reason: NotGradable,
  dataQuality: readonly DataQuality[],
  measured?: Measured,
): Finding {
  return {
    ...headOf(ladder),
    outcome: {
      kind: 'not-gradable',
      reason,
      missing: reason === 'no-value' || reason === 'unit-unknown' ? ['value'] : [],
    },
    ...(measured ? { measured } : {}),
    dataQuality,
  };
}

/** Of a patient whose age is not known, a child's grade could be higher than the adult one. */
function childless(
  { tables }: Ladder,
  { ageYears }: MeasuredInput,
  known: readonly DataQuality[],
): readonly DataQuality[] {
  return tables.includes('adult') && ageYears === undefined && !known.includes('needs-clinician')
    ? ['needs-clinician']
    : [];
}

/** The measurements that came, the main one first, and those that cannot be read. */
function measurementsOf(
  ladder: Ladder,
  given: MeasuredInput,
  loincs: readonly string[],
  codes: ReviewedCodes,
): { results: readonly Result[]; faults: readonly Fault[] } {
  const { inputs = [] } = ladder.entry;
  const results: Result[] = [];
  const faults: Fault[] = [];
  const add = (input: CtcaeInput, quantity: MeasuredQuantity | undefined): void => {
    if (!quantity || results.some((result) => result.input.role !== undefined && result.input.role === input.role))
      return;
    const read = readQuantity(ladder, input, quantity);
    if ('base' in read) results.push(read);
    else faults.push(read);
  };
  const own = inputs.filter(({ loinc }) => loincs.includes(loinc));
  // A code that says more of the sample (fasting, corrected) is the one to go by.
  const main = own.find(({ state }) => state !== undefined) ?? own[0];
  if (main && main.role !== 'panel') add(main, given.value);
  for (const { codings, value } of given.components ?? []) {
    const part = loincsOf(codings, codes);
    for (const input of inputs) if (input.role && part.includes(input.loinc)) add(input, value);
  }
  for (const role of new Set(inputs.map((input) => input.role))) {
    if (role === undefined || role === 'panel' || results.some(({ input }) => input.role === role)) continue;
    const same = inputs.filter((input) => input.role === role);
    const beside = given.beside?.(same.map(({ loinc }) => loinc));
    const input = beside && same.find(({ loinc }) => loinc === beside.loinc);
    if (input) add(input, beside);
  }
  return { results: results.sort((one, other) => inputs.indexOf(one.input) - inputs.indexOf(other.input)), faults };
}

function readQuantity(ladder: Ladder, input: CtcaeInput, quantity: MeasuredQuantity): Result | Fault {
  const base = baseOf(quantity, ladder.entry.reading?.kind === 'monovalent');
  if (!base || !isRead(ladder, input, quantity, base)) return { reason: 'unit-unknown', input, quantity };
  if (isImplausible(input.loinc, quantity, base, CTCAE_DATA.implausible)) {
    return { reason: 'value-implausible', input, quantity };
  }
  return { input, quantity, base };
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

function unitTablesOf(ladder: Ladder, { input, base }: Result): UnitTables {
  const [first] = ladder.units.values();
  const set = input.role === undefined ? ladder.units.get(base.dimension) : first;
  if (!set) throw new Error(`The ladder of ${ladder.entry.id} has no steps`); // `isRead` has seen them
  return set;
}

function baselineOf(ladder: Ladder, { baseline }: MeasuredInput, input: CtcaeInput): RecordedBaseline | undefined {
  const { entry } = ladder;
  const like = (entry.inputs ?? []).filter(
    ({ loinc, role }) => role === input.role && (entry.reading?.kind !== 'same-method' || loinc === input.loinc),
  );
  const recorded = baseline?.(like.map(({ loinc }) => loinc));
  return recorded?.comparator === undefined ? recorded : undefined;
}

/** What is known of the main measurement: its value, limits and baseline in base units, and the same as they are reported. */
function knownOf(
  ladder: Ladder,
  given: MeasuredInput,
  { quantity, base }: Result,
  recorded: RecordedBaseline | undefined,
  single: boolean,
): {
  known: Known;
  baselineHigh: Range;
  limits: Pick<Measured, 'low' | 'high'>;
  baseline: Measured['baseline'];
} {
  const read = (amount: MeasuredQuantity | undefined) => inUnitsOf(ladder, amount, base.dimension);
  let low = read(given.low);
  let high = read(given.high);
  // Limits that contradict each other, or an upper limit of nothing, are none.
  if ((low !== undefined && high !== undefined && low > high) || (high !== undefined && high <= 0)) {
    low = undefined;
    high = undefined;
  }
  const baseline = read(recorded);
  const usable = baseline !== undefined && baseline > 0 && recorded !== undefined;
  const [lowRange, highRange] = limitRanges(low, high);
  const ofBaseline = usable ? limitRanges(read(recorded.low), read(recorded.high)) : [lowRange, highRange];
  const value = rangeInBase(quantity, base);
  return {
    known: {
      value: single ? value : ANY,
      baseline: usable ? point(baseline) : ANY,
      roles: {},
      low: lowRange,
      high: highRange,
      baselineLow: ofBaseline[0] ?? ANY,
      fact: () => undefined,
      raise: 'none',
      plain: true,
      causes: new Set(),
      met: false,
    },
    baselineHigh: ofBaseline[1] ?? ANY,
    limits: {
      ...(low === undefined ? {} : { low: reported(given.low, low, quantity) }),
      ...(high === undefined ? {} : { high: reported(given.high, high, quantity) }),
    },
    baseline: usable
      ? { value: recorded.value, unit: recorded.unit ?? '', at: recorded.at, source: recorded.source }
      : undefined,
  };
}

function inUnitsOf(ladder: Ladder, amount: MeasuredQuantity | undefined, dimension: string): number | undefined {
  const base = amount && baseOf(amount, ladder.entry.reading?.kind === 'monovalent');
  return base && inDimension(base, dimension, ladder.molar);
}

/** A limit that is missing lies on its side of the one that is known. */
function limitRanges(low: number | undefined, high: number | undefined): readonly [Range, Range] {
  const below: Range = high === undefined ? ANY : { ...ANY, hi: high, hiOpen: false };
  const above: Range = low === undefined || low <= 0 ? ANY : { ...ANY, lo: low, loOpen: false };
  return [low === undefined ? below : point(low), high === undefined ? above : point(high)];
}

const rangeInBase = ({ comparator }: MeasuredQuantity, { value }: Base): Range => rangeOf(value, comparator);

/** A limit in the unit of the result. */
function reported(limit: MeasuredQuantity | undefined, base: number, { unit = '' }: MeasuredQuantity): number {
  return limit?.unit === unit ? limit.value : fromBase(base, unit);
}

/** Whatever scale the unit has, its zero and its step tell the way back. */
function fromBase(base: number, unit: string): number {
  const amount = amountIn(unit);
  const zero = amount(0);
  return Number(((base - zero) / (amount(1) - zero)).toPrecision(12));
}

function rolesOf(ladder: Ladder, given: MeasuredInput, results: readonly Result[]): Partial<Record<Role, Reading>> {
  const roles: Partial<Record<Role, Reading>> = {};
  for (const { input, quantity, base } of results) {
    if (input.role === undefined) continue;
    const recorded = ladder.usesBaseline ? baselineOf(ladder, given, input) : undefined;
    const baseline = inUnitsOf(ladder, recorded, base.dimension);
    roles[input.role] = {
      value: rangeInBase(quantity, base),
      baseline: baseline !== undefined && baseline > 0 ? point(baseline) : ANY,
    };
  }
  return roles;
}

const measuredAs = ({ loinc }: CtcaeInput, { value, unit = '', comparator }: MeasuredQuantity): Measured => ({
  loinc,
  value,
  unit,
  ...(comparator ? { comparator } : {}),
});

function canonicalOf({ unit }: UnitTables, { input, quantity, base }: Result): Partial<Measured> {
  const steps = unit ?? input.ucum[0];
  if (
    steps === undefined ||
    steps === quantity.unit ||
    baseOf({ value: 1, unit: steps })?.dimension !== base.dimension
  ) {
    return {};
  }
  return { canonical: fromBase(base.value, steps), canonicalUnit: steps };
}
