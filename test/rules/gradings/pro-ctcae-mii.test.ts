import t from 'tap';
import { NCIT, PRO_CTCAE } from '../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem } from '../../../src/fhir/questionnaire.ts';
import { checkGradingItems } from '../../../src/rules/grade.ts';
import { DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';
import { MII, MII_ITEMS } from '../../../src/rules/gradings/pro-ctcae-mii.ts';
import { aForm, anItem, graded, type Said } from './by-hand.ts';

const KIND = { frq: 'frequency', sev: 'severity', int: 'interference', yn: 'presence' } as const;
const answer = (code: string): AnswerOption => ({
  value: { valueCoding: { system: MII, code } },
  system: MII,
  code,
});
const chosen = (code: string) => ({ valueCoding: { system: MII, code } });

/** An item as the German guide writes it: its code, its answers, no weights. The linkId says nothing. */
function miiItem(code: string, linkId = `q-${code}`, differs: Partial<CompiledItem> = {}): CompiledItem {
  const kind = KIND[code.slice(code.lastIndexOf('-') + 1) as keyof typeof KIND];
  const options = Array.from({ length: kind === 'presence' ? 2 : 5 }, (_, value) =>
    answer(`proctcae-${kind}-${value}`),
  );
  return anItem(linkId, {
    type: 'choice',
    codes: [{ system: MII, code }],
    options: [...options, answer('proctcae-optout-prefer-not-to-answer')],
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });
}

t.test('all 124 items have one German code each, and every one of them is graded', async (t) => {
  const codes = [...MII_ITEMS.keys()];
  t.equal(codes.length, DATA.items.counts.items);
  t.equal(new Set([...MII_ITEMS.values()].map(({ itemId }) => itemId)).size, codes.length);
  t.strictSame(checkGradingItems(aForm(codes.map((code) => miiItem(code)))), []);
});

t.test('a response in German codes is graded as the same one in ours, answer by answer', async (t) => {
  for (const { items } of DATA.items.terms) {
    const pairs = items.map(({ itemId }) => {
      const [code = ''] = [...MII_ITEMS].find(([, meaning]) => meaning.itemId === itemId) ?? [];
      return { itemId, code, kind: KIND[code.slice(code.lastIndexOf('-') + 1) as keyof typeof KIND] };
    });
    const top = pairs.some(({ kind }) => kind === 'presence') ? 1 : 4;
    for (const scores of every(top, pairs.length)) {
      const ours: Record<string, Said> = {};
      const german: Record<string, Said> = {};
      pairs.forEach(({ itemId, kind }, index) => {
        const score = scores[index];
        if (score === undefined) return;
        ours[itemId] = score;
        german[itemId] = chosen(`proctcae-${kind}-${score}`);
      });
      const expected = graded(
        pairs.map(({ itemId }) => itemId),
        ours,
      );
      const is = graded(
        pairs.map(({ itemId, code }) => miiItem(code, itemId)),
        german,
      );
      if (JSON.stringify(is) !== JSON.stringify(expected)) t.strictSame(is, expected, `${pairs[0]?.itemId}: ${scores}`);
    }
  }
});

function every(top: number, length: number): (number | undefined)[][] {
  if (length === 0) return [[]];
  const values = [undefined, ...Array.from({ length: top + 1 }, (_, value) => value)];
  return every(top, length - 1).flatMap((head) => values.map((value) => [...head, value]));
}

t.test('an opt-out in German codes makes the term not gradable', async (t) => {
  const [finding] = graded([miiItem('proctcae-66a-sev', 'q')], { q: chosen('proctcae-optout-prefer-not-to-answer') });
  t.match(finding, {
    outcome: { kind: 'not-gradable', reason: 'opted-out' },
    attributes: { severity: { state: 'opted-out', code: 'optout-prefer-not-to-answer' } },
  });
});

t.test('hair loss is asked as an amount and answered on the scale of interference', async (t) => {
  const [finding] = graded([miiItem('proctcae-27a-int', 'q')], { q: chosen('proctcae-interference-2') });
  t.match(finding, { term: 'PROCTCAE_27_COMP', attributes: { amount: { state: 'answered', value: 2 } } });
});

const refused: [name: string, item: CompiledItem, says: RegExp][] = [
  [
    'answers of another attribute (in German, severity and interference have the same words)',
    miiItem('proctcae-03a-sev', 'q', { options: miiItem('proctcae-03b-int').options }),
    /answers interference or amount, not severity/,
  ],
  [
    'a weight that contradicts the code',
    miiItem('proctcae-15a-sev', 'q', {
      options: [1, 0, 2, 3, 4].map((ordinal, index) => ({ ...answer(`proctcae-severity-${index}`), ordinal })),
    }),
    /stands for 0 and 1 at once/,
  ],
  [
    'a German code and one of ours that disagree',
    miiItem('proctcae-15a-sev', 'q', {
      codes: [
        { system: MII, code: 'proctcae-15a-sev' },
        { system: PRO_CTCAE, code: 'PROCTCAE_16A_SCL' },
      ],
    }),
    /PROCTCAE_15A_SCL and PROCTCAE_16A_SCL/,
  ],
];
for (const [name, item, says] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    t.match(checkGradingItems(aForm([item])), [{ severity: 'error', diagnostics: says }]);
  });
}

t.test('German, NCIt and our own code may stand on one item', async (t) => {
  const codes = [
    { system: MII, code: 'proctcae-15a-sev' },
    { system: NCIT, code: 'C180065' },
    { system: PRO_CTCAE, code: 'PROCTCAE_15A_SCL' },
  ];
  t.strictSame(checkGradingItems(aForm([miiItem('proctcae-15a-sev', 'q', { codes })])), []);
});

t.test('a code of the German system that we do not know is told of a question, and not of a group', async (t) => {
  const codes = [{ system: MII, code: 'proctcae-ae-15' }];
  t.match(checkGradingItems(aForm([miiItem('proctcae-15a-sev', 'q', { codes })])), [
    { severity: 'warning', diagnostics: /proctcae-ae-15 of .* is not known to us/ },
  ]);
  t.strictSame(checkGradingItems(aForm([anItem('g', { type: 'group', codes })])), []);
});
