import t from 'tap';
import type { Level } from '../../src/rules/longitudinal-series.ts';
import { followedAs } from '../../src/rules/longitudinal-terms.ts';

const OURS = 'https://vigie.example/fhir/CodeSystem';
const NCIT = 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl';

type Followed = Partial<Record<Level, string>>;
const both = (code: string): Followed => ({ item: code, composite: code });
const DIARRHOEA: Followed = { item: 'PROCTCAE_16A_SCL', composite: 'PROCTCAE_16_COMP' };

/** What a name is followed as at each level; nowhere else. */
const cases: [name: string, asked: string, expected: Followed][] = [
  ['a term', 'PROCTCAE_16_COMP', both('PROCTCAE_16_COMP')],
  ['a term with its system', `${OURS}/pro-ctcae|PROCTCAE_16_COMP`, both('PROCTCAE_16_COMP')],
  ['with blanks', ' PROCTCAE_16_COMP ', both('PROCTCAE_16_COMP')],
  ['an item, which has no composite of its own', 'PROCTCAE_16A_SCL', DIARRHOEA],
  ['an item with its system', `${OURS}/pro-ctcae|PROCTCAE_16A_SCL`, DIARRHOEA],
  ['a yes/no item, which has no score of its own', 'PROCTCAE_24A_IND', both('PROCTCAE_24_COMP')],
  ['its term', 'PROCTCAE_24_COMP', both('PROCTCAE_24_COMP')],
  ['its NCIt code, with the system', `${NCIT}|C180082`, both('PROCTCAE_24_COMP')],
  ['a code of another system alone', 'C180082', {}],
  ['whether there was another symptom', 'PROCTCAE_OTHER_IND', both('PROCTCAE_OTHER')],
  ['what it was', 'PROCTCAE_OTHER_TEXT', both('PROCTCAE_OTHER')],
  ['an emergency', 'self-harm', both('self-harm')],
  ['one that is a ladder too', 'fever', { ...both('fever'), ctcae: 'fever' }],
  ['an emergency with its system', `${OURS}/emergency|fever`, both('fever')],
  ['the item that asks one', 'ask-bleeding', both('bleeding')],
  ['an emergency of another system', `${OURS}/pro-ctcae|fever`, {}],
  ['a term of another system', 'http://loinc.org|PROCTCAE_16_COMP', {}],
  ['an item of another system', `${OURS}/ctcae|PROCTCAE_16A_SCL`, {}],
  ['a term of no system', '|PROCTCAE_16_COMP', {}],
  ['a ladder', 'anemia', { ctcae: 'anemia' }],
  ['a ladder with its system', `${OURS}/ctcae|anemia`, { ctcae: 'anemia' }],
  ['one version of it', 'anemia@6.0', { ctcae: 'anemia@6.0' }],
  ['a version that nobody has', 'anemia@4.0', {}],
  ['a version, and more', 'anemia@6.0@', {}],
  ['a version without the term', 'wheezing@6.0', {}],
  ['the version with it', 'wheezing@5.0', { ctcae: 'wheezing@5.0' }],
  ['a ladder of another system', 'http://loinc.org|anemia', {}],
  ['a number that no term has', 'PROCTCAE_99_COMP', {}],
  ['a ladder of a symptom', 'nausea', { ctcae: 'nausea' }],
  ['a word', 'sickness', {}],
  ['nothing', '', {}],
];

for (const [name, asked, expected] of cases) {
  t.test(name, async (t) => {
    for (const level of ['item', 'composite', 'ctcae'] as const)
      t.equal(followedAs(asked, level), expected[level], level);
  });
}
