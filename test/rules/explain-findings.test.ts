import t from 'tap';
import { measuredText } from '../../src/rules/explain-findings.ts';
import { WORDS } from '../../src/rules/explain-languages.ts';
import { gradeMeasured } from '../../src/rules/gradings/ctcae.ts';

const cases: [
  name: string,
  low: number | undefined,
  high: number | undefined,
  unit: string,
  says: RegExp,
  never: RegExp,
][] = [
  ['as they are', 120, 160, 'g/L', /from 120 g\/L up to 160 g\/L/, /No limits/],
  ['none', undefined, undefined, 'g/L', /No limits of normal came with the result\./, /up to/],
  ['not believed: they did come', 12, 16, 'g/L', /^Measured/, /imits of normal/],
  ['the one reading that can be meant', 120, 160, 'g/dL', /from 120 g\/L up to 160 g\/L/, /No limits/],
];
for (const [name, low, high, unit, says, never] of cases) {
  t.test(`limits of normal in words: ${name}`, async (t) => {
    const limit = (value: number | undefined) => (value === undefined ? undefined : { value, unit });
    const [finding] = gradeMeasured(
      {
        codings: [{ system: 'http://loinc.org', code: '718-7' }],
        status: 'final',
        value: { value: 105, unit: 'g/L' },
        ...(low === undefined ? {} : { low: limit(low) }),
        ...(high === undefined ? {} : { high: limit(high) }),
      },
      ['5.0'],
    );
    if (!finding) throw new Error('not graded');
    const text = measuredText(finding, WORDS.en, 'en').join(' ');
    t.match(text, says);
    t.notMatch(text, never);
    t.equal(finding.dataQuality.includes('limit-implausible'), /not believed|one reading/.test(name));
  });
}
