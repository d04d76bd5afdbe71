import t from 'tap';
import codes from '../../../profiles/CodeSystem-pro-ctcae.json' with { type: 'json' };
import { labelsOf, OTHER } from '../../../src/rules/resources/labels.ts';
import { LABELS } from './r4.ts';

t.test('a term is known by its code in both languages, with its items by attribute', async (t) => {
  t.match(LABELS.term('PROCTCAE_9_COMP'), {
    en: 'Nausea',
    fr: 'Nausées',
    result: { en: 'Nausea: composite grade', fr: 'Nausées : grade composite' },
    items: { frequency: { code: 'PROCTCAE_9A_SCL' }, severity: { code: 'PROCTCAE_9B_SCL' } },
  });
  t.match(LABELS.item('PROCTCAE_9B_SCL'), { en: 'Nausea: severity', fr: 'Nausées : intensité', ncit: /^C\d+$/ });
});

t.test('a code that is not known labels itself', async (t) => {
  t.match(LABELS.term('PROCTCAE_999_COMP'), { en: 'PROCTCAE_999_COMP', fr: 'PROCTCAE_999_COMP', items: {} });
  t.equal(LABELS.item('PROCTCAE_999A_SCL'), undefined);
});

t.test('labels are the displays of the CodeSystem, for all terms and items', async (t) => {
  const designation = (concept: (typeof codes.concept)[number]) => concept.designation?.[0]?.value;
  let seen = 0;
  for (const concept of codes.concept) {
    const label =
      /_COMP$/.test(concept.code) || concept.code === OTHER
        ? LABELS.term(concept.code).result
        : LABELS.item(concept.code);
    if (!label) continue;
    seen += 1;
    t.equal(label.en, concept.display, concept.code);
    t.equal(label.fr, designation(concept), concept.code);
  }
  t.equal(seen, 80 + 124 + 3);
});

t.test('an attribute that we do not know is left out', async (t) => {
  const items = [{ itemId: 'X', attribute: 'toString' }];
  const labels = labelsOf({ terms: [{ number: 1, term: 'Dry mouth', termFr: 'Bouche sèche', items }] });
  t.same(labels.term('PROCTCAE_1_COMP').items, {});
  t.match(labels.term(OTHER).items.presence, { code: 'PROCTCAE_OTHER_IND' });
  t.notOk(labels.term(OTHER).items.presence?.ncit);
});
