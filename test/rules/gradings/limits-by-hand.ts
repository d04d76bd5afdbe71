import { LOINC } from '../../../src/fhir/canonical.ts';
import type { CtcaeVersion, Finding } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import type { MeasuredInput, MeasuredQuantity } from '../../../src/rules/gradings/ctcae-measured.ts';
import { ALL_CODES } from './all-codes.ts';
import { leaves, type Raw, TABLE, tablesByHand, unitsByHand, VERSIONS } from './ctcae-by-hand.ts';

/** Limits of normal that stand under a wrong unit, or that no laboratory can mean. */
export const DOUBT = 'limit-implausible';

export const q = (value: number, unit: string): MeasuredQuantity => ({ value, unit });

/** Limits as `[low, high, unit]`. */
export type Limits = readonly [low: number | undefined, high: number | undefined, unit: string];

const ends = ([low, high, unit]: Limits) => ({
  ...(low === undefined ? {} : { low: q(low, unit) }),
  ...(high === undefined ? {} : { high: q(high, unit) }),
});

export interface Given {
  limits?: Limits | undefined;
  baseline?: readonly [value: number, unit: string, limits?: Limits];
  facts?: Readonly<Record<string, boolean>>;
}

export function find(
  term: string,
  version: string,
  loinc: string,
  value: MeasuredQuantity,
  { limits, baseline, facts }: Given,
): Finding {
  const recorded = baseline && {
    ...q(baseline[0], baseline[1]),
    ...(baseline[2] ? ends(baseline[2]) : {}),
    at: '2026-01-05T08:00:00.000Z',
    source: { type: 'Observation', id: 'base', version: 1 },
  };
  const input: MeasuredInput = {
    codings: [{ system: LOINC, code: loinc }],
    status: 'final',
    value,
    ...(limits ? ends(limits) : {}),
    ...(facts ? { facts } : {}),
    baseline: () => recorded,
  };
  const found = gradeMeasured(input, [version as CtcaeVersion], ALL_CODES).find((one) => one.term === term);
  if (!found) throw new Error(`${loinc} does not tell ${term} in ${version}`);
  return found;
}

/** `0`, `0-1` or the reason why there is no grade; with `?` where the limits are doubted. */
export function inWords({ outcome, dataQuality }: Finding): string {
  const doubt = dataQuality.includes(DOUBT) ? ' ?' : '';
  if (outcome.kind === 'graded') return `${outcome.grade}${doubt}`;
  return `${outcome.kind === 'at-least' ? `${outcome.min}-${outcome.max}` : outcome.reason}${doubt}`;
}

/** By hand: of a sub-table whose grade 1 begins at a limit, the nearest printed number on the same side, in each unit that it is printed in. */
export interface Printed {
  entry: Raw;
  version: string;
  side: 'low' | 'high';
  number: number;
  unit: string;
  loinc: string;
  facts: Record<string, boolean>;
}

const SIDES = [
  { side: 'low', ref: 'LLN', op: '<', nearest: Math.max },
  { side: 'high', ref: 'ULN', op: '>', nearest: Math.min },
] as const;

export const PRINTED: readonly Printed[] = TABLE.entries
  .filter(({ inputs }: Raw) => inputs)
  .flatMap((entry: Raw) => VERSIONS.flatMap((version) => printedOf(entry, version)));

function printedOf(entry: Raw, version: string): Printed[] {
  return Object.entries(tablesByHand(entry, version)).flatMap(([table, steps]) =>
    SIDES.flatMap(({ side, ref, op, nearest }) => {
      const of = (such: (leaf: Raw) => boolean) =>
        Object.entries(steps as Raw).flatMap(([grade, step]) =>
          leaves(step).some(such) ? [[grade, step] as const] : [],
        );
      const begins = of((leaf) => leaf.ref === ref && (leaf.multiple ?? 1) === 1).some(([grade]) => grade === '1');
      const isPlain = (leaf: Raw) => leaf.op === op && leaf.value !== undefined && !leaf.input?.includes('pao2');
      const plain = of((leaf) => isPlain(leaf) && leaf.input !== 'urine_protein_creatinine');
      if (!begins || plain.length === 0) return [];
      return unitsByHand(entry, version, table).map(({ unit, printed }) => ({
        entry,
        version,
        side,
        unit,
        number: nearest(...plain.map(([grade, step]) => printed?.[grade] ?? leaves(step).find(isPlain).value)),
        loinc: table === 'ionised' ? '1994-3' : entry.inputs[0].loinc,
        facts: { corrected: true, fasting: true, chronic: true, resting: true, symptomatic: false },
      }));
    }),
  );
}
