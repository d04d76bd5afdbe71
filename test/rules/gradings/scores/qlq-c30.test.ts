import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { qlqC30 } from '../../../../src/rules/gradings/scores/qlq-c30.ts';
import { asked, inOrder, scored } from './by-code.ts';

const scaleOf = (scale: string) => qlqC30.data.scores.find(({ code }) => code === `QLQC30_${scale}`)?.items ?? [];
const score = (scale: string, answers: readonly (number | undefined)[]) =>
  scored(qlqC30, inOrder(scaleOf(scale), answers))[`QLQC30_${scale}`];

const { vectors } = qlqC30.data as unknown as {
  vectors: { scale: string; answers: (number | null)[]; score: number | null }[];
};
t.equal(vectors.length, 5);
for (const { scale, answers, score: expected } of vectors) {
  t.test(`published: ${scale} of ${answers.map((answer) => answer ?? '-')} is ${expected ?? 'none'}`, async (t) => {
    t.equal(
      score(
        scale,
        answers.map((answer) => answer ?? undefined),
      )?.value,
      expected ?? undefined,
    );
  });
}

const cases: [name: string, scale: string, answers: (number | undefined)[], value: number | undefined][] = [
  ['a function scale at its best is 100', 'EF', [1, 1, 1, 1], 100],
  ['a function scale at its worst is 0', 'EF', [4, 4, 4, 4], 0],
  ['a symptom scale without symptoms is 0', 'PA', [1, 1], 0],
  ['a symptom scale at its worst is 100', 'PA', [4, 4], 100],
  ['global health at its worst is 0', 'QL2', [1, 1], 0],
  ['global health at its best is 100', 'QL2', [7, 7], 100],
  ['half of two items is enough', 'RF2', [undefined, 2], 66.666667],
  ['half of four items is enough', 'EF', [2, 2, undefined, undefined], 66.666667],
  ['one of four is too few', 'EF', [2, undefined, undefined, undefined], undefined],
  ['three of five is enough', 'PF2', [1, 1, 4, undefined, undefined], 66.666667],
  ['two of five is too few', 'PF2', [1, 1, undefined, undefined, undefined], undefined],
  ['a single item', 'FI', [2], 33.333333],
];
for (const [name, scale, answers, value] of cases) {
  t.test(`${name}`, async (t) => {
    const result = score(scale, answers);
    t.equal(result?.value, value);
    t.strictSame(
      result?.missing,
      scaleOf(scale).filter((_, index) => answers[index] === undefined),
    );
    t.equal(result?.reason, value === undefined ? 'incomplete' : undefined);
  });
}

t.test('every scale goes from 0 to 100, the right way round, and stays within', async (t) => {
  for (const { code, items, ...spec } of qlqC30.data.scores) {
    const top = code === 'QLQC30_QL2' ? 7 : 4;
    const at = (answer: number) => scored(qlqC30, Object.fromEntries(items.map((item) => [item, answer])))[code]?.value;
    const good = (spec as unknown as { type: string }).type === 'function' ? [100, 0] : [0, 100];
    t.strictSame([at(1), at(top)], good, code);
    for (let answer = 1; answer <= top; answer++) t.ok((at(answer) ?? -1) >= 0 && (at(answer) ?? 101) <= 100);
  }
});

t.test('a whole form has fifteen scales, an empty one none with a value', async (t) => {
  const all = Object.fromEntries(qlqC30.data.items.map(({ code }) => [code, 1]));
  t.equal(Object.values(scored(qlqC30, all)).filter(({ value }) => value !== undefined).length, 15);
  const none = Object.values(scored(qlqC30, {}));
  t.equal(none.length, 15);
  t.ok(none.every(({ value, reason }) => value === undefined && reason === 'not-answered'));
});

t.test('an item that the form leaves out or hides is not one that was skipped', async (t) => {
  const items = qlqC30.data.items
    .filter(({ code }) => ['QLQC30_10', 'QLQC30_12'].includes(code))
    .map((of) => asked(of));
  const scores = scored(qlqC30, { QLQC30_10: 2, QLQC30_12: 2 }, items);
  t.strictSame(Object.keys(scores), ['QLQC30_FA'], 'only scales of which something is asked');
  t.match(scores.QLQC30_FA, { reason: 'not-asked', missing: ['QLQC30_18'] });
  const hidden = scored(qlqC30, { QLQC30_10: 2, QLQC30_12: 2, QLQC30_18: { hiddenBy: ['QLQC30_10'] } });
  t.match(hidden.QLQC30_FA, { reason: 'not-asked', missing: ['QLQC30_18'] });
});

t.test('the summary score and the thresholds for clinical importance are drafts', async (t) => {
  t.strictSame(
    qlqC30.data.drafts.map(({ id, signedBy }) => [id, signedBy]),
    [
      ['recall', null],
      ['summary-score', null],
      ['clinical-importance', null],
    ],
  );
});

t.test('scales and vectors are those of the table of facts', { skip: !existsSync('../shared/clinical') }, async (t) => {
  const { instruments } = JSON.parse(readFileSync('../shared/clinical/other-proms.json', 'utf8'));
  const table = instruments.find(({ id }: { id: string }) => id === 'qlq-c30');
  t.strictSame(vectors, table.vectors);
  t.strictSame(
    qlqC30.data.scores.map(({ code, items }) => [code.slice(7), items.map((item) => Number(item.slice(7)))]),
    table.scales.map(({ code, items }: { code: string; items: number[] }) => [code, items]),
  );
});
