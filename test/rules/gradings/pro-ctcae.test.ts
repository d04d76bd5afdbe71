import t from 'tap';
import { PRO_CTCAE } from '../../../src/fhir/canonical.ts';
import type { AnswerOption } from '../../../src/fhir/questionnaire.ts';
import type { Outcome } from '../../../src/rules/finding.ts';
import { DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';
import { anItem, graded, type Said, weighted } from './by-hand.ts';

const A = (number: number) => `PROCTCAE_${number}A_SCL`;
const B = (number: number) => `PROCTCAE_${number}B_SCL`;
const C = (number: number) => `PROCTCAE_${number}C_SCL`;
const IND = (number: number) => `PROCTCAE_${number}A_IND`;
const OTHER_IND = 'PROCTCAE_OTHER_IND';
const OTHER_TEXT = 'PROCTCAE_OTHER_TEXT';
const optOut: AnswerOption = {
  value: { valueCoding: { system: PRO_CTCAE, code: 'optout-prefer-not-to-answer' } },
  system: PRO_CTCAE,
  code: 'optout-prefer-not-to-answer',
};
const declined = { valueCoding: { system: PRO_CTCAE, code: 'optout-prefer-not-to-answer' } };
const choice = (linkId: string, options: AnswerOption[]) =>
  anItem(linkId, { type: 'choice', options, minValue: undefined, maxValue: undefined });
const chosen = (code: string) => ({ valueCoding: { system: 'http://example.org/scale', code } });
const whole = (grade: number): Outcome => ({ kind: 'graded', grade });

const all = [A(17), B(17), C(17)];
const cases: [name: string, items: Parameters<typeof graded>[0], said: Record<string, Said>, expected: object][] = [
  // zero rules
  ['frequency 0 is grade 0, others unanswered', all, { [A(17)]: 0 }, { outcome: whole(0), dataQuality: [] }],
  [
    'frequency 0 with severity 2 is grade 0 and contradictory',
    all,
    { [A(17)]: 0, [B(17)]: 2 },
    { outcome: whole(0), dataQuality: ['contradictory'] },
  ],
  [
    'frequency 0 with severity 3 asks for review',
    all,
    { [A(17)]: 0, [B(17)]: 3 },
    { outcome: whole(0), dataQuality: ['contradictory', 'needs-review'] },
  ],
  [
    'frequency 0 with interference 4 alone is contradictory',
    all,
    { [A(17)]: 0, [B(17)]: 0, [C(17)]: 4 },
    { outcome: whole(0), dataQuality: ['contradictory'] },
  ],
  [
    'severity 0 with interference 1 in a group without frequency is contradictory',
    [A(53), B(53)],
    { [A(53)]: 0, [B(53)]: 1 },
    { outcome: whole(0), dataQuality: ['contradictory'] },
  ],
  [
    'severity 0 with interference 3 after frequency 1 is a row of the table',
    all,
    { [A(17)]: 1, [B(17)]: 0, [C(17)]: 3 },
    { outcome: whole(2), dataQuality: [] },
  ],
  // hidden by branching
  [
    'severity hidden because frequency is 0 is a true 0 that says why',
    [A(9), B(9)],
    { [A(9)]: 0, [B(9)]: { hiddenBy: [A(9)] } },
    {
      outcome: whole(0),
      dataQuality: [],
      attributes: { severity: { state: 'hidden', value: 0, linkId: B(9), because: A(9) } },
    },
  ],
  [
    'interference hidden because severity is 0 counts as 0 in the table',
    all,
    { [A(17)]: 2, [B(17)]: 0, [C(17)]: { hiddenBy: [B(17)] } },
    { outcome: whole(0), attributes: { interference: { state: 'hidden', value: 0, linkId: C(17), because: B(17) } } },
  ],
  [
    'interference hidden behind a hidden severity is a true 0',
    all,
    { [A(17)]: 0, [B(17)]: { hiddenBy: [A(17)] }, [C(17)]: { hiddenBy: [B(17)] } },
    { outcome: whole(0), attributes: { interference: { state: 'hidden', value: 0, linkId: C(17), because: B(17) } } },
  ],
  [
    'severity hidden though frequency is 1 was not asked',
    [A(9), B(9)],
    { [A(9)]: 1, [B(9)]: { hiddenBy: [A(9)] } },
    {
      outcome: { kind: 'at-least', min: 1, max: 2, missing: ['severity'] },
      attributes: { severity: { state: 'not-asked' } },
    },
  ],
  [
    'severity hidden by a question of another term was not asked, though that one is 0',
    [A(9), B(9), A(10), B(10)],
    { [A(9)]: 2, [B(9)]: { hiddenBy: [A(10)] }, [A(10)]: 0 },
    { attributes: { severity: { state: 'not-asked' } } },
  ],
  [
    'severity hidden because frequency was skipped is no zero',
    [A(9), B(9)],
    { [B(9)]: { hiddenBy: [A(9)] } },
    { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['frequency', 'severity'] } },
  ],
  [
    'a term that is wholly hidden was not asked',
    [A(9), B(9)],
    { [A(9)]: { hiddenBy: ['sex'] }, [B(9)]: { hiddenBy: ['sex'] } },
    { outcome: { kind: 'not-gradable', reason: 'not-asked', missing: ['frequency', 'severity'] } },
  ],
  // missing and not on the form
  [
    'a skipped interference leaves a range',
    all,
    { [A(17)]: 1, [B(17)]: 4 },
    {
      outcome: { kind: 'at-least', min: 2, max: 3, missing: ['interference'] },
      attributes: { interference: { state: 'missing', linkId: C(17) } },
    },
  ],
  [
    'a skipped frequency may have been 0',
    [A(9), B(9)],
    { [B(9)]: 4 },
    { outcome: { kind: 'at-least', min: 0, max: 3, missing: ['frequency'] } },
  ],
  [
    'an interference that the form does not ask is open too: no smaller table is used',
    [A(17), B(17)],
    { [A(17)]: 1, [B(17)]: 4 },
    {
      outcome: { kind: 'at-least', min: 2, max: 3, missing: ['interference'] },
      attributes: { interference: { state: 'not-asked' } },
    },
  ],
  [
    'nothing answered is not gradable',
    all,
    {},
    { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['frequency', 'severity', 'interference'] } },
  ],
  // opt-outs
  [
    'an opt-out is not gradable and keeps its code',
    [choice(A(68), [...weighted([0, 1, 2, 3, 4]), optOut])],
    { [A(68)]: declined },
    {
      outcome: { kind: 'not-gradable', reason: 'opted-out', missing: ['severity'] },
      attributes: { severity: { state: 'opted-out', linkId: A(68), code: 'optout-prefer-not-to-answer' } },
    },
  ],
  [
    'an opt-out is not imputed, even after frequency 0',
    [A(9), choice(B(9), [...weighted([0, 1, 2, 3, 4]), optOut])],
    { [A(9)]: 0, [B(9)]: declined },
    { outcome: { kind: 'not-gradable', reason: 'opted-out', missing: ['severity'] } },
  ],
  // answers
  [
    'a coding grades by its weight, not by its place',
    [choice(A(15), weighted([4, 3, 2, 1, 0]))],
    { [A(15)]: chosen('c0') },
    { outcome: whole(3) },
  ],
  [
    'a boolean answers a yes/no item',
    [anItem(IND(24), { type: 'boolean' })],
    { [IND(24)]: true },
    { kind: 'presence', outcome: whole(1) },
  ],
  ['a boolean no is a graded 0', [anItem(IND(24), { type: 'boolean' })], { [IND(24)]: false }, { outcome: whole(0) }],
  [
    'yes/no by integer',
    [IND(24)],
    { [IND(24)]: 1 },
    { outcome: whole(1), attributes: { presence: { state: 'answered', value: 1, linkId: IND(24) } } },
  ],
  [
    'a skipped yes/no is not 0',
    [IND(24)],
    {},
    { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['presence'] } },
  ],
  ['amount 4 is grade 2, its highest', [A(27)], { [A(27)]: 4 }, { kind: 'composite', outcome: whole(2) }],
  // ambiguity
  [
    'two items of one code make the term not gradable; the worst is kept to be seen',
    [A(15), anItem('again', { codes: [{ system: PRO_CTCAE, code: A(15) }] })],
    { [A(15)]: 1, again: 4 },
    {
      outcome: { kind: 'not-gradable', reason: 'ambiguous-item', missing: [] },
      dataQuality: ['ambiguous-item'],
      attributes: { severity: { state: 'answered', value: 4, linkId: 'again' } },
    },
  ],
  [
    'two answers to one item likewise',
    [anItem(A(15), { repeats: true })],
    { [A(15)]: [3, 1] },
    { outcome: { kind: 'not-gradable', reason: 'ambiguous-item', missing: [] }, dataQuality: ['ambiguous-item'] },
  ],
  [
    'one answer to a repeating item grades',
    [anItem(A(15), { repeats: true })],
    { [A(15)]: [3] },
    { outcome: whole(3), dataQuality: [] },
  ],
  // write-in symptoms
  [
    'text that was written is 1, and its words stay where they are',
    [OTHER_IND, OTHER_TEXT],
    { [OTHER_IND]: 1, [OTHER_TEXT]: 'Hoquet' },
    {
      term: 'PROCTCAE_OTHER',
      kind: 'text',
      outcome: whole(1),
      attributes: { text: { state: 'written', linkId: OTHER_TEXT } },
    },
  ],
  [
    'text is heard though the yes/no says no',
    [OTHER_IND, OTHER_TEXT],
    { [OTHER_IND]: 0, [OTHER_TEXT]: 'x' },
    { outcome: whole(1) },
  ],
  [
    'text is heard though two items carry the yes/no',
    [OTHER_IND, anItem('twice', { codes: [{ system: PRO_CTCAE, code: OTHER_IND }], maxValue: 1 }), OTHER_TEXT],
    { [OTHER_TEXT]: 'x' },
    { outcome: whole(1) },
  ],
  [
    'blank text is no text',
    [OTHER_TEXT],
    { [OTHER_TEXT]: ' \n' },
    { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['presence', 'text'] } },
  ],
  ['yes without words is 1', [OTHER_IND, OTHER_TEXT], { [OTHER_IND]: 1 }, { outcome: whole(1) }],
  [
    'no is 0',
    [OTHER_IND, OTHER_TEXT],
    { [OTHER_IND]: 0, [OTHER_TEXT]: { hiddenBy: [OTHER_IND] } },
    { outcome: whole(0), attributes: { text: { state: 'hidden', value: 0, linkId: OTHER_TEXT, because: OTHER_IND } } },
  ],
  [
    'neither answered is not gradable',
    [OTHER_IND, OTHER_TEXT],
    {},
    { outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['presence', 'text'] } },
  ],
];
for (const [name, items, said, expected] of cases) {
  t.test(name, async (t) => {
    t.match(graded(items, said)[0], expected);
  });
}

t.test('findings come in the order of the terms, one per term asked, and none for a form without codes', async (t) => {
  const findings = graded([A(53), B(53), OTHER_TEXT, A(9), B(9), IND(5)], {});
  t.strictSame(
    findings.map(({ term }) => term),
    ['PROCTCAE_5_COMP', 'PROCTCAE_9_COMP', 'PROCTCAE_53_COMP', 'PROCTCAE_OTHER'],
  );
  t.strictSame(graded([anItem('weight', { codes: [], maxValue: 300 })], { weight: 80 }), []);
});

t.test('each of the 179 rows of the table is graded as published, and complete', async (t) => {
  const number: Record<string, number> = { 'F+S+I': 17, 'F+S': 9, 'F+I': 18, 'S+I': 53, F: 16, S: 15, A: 27 };
  let rows = 0;
  for (const [group, table] of Object.entries(DATA.composite.tables)) {
    const term = number[group] ?? 0;
    for (const row of table.rows) {
      const scores = [row.f, row.s, row.i, row.a].filter((score) => score !== undefined);
      const links = [A(term), B(term), C(term)].slice(0, scores.length);
      const said = Object.fromEntries(links.map((link, index) => [link, scores[index]]));
      t.strictSame(graded(links, said)[0]?.outcome, whole(row.grade), `${group} ${scores.join()}`);
      rows += 1;
    }
  }
  t.equal(rows, 179);
});

t.test('every combination of known and skipped scores spans exactly what its completions give', async (t) => {
  const number: Record<string, number> = { 'F+S+I': 22, 'F+S': 10, 'F+I': 62, 'S+I': 8, F: 67, S: 1, A: 59 };
  for (const [group, table] of Object.entries(DATA.composite.tables)) {
    const term = number[group] ?? 0;
    const links = [A(term), B(term), C(term)].slice(0, table.attributes.length);
    const faults: string[] = [];
    for (const partial of every([0, 1, 2, 3, 4, undefined], links.length)) {
      if (partial.every((score) => score === undefined)) continue;
      const grades = every([0, 1, 2, 3, 4], links.length)
        .filter((full) => partial.every((score, index) => score === undefined || score === full[index]))
        .map((full) => published(table, full as number[]));
      const [min, max] = [Math.min(...grades), Math.max(...grades)];
      const outcome = graded(links, Object.fromEntries(links.map((link, index) => [link, partial[index]])))[0]?.outcome;
      const missing = table.attributes.filter((_, index) => partial[index] === undefined);
      const expected = min === max ? whole(min) : { kind: 'at-least', min, max, missing };
      if (JSON.stringify(outcome) !== JSON.stringify(expected)) faults.push(`${partial}: ${JSON.stringify(outcome)}`);
    }
    t.strictSame(faults, [], group);
  }
});

/** An independent reading of the published rows and zero rules, by search. */
function published(table: (typeof DATA.composite.tables)[string], scores: readonly number[]): number {
  const value = (letter: string) => scores[table.attributes.findIndex((attribute) => attribute.startsWith(letter))];
  if (value('f') === 0) return 0;
  if (value('f') === undefined && value('s') === 0) return 0;
  if (value('a') === 0) return 0;
  const row = table.rows.find(
    (one) => one.f === value('f') && one.s === value('s') && one.i === value('i') && one.a === value('a'),
  );
  if (!row) throw new Error(`no row ${scores}`);
  return row.grade;
}

function every<T>(values: readonly T[], length: number): T[][] {
  if (length === 0) return [[]];
  return every(values, length - 1).flatMap((head) => values.map((value) => [...head, value]));
}

t.test('a higher score never lowers the grade inside a table', async (t) => {
  for (const [group, table] of Object.entries(DATA.composite.tables)) {
    const falls = every([0, 1, 2, 3, 4], table.attributes.length).flatMap((scores) =>
      scores.flatMap((score, index) => {
        const worse = scores.with(index, score + 1);
        return score < 4 && published(table, worse) < published(table, scores) ? [`${scores} -> ${worse}`] : [];
      }),
    );
    t.strictSame(falls, [], group);
  }
});

t.test('the rows that surprise are as the source lists them', async (t) => {
  const of = (group: string, ...scores: number[]) => {
    const table = DATA.composite.tables[group];
    return table && published(table, scores);
  };
  t.strictSame(
    [1, 2].map((f) => [of('F+S+I', f, 0, 0), of('F+S', f, 0)]),
    [
      [0, 1],
      [0, 1],
    ],
  );
  t.strictSame(
    [1, 2, 3, 4].flatMap((f) => [of('F+S+I', f, 4, 0), of('F+S+I', f, 4, 1)]).slice(0, 6),
    [2, 2, 2, 2, 2, 2],
  );
  t.strictSame([of('S', 3), of('S', 4)], [3, 3]);
  t.strictSame(
    [1, 2, 3, 4].map((f) => of('F', f)),
    [1, 1, 2, 3],
  );
  t.strictSame([of('S+I', 3, 0), of('S+I', 4, 0), of('F+S', 4, 1)], [1, 2, 1]);
});

t.test('an answer that is none of the options is an error, never an absence', async (t) => {
  t.throws(
    () => graded([choice(A(15), weighted([0, 1, 2, 3, 4]))], { [A(15)]: chosen('c9') }),
    /PROCTCAE_15A_SCL is none of its options/,
  );
  t.throws(() => graded([IND(24)], { [IND(24)]: 4 }), /none of its options/);
});
