import t from 'tap';
import { highest, lowest, type Outcome } from '../../../src/rules/finding.ts';
import { isBelieved } from './believed.ts';
import { leaves, type Raw, TABLE, tablesByHand, VERSIONS } from './ctcae-by-hand.ts';
import { DOUBT, find, inWords, type Limits, PRINTED, q } from './limits-by-hand.ts';

/** Numbers of a fixed sequence, the same on any machine. Source: mulberry32. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is asked at random: an entry whose limits count, its unit, and units of the same kind with how many of the first they are. */
const ASKED: readonly (readonly [
  term: string,
  loinc: string,
  unit: string,
  usual: number,
  others: Record<string, number>,
])[] = [
  ['neutrophil_count_decreased', '26499-4', '10*9/L', 2, { '/uL': 1e-3, '10*3/uL': 1 }],
  ['white_blood_cell_decreased', '6690-2', '10*9/L', 4, { '/uL': 1e-3, '10*3/uL': 1 }],
  ['platelet_count_decreased', '777-3', '10*9/L', 120, { '/uL': 1e-3, '10*3/uL': 1 }],
  ['anemia', '718-7', 'g/L', 110, { 'g/dL': 10, 'mmol/L': 10 / 0.6206 }],
  ['hypoalbuminemia', '1751-7', 'g/L', 35, { 'g/dL': 10 }],
  ['hyperkalemia', '2823-3', 'mmol/L', 5, { 'mol/L': 1e3, 'umol/L': 1e-3 }],
  ['hyponatremia', '2951-2', 'mmol/L', 133, { 'mol/L': 1e3 }],
  ['hypermagnesemia', '2601-3', 'mmol/L', 1.1, { 'mg/dL': 0.4114 }],
  ['cholesterol_high', '14647-2', 'mmol/L', 6, { 'mg/dL': 1 / 38.67 }],
  ['hyperglycemia', '14749-6', 'mmol/L', 7, { 'mg/dL': 1 / 18.02 }],
  ['cpk_increased', '2157-6', 'U/L', 400, { 'ukat/L': 60 }],
  ['alt_increased', '1742-6', 'U/L', 90, { 'ukat/L': 60 }],
  ['bilirubin_increased', '14631-6', 'umol/L', 30, { 'mg/dL': 17.1 }],
  ['creatinine_increased', '14682-9', 'umol/L', 140, { 'mg/dL': 88.4 }],
  ['hyperuricemia', '3084-1', 'mg/dL', 8, { 'g/L': 100 }],
];

/** By hand: whether results of an entry are compared with the lower limit; with the upper one where not. */
const isOfLower = (term: string): boolean => /decreased|anemia|^hypo/.test(term);

/** By hand: what is left of limits where the one that has no part in the grade is no value that a patient has. */
function halfOf(term: string, [low, high, unit]: Limits): Limits | undefined {
  if (low !== undefined && high !== undefined && low > high) return undefined;
  if (isOfLower(term)) return low === undefined ? undefined : [low, undefined, unit];
  return high === undefined ? undefined : [undefined, high, unit];
}

/** By hand: whether limits can be meant so. `numbers` are in `unit`, of which the printed ones are told. */
function canBeMeant(
  term: string,
  version: string,
  loinc: string,
  numbers: Limits,
  unit: string,
  inUnit: Limits,
): boolean {
  const [low, high] = numbers;
  if ([low, high].some((limit) => limit !== undefined && !isBelieved(term, loinc, limit, numbers[2]))) return false;
  if (low !== undefined && high !== undefined && low > high) return false;
  return PRINTED.filter((one) => one.entry.id === term && one.version === version && one.unit === unit).every(
    ({ side, number }) => {
      const limit = inUnit[side === 'low' ? 0 : 1];
      return limit === undefined || (side === 'low' ? limit >= number : limit <= number);
    },
  );
}

t.test(
  'what limits may mean, each tried by itself, is what they leave open; none of it is grade 0 for want of a limit',
  async (t) => {
    const random = sequence(11);
    const wrong: string[] = [];
    const seen = { one: 0, both: 0, half: 0, none: 0 };
    for (let round = 0; round < 6000; round++) {
      const [term, loinc, unit, usual, others] = ASKED[round % ASKED.length] ?? ASKED[0] ?? [];
      if (!term || !loinc || !unit || !usual || !others) continue;
      const version = VERSIONS[Math.floor(random() * 2)] ?? '5.0';
      const steps = Object.values(
        tablesByHand(
          TABLE.entries.find(({ id }: Raw) => id === term),
          version,
        ),
      ).flatMap((table) => Object.values(table));
      if (!steps.flatMap(leaves).some(({ ref }) => ref === 'LLN' || ref === 'ULN')) continue;
      const about = () => Number((usual * 8 ** (random() * 2 - 1)).toPrecision(3));
      const sizes = Object.entries({ [unit]: 1, ...others });
      const [own = unit, factor = 1] = sizes[Math.floor(random() * sizes.length)] ?? [];
      // Written as meant, or with the numbers of the other unit.
      const written = (number: number) => Number((random() < 0.5 ? number / factor : number).toPrecision(3));
      const [one, other] = [about(), about()].sort((a, b) => a - b);
      const limits: Limits = [
        random() < 0.7 ? written(one ?? 1) : undefined,
        random() < 0.7 ? written(other ?? 1) : undefined,
        own,
      ];
      const [low, high] = limits;
      if (low === undefined && high === undefined) continue;
      const scaled = (by: number): Limits => [
        low === undefined ? undefined : low * by,
        high === undefined ? undefined : high * by,
        unit,
      ];
      const readings = [
        ...(canBeMeant(term, version, loinc, limits, unit, scaled(factor)) ? [scaled(factor)] : []),
        ...(factor !== 1 && canBeMeant(term, version, loinc, scaled(1), unit, scaled(1)) ? [scaled(1)] : []),
      ];
      const halves = [limits, ...(factor === 1 ? [] : [scaled(1)])].flatMap((written, index) => {
        const [half, inUnit] = [halfOf(term, written), halfOf(term, scaled(index === 0 ? factor : 1))];
        return half && inUnit && canBeMeant(term, version, loinc, half, unit, inUnit) ? [inUnit] : [];
      });
      const facts = { fasting: true };
      const value = q(about(), unit);
      if (!isBelieved(term, loinc, value.value, unit)) continue;
      const told = find(term, version, loinc, value, { limits, facts });
      const each = (readings.length > 0 ? readings : [undefined]).map(
        (reading) => find(term, version, loinc, value, { limits: reading, facts }).outcome,
      );
      const isHalf = readings.length === 0 && halves.length > 0;
      seen[isHalf ? 'half' : readings.length === 0 ? 'none' : readings.length === 1 ? 'one' : 'both']++;
      const least = halves.map((half) => find(term, version, loinc, value, { limits: half, facts }).outcome);
      const doubted =
        readings.length !== 1 || readings[0]?.[0] !== scaled(factor)[0] || readings[0]?.[1] !== scaled(factor)[1];
      const spanned = isHalf ? reachesUp(told.outcome, least, each) : spans(told.outcome, each);
      const fits = spanned && told.dataQuality.includes(DOUBT) === doubted;
      const looksNormal = readings.length === 0 && inWords(told).startsWith('0 ');
      if (!fits || looksNormal)
        wrong.push(
          JSON.stringify({
            term,
            version,
            value,
            limits,
            told: told.outcome,
            quality: told.dataQuality,
            each,
            readings,
          }),
        );
    }
    t.strictSame(wrong.slice(0, 3), [], `${wrong.length}`);
    for (const [readings, count] of Object.entries(seen))
      t.ok(count > (readings === 'half' ? 30 : 300), `${readings}: ${count}`);
  },
);

/** Whether an outcome is the range of others; one without a grade leaves all open. */
function spans(outcome: Outcome, each: readonly Outcome[]): boolean {
  const least = Math.min(...each.map((one) => lowest(one) ?? 0));
  const most = Math.max(...each.map((one) => highest(one) ?? 4));
  return least === (lowest(outcome) ?? 0) && (most === highest(outcome) || highest(outcome) === undefined);
}

/** Whether an outcome is at least the lowest by the limits that are left, and as high as without any. */
function reachesUp(outcome: Outcome, left: readonly Outcome[], without: readonly Outcome[]): boolean {
  const least = Math.min(...left.map((one) => lowest(one) ?? 0));
  const most = Math.max(...without.map((one) => highest(one) ?? 4));
  return least === (lowest(outcome) ?? 0) && (most === highest(outcome) || highest(outcome) === undefined);
}
