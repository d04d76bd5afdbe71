import t from 'tap';
import { eq5d5l } from '../../../../src/rules/gradings/scores/eq-5d-5l.ts';
import { esasR } from '../../../../src/rules/gradings/scores/esas-r.ts';
import { g8 } from '../../../../src/rules/gradings/scores/g8.ts';
import { gad7 } from '../../../../src/rules/gradings/scores/gad-7.ts';
import { gp5 } from '../../../../src/rules/gradings/scores/gp5.ts';
import { hads } from '../../../../src/rules/gradings/scores/hads.ts';
import { ice } from '../../../../src/rules/gradings/scores/ice.ts';
import { phq9 } from '../../../../src/rules/gradings/scores/phq-9.ts';
import type { ScoreGrading } from '../../../../src/rules/gradings/scores/score.ts';
import { addingUpTo, asked, everyAnswer, type Given, scored } from './by-code.ts';

const codesOf = ({ data }: ScoreGrading, score: string) => data.scores.find(({ code }) => code === score)?.items ?? [];

const bands: [grading: ScoreGrading, score: string, total: number, band: string, screen?: boolean][] = [
  [phq9, 'PHQ9_TOTAL', 0, 'minimal', false],
  [phq9, 'PHQ9_TOTAL', 4, 'minimal', false],
  [phq9, 'PHQ9_TOTAL', 5, 'mild', false],
  [phq9, 'PHQ9_TOTAL', 9, 'mild', false],
  [phq9, 'PHQ9_TOTAL', 10, 'moderate', true],
  [phq9, 'PHQ9_TOTAL', 14, 'moderate', true],
  [phq9, 'PHQ9_TOTAL', 15, 'moderately-severe', true],
  [phq9, 'PHQ9_TOTAL', 19, 'moderately-severe', true],
  [phq9, 'PHQ9_TOTAL', 20, 'severe', true],
  [phq9, 'PHQ9_TOTAL', 27, 'severe', true],
  [gad7, 'GAD7_TOTAL', 0, 'minimal', false],
  [gad7, 'GAD7_TOTAL', 4, 'minimal', false],
  [gad7, 'GAD7_TOTAL', 5, 'mild', false],
  [gad7, 'GAD7_TOTAL', 9, 'mild', false],
  [gad7, 'GAD7_TOTAL', 10, 'moderate', true],
  [gad7, 'GAD7_TOTAL', 14, 'moderate', true],
  [gad7, 'GAD7_TOTAL', 15, 'severe', true],
  [gad7, 'GAD7_TOTAL', 21, 'severe', true],
  ...(['HADS_A', 'HADS_D'] as const).flatMap((score): [ScoreGrading, string, number, string][] => [
    [hads, score, 0, 'normal'],
    [hads, score, 7, 'normal'],
    [hads, score, 8, 'borderline'],
    [hads, score, 10, 'borderline'],
    [hads, score, 11, 'case'],
    [hads, score, 21, 'case'],
  ]),
];
for (const [grading, score, total, band, screen] of bands) {
  t.test(`${score} of ${total} is ${band}`, async (t) => {
    const result = scored(grading, addingUpTo(total, codesOf(grading, score), 3))[score];
    t.strictSame(result, {
      system: grading.data.system,
      version: grading.data.version,
      code: score,
      ...(result?.loinc ? { loinc: result.loinc } : {}),
      value: total,
      missing: [],
      band,
      ...(screen === undefined ? {} : { screenPositive: screen }),
      unit: '{score}',
    });
  });
}

const single: [grading: ScoreGrading, code: string, value: number, band: string | undefined][] = [
  [esasR, 'ESAS_PAIN', 0, 'below-moderate'],
  [esasR, 'ESAS_PAIN', 3, 'below-moderate'],
  [esasR, 'ESAS_PAIN', 4, undefined],
  [esasR, 'ESAS_PAIN', 5, 'moderate'],
  [esasR, 'ESAS_PAIN', 6, 'moderate'],
  [esasR, 'ESAS_PAIN', 7, 'severe'],
  [esasR, 'ESAS_OTHER', 10, 'severe'],
  [gp5, 'GP5', 0, 'low-bother'],
  [gp5, 'GP5', 2, 'low-bother'],
  [gp5, 'GP5', 3, 'high-bother'],
  [gp5, 'GP5', 4, 'high-bother'],
  [eq5d5l, 'EQ5D5L_VAS', 0, undefined],
  [eq5d5l, 'EQ5D5L_VAS', 100, undefined],
];
for (const [grading, code, value, band] of single) {
  t.test(`${code} of ${value} is ${band ?? 'in no band'}`, async (t) => {
    const result = scored(grading, { [code]: value })[code];
    t.equal(result?.value, value);
    t.equal(result?.band, band);
  });
}

t.test('a single item that is skipped has no value, no range and no band', async (t) => {
  t.strictSame(scored(gp5, {}).GP5, {
    system: 'fact-gp5',
    version: '1',
    code: 'GP5',
    missing: ['GP5'],
    reason: 'not-answered',
    unit: '{score}',
  });
});

const ALL: Given = {
  G8_FOOD: 2,
  G8_WEIGHT: 3,
  G8_MOBILITY: 2,
  G8_NEURO: 2,
  G8_BMI: 3,
  G8_DRUGS: 1,
  G8_HEALTH: 2,
  G8_AGE: 2,
};
const geriatric: [name: string, given: Given, value: number, screen: boolean][] = [
  ['all at their best is 17', ALL, 17, false],
  ['14.5 is above the cut-off', { ...ALL, G8_HEALTH: 0.5, G8_BMI: 2 }, 14.5, false],
  ['14 asks for an assessment', { ...ALL, G8_WEIGHT: 0 }, 14, true],
  ['13.5 asks for one too', { ...ALL, G8_WEIGHT: 1, G8_HEALTH: 0.5 }, 13.5, true],
];
for (const [name, given, value, screen] of geriatric) {
  t.test(`G8: ${name}`, async (t) => {
    t.match(scored(g8, given).G8_TOTAL, { value, screenPositive: screen, missing: [] });
  });
}

t.test(
  'PHQ-9 with one item skipped has no total, though the prorated one would be 18: that rule is a draft',
  async (t) => {
    const codes = codesOf(phq9, 'PHQ9_TOTAL');
    const { PHQ9_4, ...rest } = Object.fromEntries(codes.map((code) => [code, 2]));
    t.equal(PHQ9_4, 2);
    const result = scored(phq9, rest).PHQ9_TOTAL;
    t.strictSame(result, {
      system: 'phq-9',
      version: '2001',
      code: 'PHQ9_TOTAL',
      loinc: '44261-6',
      missing: ['PHQ9_4'],
      reason: 'incomplete',
      range: { min: 16, max: 19 },
      band: 'moderately-severe',
      screenPositive: true,
      unit: '{score}',
    });
    t.match(
      phq9.data.drafts.find(({ id }) => id === 'prorating'),
      { status: 'draft', signedBy: null, fillIn: /signed/ },
    );
  },
);

t.test('item 9 stands first and by itself, whatever else is unanswered', async (t) => {
  const form = scored(phq9, { PHQ9_9: 1 });
  t.equal(Object.keys(form)[0], 'PHQ9_9');
  t.match(form.PHQ9_9, { value: 1, missing: [] });
  t.match(form.PHQ9_TOTAL, { reason: 'incomplete', range: { min: 1, max: 25 } });
  t.equal(form.PHQ9_TOTAL?.value, undefined);
  t.match(scored(phq9, { PHQ9_1: 3 }).PHQ9_9, { reason: 'not-answered', missing: ['PHQ9_9'] });
});

t.test('ICE has no total with an item missing: neither zero points nor full ones', async (t) => {
  const all = { ICE_ORIENTATION: 4, ICE_NAMING: 3, ICE_COMMANDS: 1, ICE_WRITING: 1, ICE_ATTENTION: 1 };
  t.match(scored(ice, all).ICE_TOTAL, { value: 10, missing: [] });
  const { ICE_WRITING, ...rest } = all;
  t.equal(ICE_WRITING, 1);
  const result = scored(ice, rest).ICE_TOTAL;
  t.match(result, { missing: ['ICE_WRITING'], reason: 'incomplete', range: { min: 9, max: 10 } });
  t.equal(result?.value, undefined);
});

t.test('with any items missing, range, band and screening are those of every completion', async (t) => {
  for (const grading of [phq9, gad7, g8, ice]) {
    const spec = grading.data.scores.at(-1);
    const items = grading.data.items.filter(({ code }) => spec?.items.includes(code));
    // Three neighbours at a time stay open, the others answered low, in the middle and high.
    for (let from = 0; from + 3 <= items.length; from++) {
      const open = items.slice(from, from + 3);
      for (const pick of [0, 0.5, 1]) {
        const given = Object.fromEntries(
          items
            .filter((item) => !open.includes(item))
            .map(({ code, values }) => {
              const list = values as readonly number[];
              return [code, list[Math.round(pick * (list.length - 1))]];
            }),
        );
        const found = scored(grading, given)[spec?.code ?? ''];
        const every = [...everyAnswer(open)].map((more) => scored(grading, { ...given, ...more })[spec?.code ?? '']);
        const totals = every.map((score) => score?.value ?? Number.NaN);
        t.strictSame(found?.range, { min: Math.min(...totals), max: Math.max(...totals) }, `${spec?.code} ${from}`);
        t.equal(found?.band, common(every.map((score) => score?.band)), `${spec?.code} band`);
        t.equal(found?.screenPositive, common(every.map((score) => score?.screenPositive)), `${spec?.code} screening`);
        t.equal(found?.value, undefined);
        t.strictSame(
          found?.missing,
          open.map(({ code }) => code),
        );
      }
    }
  }
});

function common<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

t.test('the four kinds of absence of an item have their own reasons', async (t) => {
  const all = Object.fromEntries(codesOf(gad7, 'GAD7_TOTAL').map((code) => [code, 1]));
  const items = gad7.data.items.map((of) => asked(of));
  const hidden = scored(gad7, { ...all, GAD7_3: { hiddenBy: ['GAD7_2'] } }).GAD7_TOTAL;
  t.match(hidden, { reason: 'not-asked', missing: ['GAD7_3'], range: { min: 6, max: 9 } });
  const left = scored(gad7, all, items.slice(0, 2)).GAD7_TOTAL;
  t.match(left, { reason: 'not-asked', range: { min: 2, max: 17 } }, 'the two items of a shorter form are no total');
  t.equal(scored(gad7, {}).GAD7_TOTAL?.reason, 'not-answered');
  const declined = {
    valueCoding: { system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'asked-declined' },
  };
  const option = { value: declined, system: declined.valueCoding.system, code: 'asked-declined' };
  const withOptOut = items.map((item) => ({ ...item, options: [...(item.options ?? []), option] }));
  t.match(scored(gad7, { ...all, GAD7_3: declined }, withOptOut).GAD7_TOTAL, {
    reason: 'opted-out',
    missing: ['GAD7_3'],
  });
  t.match(
    scored(gad7, {
      ...all,
      GAD7_3: [
        { valueCoding: { system: 'http://example.org/scale', code: 'v1' } },
        { valueCoding: { system: 'http://example.org/scale', code: 'v2' } },
      ],
    }).GAD7_TOTAL,
    { reason: 'ambiguous-item', missing: ['GAD7_3'] },
  );
  t.strictSame(
    scored(gad7, all, [asked({ code: 'X', label: '', values: [0, 1] })]),
    {},
    'a form without its items has no score',
  );
});
