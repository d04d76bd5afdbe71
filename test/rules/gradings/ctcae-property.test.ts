import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import type { ReviewedCodes } from '../../../src/rules/gradings/ctcae-codes.ts';
import { CTCAE_DATA, CTCAE_VERSIONS } from '../../../src/rules/gradings/ctcae-data.ts';
import type { MeasuredInput, MeasuredQuantity } from '../../../src/rules/gradings/ctcae-measured.ts';

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

const LOINCS = [...new Set(CTCAE_DATA.entries.flatMap(({ inputs = [] }) => inputs.map(({ loinc }) => loinc)))];
const CODES: ReviewedCodes = new Map(LOINCS.map((loinc) => [`${LOINC}|${loinc}`, loinc]));
const UNITS = [
  ...new Set(CTCAE_DATA.entries.flatMap(({ inputs = [] }) => inputs.flatMap(({ ucum }) => ucum))),
  ...['/uL', '%', '1', '[degF]', '[lb_av]', 'meq/L', '[IU]/L', 'g/L', 'spoon', '', '{', '10*', 'm/s'],
];

const random = sequence(7);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // the list is not empty
const amount = (): MeasuredQuantity => ({
  value: pick([0, -1, random(), random() * 10, random() * 100, random() * 1000, 1e300, 1e-300]),
  ...(random() < 0.95 ? { unit: pick(UNITS) } : {}),
});
const maybe = <T>(make: () => T): T | undefined => (random() < 0.5 ? make() : undefined);

function anyInput(): MeasuredInput {
  const unit = pick(UNITS);
  const like = (): MeasuredQuantity => (random() < 0.8 ? { ...amount(), unit } : amount());
  const [value, low, high, base] = [like(), maybe(like), maybe(like), maybe(like)];
  const comparator = maybe(() => pick(['<', '<=', '>', '>='] as const));
  return {
    codings: [{ system: LOINC, code: pick(LOINCS) }],
    status: 'final',
    ...(random() < 0.95 ? { value: random() < 0.2 && comparator ? { ...value, comparator } : value } : {}),
    ...(low ? { low } : {}),
    ...(high ? { high } : {}),
    ...(base
      ? {
          baseline: () => ({
            ...base,
            at: '2026-01-01T00:00:00.000Z',
            source: { type: 'Observation', id: 'b', version: 1 },
          }),
        }
      : {}),
  };
}

t.test('whatever comes is graded by the rules that hold for every ladder', async (t) => {
  const wrong: string[] = [];
  const kinds = { graded: 0, 'at-least': 0, 'not-gradable': 0 };
  const caps = new Map(CTCAE_DATA.entries.map(({ id, maxGradeFromDataAlone }) => [id, maxGradeFromDataAlone]));
  for (let round = 0; round < 12_000; round++) {
    const input = anyInput();
    for (const { term, outcome, dataQuality, measured } of gradeMeasured(input, CTCAE_VERSIONS, CODES)) {
      kinds[outcome.kind]++;
      const cap = caps.get(term) ?? -1;
      const fault =
        outcome.kind === 'graded'
          ? !(outcome.grade >= 0 && outcome.grade <= cap && Number.isInteger(outcome.grade))
          : outcome.kind === 'at-least'
            ? !(outcome.min < outcome.max && outcome.min <= cap && outcome.max <= 4 && outcome.missing.length > 0)
            : outcome.reason !== 'no-value' && dataQuality.length === 0;
      const unread = outcome.kind !== 'not-gradable' && (measured === undefined || !input.value?.unit);
      if (fault || unread) wrong.push(JSON.stringify({ input, term, outcome, dataQuality }));
    }
  }
  t.strictSame(wrong.slice(0, 3), []);
  for (const [kind, count] of Object.entries(kinds)) t.ok(count > 200, `${kind}: ${count}`);
});

t.test('the same input gives the same finding, byte for byte', async (t) => {
  for (let round = 0; round < 50; round++) {
    const input = anyInput();
    t.equal(
      JSON.stringify(gradeMeasured(input, CTCAE_VERSIONS, CODES)),
      JSON.stringify(gradeMeasured({ ...input }, CTCAE_VERSIONS, CODES)),
    );
  }
});
