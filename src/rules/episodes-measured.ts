import { LOINC } from '../fhir/canonical.ts';
import type { FoldState } from './episode.ts';
import type { Finding, Report } from './finding.ts';
import { gradeMeasured } from './gradings/ctcae.ts';
import { ALREADY_READ } from './gradings/ctcae-codes.ts';
import type { MeasuredInput as LadderInput, MeasuredQuantity, RecordedBaseline } from './gradings/ctcae-measured.ts';
import { isImplausible } from './gradings/ctcae-plausible.ts';
import { baseOf } from './gradings/ctcae-units.ts';
import type { MeasuredBaseline, MeasuredBaselines, MeasuredInput } from './gradings/measured.ts';

/** All that a report says, what it measured graded with the baselines in force at its moment. */
export function findingsOf({ findings, measured, ctcae }: Report, baselines: MeasuredBaselines): readonly Finding[] {
  if (!measured || !ctcae) return findings;
  return [
    ...findings,
    ...measured.flatMap((input) => gradeMeasured(ladderInput(input, measured, baselines), ctcae, ALREADY_READ)),
  ];
}

/** The baselines in force from a report on: its own results where it records them, each in place of an earlier one of its code. */
export function baselinesWith(baselines: FoldState['baselines'], report: Report): FoldState['baselines'] {
  const { baseline, measured, at, source } = report;
  if (!baseline || !measured) return baselines;
  const recorded: [string, MeasuredBaseline][] = measured.flatMap(
    ({ loinc, value, upTo, comparator, unit, low, high, limitUnit }) => {
      if (value === undefined || unit === undefined || comparator !== undefined || upTo !== undefined) return [];
      const limits = {
        ...(low === undefined ? {} : { low }),
        ...(high === undefined ? {} : { high }),
        ...(limitUnit === undefined ? {} : { limitUnit }),
      };
      // A number that no patient has is no baseline: the one before it stays.
      const base = baseOf({ value, unit }, true);
      return loinc
        .filter((code) => !base || !isImplausible(code, { value, unit }, base))
        .map((code): [string, MeasuredBaseline] => [code, { value, unit, ...limits, at, source }]);
    },
  );
  return recorded.length === 0 ? baselines : { ...baselines, ...Object.fromEntries(recorded) };
}

/** Only reports of final results come here: what is preliminary is not evaluated. */
function ladderInput(input: MeasuredInput, all: readonly MeasuredInput[], baselines: MeasuredBaselines): LadderInput {
  const { loinc, unclear, facts, ageYears } = input;
  const value = quantityOf(input);
  return {
    codings: loinc.map((code) => ({ system: LOINC, code })),
    status: 'final',
    ...(value ? { value } : {}),
    ...(unclear ? { unclear } : {}),
    ...limitsOf(input),
    ...(facts ? { facts } : {}),
    ...(ageYears === undefined ? {} : { ageYears }),
    baseline: (codes) => latest(codes.flatMap((code) => baselines[code] ?? [])),
    beside: (codes) => {
      for (const other of all) {
        const code = other === input ? undefined : other.loinc.find((one) => codes.includes(one));
        const quantity = quantityOf(other);
        if (code !== undefined && quantity) return { ...quantity, loinc: code };
      }
      return undefined;
    },
  };
}

function quantityOf({ value, upTo, unit, comparator }: MeasuredInput): MeasuredQuantity | undefined {
  if (value === undefined) return undefined;
  return {
    value,
    ...(unit === undefined ? {} : { unit }),
    ...(comparator ? { comparator } : {}),
    ...(upTo === undefined ? {} : { upTo }),
  };
}

function limitsOf({
  low,
  high,
  unit,
  limitUnit = unit,
}: Pick<MeasuredInput, 'low' | 'high' | 'unit' | 'limitUnit'>): Pick<LadderInput, 'low' | 'high'> {
  const limit = (value: number): MeasuredQuantity => ({
    value,
    ...(limitUnit === undefined ? {} : { unit: limitUnit }),
  });
  return {
    ...(low === undefined ? {} : { low: limit(low) }),
    ...(high === undefined ? {} : { high: limit(high) }),
  };
}

/** Of the baselines of one analyte by several of its codes the one recorded last. */
function latest(recorded: readonly MeasuredBaseline[]): RecordedBaseline | undefined {
  const [first, ...more] = recorded;
  const found = more.reduce((one, other) => (other.at > (one?.at ?? '') ? other : one), first);
  if (!found) return undefined;
  const { value, unit, at, source } = found;
  return { value, unit, at, source, ...limitsOf(found) };
}
