import t from 'tap';
import { checkGradings } from '../../src/rules/check.ts';
import { proCtcae } from '../../src/rules/gradings/pro-ctcae.ts';
import { proCtcaeFaults } from '../../src/rules/gradings/pro-ctcae-check.ts';
import { DATA, type ProCtcaeData } from '../../src/rules/gradings/pro-ctcae-data.ts';

t.test('the data that we ship is whole', async (t) => {
  checkGradings();
  t.strictSame(proCtcaeFaults(DATA), []);
});

const without = (index: number) => (list: unknown) => (list as unknown[]).toSpliced(index, 1);
const cases: [name: string, path: string, change: (value: unknown) => unknown, says: RegExp][] = [
  ['an item less', 'items.terms.8.items', without(1), /items: 123, expected 124/],
  ['a group less', 'items.terms', without(79), /numbered groups: 79, expected 80/],
  ['a row less', 'composite.tables.F+S.rows', without(20), /F\+S: a combination of scores is missing/],
  ['a row twice', 'composite.tables.S.rows.1', () => ({ s: 0, grade: 0 }), /different rows of S: 4, expected 5/],
  ['a grade of 4', 'composite.tables.S.rows.4.grade', () => 4, /table S: a grade is not 0-3/],
  ['a leading 0 that is graded', 'composite.tables.S.rows.0.grade', () => 1, /table S: a leading 0 is not graded 0/],
  ['an NCIt code twice', 'items.terms.0.items.0.nciThesaurusCode', () => 'C180045', /of nciThesaurusCode: 123/],
  ['no NCIt code', 'items.terms.0.items.0.nciThesaurusCode', () => '', /PROCTCAE_1A_SCL: {2}is no NCIt code/],
  ['another attribute', 'items.terms.0.items.0.scale', () => 'frequency5', /scale frequency5 does not fit/],
  ['a scale from 1', 'items.scales.severity5.values', without(0), /codes of scale severity5: 1,2,3,4/],
  ['an opt-out of nobody', 'items.scales.severity5_na.optOut', () => ['later'], /opt-out later is unknown/],
  [
    'attributes out of order',
    'items.terms.8.attributeList',
    () => ['severity', 'frequency'],
    /group 9: .* out of order/,
  ],
  ['another table', 'items.terms.8.compositeGroup', () => 'S+I', /group 9: attributes are not those of table S\+I/],
  ['no table', 'items.terms.8.compositeGroup', () => 'F+A', /group 9: no table F\+A/],
  ['a source without document', 'composite.source.0.document', () => '', /composite: a source document is not given/],
];
for (const [name, path, change, says] of cases) {
  t.test(`noticed: ${name}`, async (t) => {
    t.match(proCtcaeFaults(spoiled(path.split('.'), change)).join('\n'), says);
  });
}

/** A deep copy of the data with one value changed. */
function spoiled(path: readonly string[], change: (value: unknown) => unknown): ProCtcaeData {
  const data = structuredClone(DATA);
  const last = path.at(-1) ?? '';
  let place = data as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[last] = change(place[last]);
  return data;
}

t.test('all faults are told at once, those of the file itself too', async (t) => {
  const broken = {
    ...proCtcae,
    data: { ...proCtcae.data, version: '', licence: { note: '', confidence: '' } },
    sources: [],
    faults: () => ['one row is missing', 'two rows are'],
  };
  t.throws(() => checkGradings([broken]), {
    message:
      /version or title is missing\n.*licence note is missing\n.*no source is given\n.*one row is missing\n.*two rows are/,
  });
});
