import type { DataRequirement } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { Finding } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import { ALREADY_READ } from '../../../src/rules/gradings/ctcae-codes.ts';
import { neverTrue } from '../../../src/rules/policy/can-be-true.ts';
import { checkExpression } from '../../../src/rules/policy/check-expression.ts';
import { compileExpression } from '../../../src/rules/policy/run-expression.ts';
import { SCALES, type Scale } from '../../../src/rules/policy/scales.ts';
import { parse } from '../../../src/rules/policy/syntax.ts';
import { checkPolicy } from '../../../src/rules/policy.ts';
import { type ActionCode, type Context, OBJECTS } from '../../../src/rules/policy-language.ts';
import { TERMS } from '../../../src/rules/resources/codes.ts';
import { often } from '../../support/often.ts';
import { action, answers, graded, plan, type Score } from '../builders.ts';
import { chance } from '../clinic.ts';
import { type Next, pick } from './reference.ts';

const RESPONSE: DataRequirement = { type: 'QuestionnaireResponse' };
const OBSERVATION: DataRequirement = { type: 'Observation' };
const coded = (...code: NonNullable<DataRequirement['codeFilter']>[number]['code'] & object[]): DataRequirement => ({
  type: 'Observation',
  codeFilter: [{ path: 'code', code }],
});
const pro = (...codes: string[]) => coded(...codes.map((code) => ({ system: TERMS['pro-ctcae'], code })));
const anaemia = (version?: string) =>
  coded({ system: TERMS.ctcae, code: 'anemia', ...(version === undefined ? {} : { version }) });
const NEUTROPHILS = coded({ system: LOINC, code: '26499-4' });
/** Of diarrhoea the form asks frequency alone, of nausea frequency and severity. */
const [DIARRHOEA, NAUSEA] = ['PROCTCAE_16_COMP', 'PROCTCAE_9_COMP'] as const;

const issuesOf = (expression: string, data: readonly DataRequirement[] = [RESPONSE], code: ActionCode = 'open') =>
  checkPolicy(
    plan([], {
      action: [
        {
          ...action({ id: 'one', code, expression }),
          trigger: data.map((one) => ({ type: 'data-added' as const, data: [one] })),
        },
      ],
    }),
  );

/** Each with its nearest neighbours that can be true. */
const cases: [never: string, data: DataRequirement[], may: (string | [string, DataRequirement[]])[]][] = [
  // one property, within one `and`
  [
    '%finding.severity >= 3 and %finding.severity < 3',
    [RESPONSE],
    ['%finding.severity >= 3 and %finding.severity <= 3', '%finding.severity >= 3 or %finding.severity < 3'],
  ],
  [
    '%finding.severity > 2 and (%finding.complete and %finding.severity < 3)',
    [RESPONSE],
    ['%finding.severity > 1 and (%finding.complete and %finding.severity < 3)'],
  ],
  ['%finding.severity = 1 and 2 = %finding.severity', [RESPONSE], ['%finding.severity = 2 and 2 = %finding.severity']],
  ['3 <= %previous.grade and 3 > %previous.grade', [RESPONSE], ['3 <= %previous.grade and 4 > %previous.grade']],
  ['%burden.area > 9.5 and %burden.area <= 9.5', [RESPONSE], ['%burden.area >= 9.5 and %burden.area <= 9.5']],
  ['%burden.area > 9.5 and %burden.area < 9.5', [RESPONSE], ['%burden.area > 9.5 and %burden.area < 9.500001']],
  ['%last3.atLeast2 > 1 and %last3.atLeast2 < 2', [RESPONSE], ['%last3.atLeast2 > 0 and %last3.atLeast2 < 2']],
  [
    '%finding.severity >= 3 and (%finding.severity < 2 or %finding.severity = 2)',
    [RESPONSE],
    ['%finding.severity >= 3 and (%finding.severity < 2 or %finding.severity = 3)'],
  ],
  [
    '(%finding.severity >= 3 and %finding.severity < 3) or (%finding.min > 2 and %finding.min < 3)',
    [RESPONSE],
    ['(%finding.severity >= 3 and %finding.severity < 3) or %finding.min > 2'],
  ],
  [
    "%episode.priority = 'PH' and %episode.priority = 'PM'",
    [RESPONSE],
    [
      "%episode.priority = 'PH' and %episode.priority != 'PM'",
      "%episode.priority = 'PH' or %episode.priority = 'PM'",
      "%episode.priority = 'PH' xor %episode.priority = 'PM'",
      "(%episode.priority = 'PH').not() and %episode.priority = 'PH'",
    ],
  ],
  ["%finding.unit = 'g/L' and %finding.unit = 'g/dL'", [OBSERVATION], ["%finding.unit = 'g/L' and %finding.value < 9"]],
  [
    "%episode.priority != 'PN' and %episode.priority != 'PL' and %episode.priority != 'PM' and %episode.priority != 'PH'",
    [RESPONSE],
    ["%episode.priority != 'PN' and %episode.priority != 'PL' and %episode.priority != 'PM'"],
  ],
  // the ends of one grade
  ['%finding.min >= 3 and %finding.max < 3', [RESPONSE], ['%finding.min < 3 and %finding.max >= 3']],
  ['%finding.grade = 2 and %finding.min < 2', [RESPONSE], ['%finding.grade = 2 and %finding.min <= 2']],
  ['%finding.grade = 2 and %finding.max > 2', [RESPONSE], ['%finding.grade = 2 and %finding.max >= 2']],
  ['%episode.max <= 1 and %episode.min > 1', [RESPONSE], ['%episode.max <= 1 and %finding.min > 1']],
  // what the terms do not have
  [
    "%finding.system = 'ctcae' and %finding.severity >= 3",
    [RESPONSE],
    [
      "%finding.system = 'pro-ctcae' and %finding.severity >= 3",
      "%finding.system = 'ctcae' and (%finding.severity.empty() or %finding.severity >= 3)",
      "%finding.system = 'ctcae' and (%finding.severity >= 3).not() implies %finding.complete",
    ],
  ],
  [
    "%finding.severity.exists() and %finding.kind = 'ladder'",
    [RESPONSE],
    ["%finding.kind = 'composite' and %finding.severity.exists()"],
  ],
  [
    "%finding.kind = 'composite' and %finding.presence + 1 > 1",
    [RESPONSE],
    ["%finding.kind = 'presence' and %finding.presence + 1 > 1"],
  ],
  ["%finding.kind = 'composite' and %finding.timesUpperLimit > 3", [RESPONSE], ['%finding.timesUpperLimit > 3']],
  [
    "%finding.system = 'monitoring' and %finding.timesUpperLimit > 3",
    [RESPONSE],
    ["%finding.system = 'emergency' and %finding.timesUpperLimit > 3"],
  ],
  [
    "%finding.system = 'monitoring' and %finding.term = 'missing-report' and %finding.items > 3",
    [RESPONSE],
    ["%finding.system = 'monitoring' and %finding.term = 'straight-lined' and %finding.items > 3"],
  ],
  [
    "%finding.system = 'monitoring' and %finding.term = 'straight-lined' and %finding.answeringTime > 3",
    [RESPONSE],
    ["%finding.system = 'monitoring' and %finding.term = 'implausibly-fast' and %finding.answeringTime > 3"],
  ],
  // what the triggers let through
  [
    '%finding.min >= 4',
    [pro(DIARRHOEA)],
    [
      ['%finding.min >= 3', [pro(DIARRHOEA)]],
      ['%finding.min >= 4', [anaemia()]],
      ['%finding.min >= 4', [pro(DIARRHOEA), anaemia()]],
      ['%finding.min >= 4', [RESPONSE]],
      ['%finding.min >= 4 or %finding.frequency >= 3', [pro(DIARRHOEA)]],
    ],
  ],
  ['%finding.severity >= 3', [pro(DIARRHOEA)], [['%finding.severity >= 3', [pro(DIARRHOEA, NAUSEA)]]]],
  [`%finding.term = '${DIARRHOEA}'`, [pro(NAUSEA)], [[`%finding.term != '${DIARRHOEA}'`, [pro(NAUSEA)]]]],
  [`%finding.term != '${NAUSEA}'`, [pro(NAUSEA)], [[`%finding.term != '${NAUSEA}'`, [pro(NAUSEA, DIARRHOEA)]]]],
  ["%finding.version = '6.0'", [anaemia('5.0')], [["%finding.version = '6.0'", [anaemia()]]]],
  ["%finding.system = 'pro-ctcae'", [NEUTROPHILS], [["%finding.system = 'pro-ctcae'", [NEUTROPHILS, RESPONSE]]]],
  [
    "%finding.kind = 'composite' and %finding.min >= 2",
    [OBSERVATION],
    [["%finding.kind = 'ladder' and %finding.min >= 2", [OBSERVATION]]],
  ],
  [
    '%finding.min >= 1',
    [{ type: 'Observation', codeFilter: [...(pro(NAUSEA).codeFilter ?? []), ...(pro(DIARRHOEA).codeFilter ?? [])] }],
    [['%finding.min >= 1', [pro(NAUSEA, DIARRHOEA)]]],
  ],
];

t.test('a condition that no finding makes true is refused, and its neighbours are not', async (t) => {
  for (const [never, data, neighbours] of cases) {
    t.match(
      issuesOf(never, data),
      [{ code: 'value', diagnostics: /^Action one, line 1, column \d+: .*(never true|let none through)/ }],
      never,
    );
    for (const one of neighbours) {
      const [expression, by] = typeof one === 'string' ? [one, data] : one;
      t.same(issuesOf(expression, by), [], expression);
    }
  }
});

t.test('what an action may not act on is no finding that it is asked of', async (t) => {
  const calm = "%finding.term = 'bleeding' and %finding.max = 0";
  t.match(issuesOf(calm, [RESPONSE], 'close'), [{ diagnostics: /never true/ }], 'it does not name emergencies');
  t.same(issuesOf(`%finding.system = 'emergency' and ${calm}`, [RESPONSE], 'close'), []);
  t.same(issuesOf(calm, [coded({ system: TERMS.emergency, code: 'bleeding' })], 'close'), []);
  t.same(issuesOf(calm, [RESPONSE], 'escalate'), [], 'to raise it may');
  const missing = "%finding.term = 'missing-report' and %finding.min >= 1";
  t.match(issuesOf(missing), [{ diagnostics: /never true/ }], 'it does not name the reporting');
  t.same(issuesOf(`%finding.system = 'monitoring' and ${missing}`), []);
});

t.test('the fault stands at the part by which nothing is left', async (t) => {
  t.match(issuesOf('%finding.complete and %finding.severity > 2\n  and %finding.severity < 3'), [
    { diagnostics: /line 2, column 25/ },
  ]);
});

t.test('a result below 0 is a multiple of nothing, so no multiple is below 0', async (t) => {
  const unit = 'U/L';
  const multiple = (value: number) => {
    const codings = [{ system: LOINC, code: '1742-6' }];
    const input = { codings, status: 'final', value: { value, unit }, high: { value: 40, unit } };
    const [finding = graded(0)] = gradeMeasured(input, ['5.0'], ALREADY_READ);
    const context = { finding, at: '2026-03-10T08:00:00.000Z', day: '2026-03-10', before: {}, patient: {} };
    return OBJECTS.finding?.properties.timesUpperLimit?.get(context);
  };
  t.equal(multiple(-5), undefined);
  t.equal(multiple(60), 1.5);
});

const SCORES: readonly Score[] = [0, 1, 2, 3, 4, 'missing'];
const NAMES = ['grade', 'min', 'max', 'frequency', 'severity', 'presence', 'items', 'timesUpperLimit'] as const;
const SAMPLE: readonly Scale[] = [NAUSEA, DIARRHOEA, 'PROCTCAE_5_COMP', 'anemia', 'fever', 'straight-lined'].flatMap(
  (term) => SCALES.find((scale) => scale.term === term) ?? [],
);

function comparison(next: Next): string {
  if (next(4) === 0) return `%finding.kind ${pick(next, ['=', '!='])} '${pick(next, SAMPLE).kind}'`;
  if (next(6) === 0) return `%finding.outcome ${pick(next, ['=', '!='])} '${pick(next, ['graded', 'at-least'])}'`;
  const sign = pick(next, ['=', '!=', '<', '<=', '>', '>=']);
  if (next(6) === 0) return `%finding.${pick(next, NAMES)} ${sign} %finding.${pick(next, NAMES)} + ${next(3)}`;
  return `%finding.${pick(next, NAMES)} ${sign} ${pick(next, [0, 1, 2, 3, 4, 1.5])}`;
}

function condition(next: Next, depth: number): string {
  if (depth === 0) return comparison(next);
  const [one, other] = [condition(next, depth - 1), condition(next, depth - 1)];
  if (next(8) === 0) return `(${one}).not()`;
  return `(${one}) ${pick(next, ['and', 'and', 'and', 'or', 'xor', 'implies'])} (${other})`;
}

function finding(next: Next): Finding {
  const { system, version, kind, term, highest, attributes } = pick(next, SAMPLE);
  const [low, high] = [next(highest + 1), next(highest + 1)];
  const scores = Object.fromEntries(
    attributes.map((name) => [name, name === 'presence' ? next(2) : pick(next, SCORES)]),
  );
  return {
    ...{ system, version, kind, term, dataQuality: [], attributes: answers(scores) },
    outcome: low < high ? { kind: 'at-least', min: low, max: high, missing: [] } : { kind: 'graded', grade: low },
    ...(system === 'ctcae' ? { measured: { loinc: '718-7', value: next(9) / 2, unit: 'g/L', high: 1 } } : {}),
    ...(system === 'monitoring' ? { monitored: { items: next(5) } } : {}),
  };
}

t.test('what is refused is never true, whatever the finding', async (t) => {
  const next = chance(20_261_123);
  const at = '2026-03-10T08:00:00.000Z';
  const contexts = Array.from({ length: 200 }, (): Context => {
    return { finding: finding(next), at, day: '2026-03-10', before: {}, patient: {} };
  });
  let refused = 0;
  for (let round = 0; round < often(1000); round++) {
    const expression = condition(next, 1 + next(2));
    const parsed = parse(expression);
    const among = next(2) ? SCALES : SAMPLE.filter(() => next(2) === 0);
    if ('fault' in parsed || !neverTrue(parsed.tree, among)) continue;
    refused += 1;
    const { mentions } = checkExpression(expression);
    const { run } = compileExpression(expression, mentions);
    const fired = contexts.find(
      (one) => among.some((scale) => scale.term === one.finding.term) && run(one).value === true,
    );
    if (fired) t.fail(`${expression} is true`, { finding: JSON.stringify(fired.finding) });
  }
  t.ok(refused > 100, `${refused} are refused`);
});
