import type { CtcaeVersion, DataQuality, Finding, Measured, Missing, NotGradable, Outcome } from '../finding.ts';
import { prepareAnswers } from './ctcae-answer-form.ts';
import { answerItems } from './ctcae-answer-items.ts';
import { ctcaeFaults } from './ctcae-check.ts';
import { areOfSeveral, entriesOf, loincsOf, NO_CODES, type ReviewedCodes } from './ctcae-codes.ts';
import { CTCAE_DATA, CTCAE_VERSIONS, type CtcaeEntry, dataOfVersion } from './ctcae-data.ts';
import { knownOf } from './ctcae-known.ts';
import { compileLadder, type Ladder, NO_NUMBER, type UnitTables } from './ctcae-ladder.ts';
import type { Limits } from './ctcae-limits.ts';
import { GRADED_STATUSES, type MeasuredCoding, type MeasuredInput } from './ctcae-measured.ts';
import { type Measurement, measurementsOf } from './ctcae-measurements.ts';
import { scenariosOf } from './ctcae-scenarios.ts';
import { baseOf, fromBase } from './ctcae-units.ts';
import type { Grading } from './grading.ts';
import { climb } from './ladder-climb.ts';
import type { Tri } from './ladder-range.ts';

/**
 * CTCAE, one row for each version: each is published, hashed and named in decision records on its own. Of forms it grades structured answers.
 * Source: NCI CTCAE v5.0 (2017-11-27) and v6.0 with errata of 2026-01-20.
 */
export const CTCAE_GRADINGS: readonly Grading[] = CTCAE_VERSIONS.map((version) => ({
  data: dataOfVersion(version),
  sources: CTCAE_DATA.sources,
  faults: () => ctcaeFaults(CTCAE_DATA, version),
  // The same for both: told once.
  check: (form) => (version === CTCAE_VERSIONS[0] ? answerItems(form).issues : []),
  prepare: (form) => prepareAnswers(form, version),
}));

/**
 * The CTCAE grades of one result, each term in each version that is asked for: nothing for a result that no term is graded by, or whose
 * status is not final. A value of potassium is graded for too much and too little. Never grades 0 from what is missing, and never 5.
 * `codes` are a site's own, beside the active codes of the table. Throws nothing on any input.
 */
export function gradeMeasured(
  input: MeasuredInput,
  versions: readonly CtcaeVersion[],
  codes: ReviewedCodes = NO_CODES,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (!GRADED_STATUSES.includes(input.status)) return findings;
  const loincs = loincsOf(input.codings, codes);
  if (loincs.length === 0) return findings;
  const ambiguous = areOfSeveral(loincs);
  for (const entry of entriesOf(loincs)) {
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

/** The LOINC codes of the table that a result with these codings is known by; empty when no term is graded by it. */
export function gradedBy(codings: readonly MeasuredCoding[], codes: ReviewedCodes = NO_CODES): readonly string[] {
  return loincsOf(codings, codes);
}

/** Ladders are compiled when a result first needs them: a start does not wait for the tables of units. */
const LADDERS: Readonly<Record<CtcaeVersion, Map<CtcaeEntry, Ladder | null>>> = { '5.0': new Map(), '6.0': new Map() };

function ladderOf(entry: CtcaeEntry, version: CtcaeVersion): Ladder | null {
  const compiled = LADDERS[version].get(entry);
  if (compiled !== undefined) return compiled;
  const ladder = compileLadder(entry, version) ?? null;
  LADDERS[version].set(entry, ladder);
  return ladder;
}

function gradeBy(ladder: Ladder, given: MeasuredInput, loincs: readonly string[], codes: ReviewedCodes): Finding {
  const { read, unread } = measurementsOf(ladder, given, loincs, codes);
  const { facts, ageYears } = given;
  // That somebody has no symptoms is said by `symptomatic`; alone it never takes the lowest grade away.
  const fact = (name: string): Tri => (name === 'asymptomatic' ? undefined : facts?.[name]);
  const result = knownOf(ladder, given, read, fact);
  const [main] = read;
  if (!main || !result) {
    const [fault] = unread;
    if (!fault && given.unclear) return without(ladder, 'value-unclear', ['value-unclear']);
    if (!fault) return without(ladder, 'no-value', []);
    return without(ladder, fault.reason, [fault.reason], measuredAs(fault));
  }
  const set = unitTablesOf(ladder, main);
  const { known, baselineLimits } = result;
  const limits = (table: string): Limits => result.limits(set.tables.get(table)?.opens ?? NO_NUMBER);
  const choice = { input: main.input, limits, baselineLimits, fact, ...(ageYears === undefined ? {} : { ageYears }) };
  const stated = facts !== undefined && Object.keys(facts).length > 0;
  const scenarios = scenariosOf(ladder, set, known, choice);
  const { outcome, dataQuality } = climb(ladder, set, scenarios, stated);
  const quality = [...unread.map(({ reason }) => reason), ...dataQuality];
  const compared = scenarios.list.map(({ table }) => limits(table));
  if (isDoubted(ladder, compared, baselineLimits)) quality.push('limit-implausible');
  const unclear = outcome.kind === 'not-gradable' && outcome.reason === 'no-value' && read.some(isBound);
  if (unclear || given.unclear) quality.push('value-unclear');
  // Of a patient whose age is not known a child's grade could be higher than the adult one.
  if (ageYears === undefined && ladder.tables[0] === 'adult' && !quality.includes('needs-clinician')) {
    quality.push('needs-clinician');
  }
  const measured = measuredAs(main);
  tellCanonical(measured, set, main);
  const { low, high } = (compared[0] ?? limits('')).told;
  if (low !== undefined) measured.low = low;
  if (high !== undefined) measured.high = high;
  if (result.baseline) measured.baseline = result.baseline;
  if (stated) measured.facts = facts;
  if (read.length > 1) {
    measured.beside = read.slice(1).map(({ input, quantity: { value, unit = '' } }) => {
      return { loinc: input.loinc, value, unit };
    });
  }
  return findingOf(ladder, unclear ? { ...outcome, reason: 'value-unclear' } : outcome, quality, measured);
}

/** Whether limits that have a part in the grade are not believed as they stand. */
const isDoubted = (
  { usesLimits, usesBaselineLimits }: Ladder,
  compared: readonly Limits[],
  ofBaseline: Limits | undefined,
): boolean =>
  (usesLimits && compared.some(({ doubted }) => doubted)) || (usesBaselineLimits && ofBaseline?.doubted === true);

/** A bound or a range, which may lie on both sides of a step. */
const isBound = ({ quantity }: Measurement): boolean =>
  quantity.comparator !== undefined || quantity.upTo !== undefined;

function findingOf(
  { entry, version }: Ladder,
  outcome: Outcome,
  dataQuality: readonly DataQuality[],
  measured: Measured | undefined,
): Finding {
  const finding: Finding = {
    term: entry.id,
    system: 'ctcae',
    version,
    kind: 'ladder',
    outcome,
    attributes: {},
    dataQuality,
  };
  if (measured) finding.measured = measured;
  return finding;
}

function without(
  ladder: Ladder,
  reason: NotGradable,
  dataQuality: readonly DataQuality[],
  measured?: Measured,
): Finding {
  const missing: Missing[] = NO_AMOUNT.includes(reason) ? ['value'] : [];
  return findingOf(ladder, { kind: 'not-gradable', reason, missing }, dataQuality, measured);
}

const NO_AMOUNT: readonly NotGradable[] = ['no-value', 'unit-unknown', 'value-unclear'];

function unitTablesOf(ladder: Ladder, { input, base }: Measurement): UnitTables {
  const set = input.role === undefined ? ladder.units.get(base.dimension) : [...ladder.units.values()][0];
  if (!set) throw new Error(`The ladder of ${ladder.entry.id} has no steps`); // `measurementsOf` has seen them
  return set;
}

function measuredAs({ input, quantity }: Pick<Measurement, 'input' | 'quantity'>): Measured {
  const { value, unit = '', comparator, upTo } = quantity;
  const measured: Measured = { loinc: input.loinc, value, unit };
  if (comparator) measured.comparator = comparator;
  if (upTo !== undefined) measured.upTo = upTo;
  return measured;
}

/** The value in the unit of the steps, where it came in another. */
function tellCanonical(measured: Measured, { unit }: UnitTables, { input, quantity, base }: Measurement): void {
  const steps = unit ?? input.ucum[0];
  if (steps === undefined || steps === quantity.unit) return;
  if (baseOf({ value: 1, unit: steps })?.dimension !== base.dimension) return;
  measured.canonical = fromBase(base.value, steps);
  measured.canonicalUnit = steps;
}
