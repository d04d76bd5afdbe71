import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import { LabCodesError, readLabCodes } from '../../../src/rules/gradings/lab-codes.ts';

const LAB = 'https://lab.example/codes';
const pair = (more: object = {}) => ({
  system: LAB,
  code: 'PNN',
  loinc: '26499-4',
  reviewer: 'Dr Martin, laboratory',
  date: '2026-11-20',
  ...more,
});
const without = (name: string) => Object.fromEntries(Object.entries(pair()).filter(([key]) => key !== name));

const faultsOf = (value: unknown): readonly string[] => {
  try {
    readLabCodes(typeof value === 'string' ? value : JSON.stringify(value));
    return [];
  } catch (error) {
    if (error instanceof LabCodesError) return error.faults;
    throw error;
  }
};

t.test('codes of the site, and codes of the table that nobody here has read, mean a code of the table', async (t) => {
  const codes = readLabCodes(
    JSON.stringify([pair(), pair({ system: LOINC, code: '3040-3', loinc: '3040-3', note: 'lipase' })]),
  );
  t.equal(codes.get(`${LAB}|PNN`), '26499-4');
  t.equal(codes.get(`${LOINC}|3040-3`), '3040-3');
  t.equal(codes.get(`${LAB}|other`), undefined);
  t.equal(codes.size, 2);
  t.equal(readLabCodes('[]').size, 0);
});

const wrong: [name: string, value: unknown, fault: RegExp][] = [
  ['what is no JSON', '{', /^file: expected JSON$/],
  ['an object', {}, /^file: expected a list of codes$/],
  ['a text in the list', ['PNN'], /^\[0\]\.: expected system, code, loinc, reviewer, date$/],
  ...['system', 'code', 'loinc', 'reviewer', 'date'].map((name): [string, unknown, RegExp] => [
    `a code without ${name}`,
    [without(name)],
    new RegExp(`^\\[0\\]\\.${name}: expected text$`),
  ]),
  ['a reviewer of blanks', [pair({ reviewer: '  ' })], /reviewer: expected text/],
  ['a member that is not known', [pair({ unit: 'G/L' })], /unit: expected one of/],
  ['a system that is no url', [pair({ system: 'lab' })], /system: expected an absolute url/],
  ['a LOINC code that no ladder reads', [pair({ loinc: '8867-4' })], /8867-4 is no code that CTCAE is graded by/],
  ['a LOINC code that means another', [pair({ system: LOINC, code: '718-7' })], /a LOINC code means itself/],
  ['a LOINC code that is read anyway', [pair({ system: LOINC, code: '26499-4' })], /26499-4 is read without this/],
  ['a code twice', [pair(), pair({ loinc: '6690-2' })], /^\[1\]\.system and code: expected each once$/],
  ['a day that is none', [pair({ date: '2026-02-30' })], /date: expected the day of the review/],
  ['a month for a day', [pair({ date: '2026-11' })], /date: expected the day of the review/],
];
for (const [name, value, fault] of wrong) {
  t.test(`${name} is refused`, async (t) => {
    const faults = faultsOf(value);
    t.equal(faults.length, 1, faults.join('; '));
    t.match(faults[0], fault);
  });
}

t.test('all faults are told at once', async (t) => {
  t.equal(faultsOf([pair({ date: 'x' }), pair({ code: 'B', loinc: 'x' }), pair({ code: 'C' })]).length, 2);
});
