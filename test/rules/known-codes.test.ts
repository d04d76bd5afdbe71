import t from 'tap';
import { type CodedRecord, isUnknown, knownCodes, readableCodes } from '../../src/rules/known-codes.ts';

const so = (...codes: string[]): CodedRecord => ({ codes, says: 'so' });
const notSo = (...codes: string[]): CodedRecord => ({ codes, says: 'not so' });
const perhaps = (...codes: string[]): CodedRecord => ({ codes, says: 'perhaps' });

const cases: [name: string, records: CodedRecord[], told: { a: string; b: string }][] = [
  ['no record', [], { a: 'unknown', b: 'unknown' }],
  ['one that is so', [so('a')], { a: 'yes', b: 'no' }],
  ['one whose code cannot be read', [so()], { a: 'unknown', b: 'unknown' }],
  ['one of each', [so('a'), so()], { a: 'yes', b: 'unknown' }],
  ['one that is not so, alone', [notSo('a')], { a: 'no', b: 'unknown' }],
  ['one that is not so, beside one that is', [so('b'), notSo('a')], { a: 'no', b: 'yes' }],
  ['one that is not so, beside one that cannot be read', [so(), notSo('a')], { a: 'no', b: 'unknown' }],
  ['so and not so', [so('a'), notSo('a')], { a: 'yes', b: 'no' }],
  ['one that perhaps is', [so('c'), perhaps('a')], { a: 'unknown', b: 'no' }],
  ['one that perhaps is, and is not', [so('c'), perhaps('a'), notSo('a')], { a: 'unknown', b: 'no' }],
  ['one that perhaps is, alone', [perhaps('a')], { a: 'unknown', b: 'unknown' }],
  ['one that perhaps is, and cannot be read', [so('a'), perhaps()], { a: 'yes', b: 'unknown' }],
  ['one that is not so, and cannot be read', [so('a'), notSo()], { a: 'yes', b: 'no' }],
  ['of two codes of one record either is so', [so('a', 'b')], { a: 'yes', b: 'yes' }],
];
for (const [name, records, told] of cases) {
  t.test(`what the records say of a code: ${name}`, async (t) => {
    t.same(answers(records, false), told);
    t.same(answers([...records].reverse(), false), told, 'in whatever order');
    const { a, b } = answers(records, true);
    for (const one of [a, b]) t.not(one, 'no', 'where more is recorded than was read nothing is a no');
  });
}

function answers(records: readonly CodedRecord[], isCut: boolean): { a: string; b: string } {
  const { codes, unknown } = knownCodes(records, { isCut });
  const told = (code: string): string => {
    if (codes === undefined) return 'unknown';
    if (codes.includes(code)) return 'yes';
    return isUnknown(code, unknown) ? 'unknown' : 'no';
  };
  return { a: told('a'), b: told('b') };
}

t.test('what is known as a whole is a list and no more, and of what is not known at all nothing is kept', async (t) => {
  t.strictSame(knownCodes([so('b', 'a'), so('a'), notSo('c')]), { codes: ['a', 'b'] });
  t.strictSame(knownCodes([so()]), {});
  t.strictSame(knownCodes([]), {});
});

t.test('a code is read with its system, and not where it says that there is none', async (t) => {
  const ips = 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips';
  t.same(readableCodes(undefined), []);
  t.same(readableCodes({ text: 'cisplatin' }), []);
  t.same(readableCodes({ coding: [{ code: 'a' }, { system: 'urn:x' }, { system: 'urn:x', code: 'b' }] }), ['urn:x|b']);
  t.same(
    readableCodes({
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown' },
        { system: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor', code: 'UNK' },
        { system: ips, code: 'no-medication-info' },
        { system: ips, code: 'no-problem-info' },
      ],
    }),
    [],
  );
  t.same(readableCodes({ coding: [{ system: ips, code: 'no-known-problems' }] }), [`${ips}|no-known-problems`]);
});
