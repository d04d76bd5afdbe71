import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { CtcaeVersion, Finding } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import { CTCAE_ANSWER } from '../../../src/rules/gradings/ctcae-answer-items.ts';
import { answerFieldsOf, GRADED_BY_ANSWERS } from '../../../src/rules/gradings/ctcae-answers.ts';
import { CTCAE_DATA, CTCAE_VERSIONS } from '../../../src/rules/gradings/ctcae-data.ts';
import { answeredEmergencies, emergenciesOf } from '../../../src/rules/gradings/emergency.ts';
import { EMERGENCY, DATA as EMERGENCY_DATA, EMERGENCY_TERMS } from '../../../src/rules/gradings/emergency-data.ts';
import { GRADINGS } from '../../../src/rules/gradings/index.ts';
import { reportingOf } from '../../../src/rules/gradings/monitoring.ts';
import { DATA as PRO_CTCAE_DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';
import { neverTrue } from '../../../src/rules/policy/can-be-true.ts';
import { SCALES } from '../../../src/rules/policy/scales.ts';
import { parse } from '../../../src/rules/policy/syntax.ts';
import { checkPolicy } from '../../../src/rules/policy.ts';
import { type Context, OBJECTS } from '../../../src/rules/policy-language.ts';
import { plan } from '../builders.ts';
import { ALL_CODES } from '../gradings/all-codes.ts';
import { anItem, graded, type Said } from '../gradings/by-hand.ts';

const AT = '2026-03-10T08:00:00.000Z';

/** Every item of the library, each answered by the same number; nothing answered by `undefined`. */
function reported(score: number | undefined): readonly Finding[] {
  const ids = PRO_CTCAE_DATA.items.terms.flatMap(({ items }) => items.map(({ itemId }) => itemId));
  const said = Object.fromEntries(ids.map((id) => [id, score && id.endsWith('_IND') ? 1 : score]));
  return [
    ...graded(ids, said),
    ...graded(['PROCTCAE_OTHER_IND', 'PROCTCAE_OTHER_TEXT'], { PROCTCAE_OTHER_IND: 1, PROCTCAE_OTHER_TEXT: 'hiccups' }),
  ];
}

/** Every question with yes or no that a CTCAE grade rests on, all answered alike. */
function structured(said: Said): readonly Finding[] {
  const codes = GRADED_BY_ANSWERS.flatMap((term) =>
    answerFieldsOf(term).flatMap(({ name, kind }) => (kind === 'boolean' ? [`${term}.${name}`] : [])),
  );
  const items = codes.map((code) => anItem(code, { type: 'boolean', codes: [{ system: CTCAE_ANSWER, code }] }));
  return graded(items, Object.fromEntries(codes.map((code) => [code, said])));
}

/** Every measurement of the table, with limits of normal, and as its own baseline. */
const measured: readonly Finding[] = CTCAE_DATA.entries.flatMap(({ inputs = [] }) =>
  inputs.flatMap(({ loinc, ucum: [unit = '1'] }) => {
    const value = { value: 38, unit };
    const baseline = () => ({ ...value, at: AT, source: { type: 'Observation', id: 'base', version: 1 } });
    const limits = { low: { value: 30, unit }, high: { value: 45, unit } };
    const input = { codings: [{ system: LOINC, code: loinc }], status: 'final', value, ...limits, baseline };
    return gradeMeasured(input, CTCAE_VERSIONS as readonly CtcaeVersion[], ALL_CODES);
  }),
);

/** Every emergency: asked and answered, declined or blank, as the ninth item of a form, measured, and said by an Observation. */
const emergencies: readonly Finding[] = [
  ...[true, false, undefined].flatMap((said) => {
    const items = EMERGENCY_TERMS.map(({ ask }) =>
      anItem(ask.code, { type: 'boolean', codes: [{ system: EMERGENCY, code: ask.code }] }),
    );
    return graded(items, Object.fromEntries(items.map(({ linkId }) => [linkId, said])));
  }),
  ...[0, 3].flatMap((said) => {
    const code = EMERGENCY_DATA.phq9Item9.loinc;
    return graded([anItem(code, { codes: [{ system: LOINC, code }], maxValue: 3 })], { [code]: said });
  }),
  ...[36.5, 39, 375].flatMap((value) => emergenciesOf([{ loinc: ['8310-5'], value, unit: 'Cel' }])),
  ...answeredEmergencies(
    EMERGENCY_TERMS.map(({ ask }) => ({
      code: { coding: [{ system: EMERGENCY, code: ask.code }] },
      valueBoolean: true,
    })),
  ),
];

const slot = (of: object) => {
  return { item: 'CarePlan/c/0', form: 'https://example.org/q', start: AT, day: '2026-03-10', ...of };
};
const monitored: readonly Finding[] = [
  ...reportingOf({ findings: reported(2), slots: [slot({})], seconds: 12 }, undefined).findings,
  ...reportingOf({ findings: [], slots: [slot({ missing: true })] }, undefined).findings,
];

const FINDINGS: Readonly<Record<string, readonly Finding[]>> = {
  'PRO-CTCAE, all 0': reported(0),
  'PRO-CTCAE, all 2': reported(2),
  'PRO-CTCAE, all 4': reported(4),
  'PRO-CTCAE, all blank': reported(undefined),
  'CTCAE from answers, all yes': structured(true),
  'CTCAE from answers, all no': structured(false),
  'CTCAE from measured values': measured,
  emergencies,
  'the reporting itself': monitored,
};

/** What a finding says of itself, each as a condition that is true of it. */
function told(finding: Finding): string[] {
  const context: Context = { finding, at: AT, day: AT.slice(0, 10), before: {}, patient: {} };
  const { term, system, version, kind } = finding;
  const itself = `%finding.system = '${system}' and %finding.version = '${version}' and %finding.kind = '${kind}' and %finding.term = '${term}'`;
  return Object.entries(OBJECTS.finding?.properties ?? {}).flatMap(([name, { get }]) => {
    const value = get(context);
    if (value === undefined) return [];
    const literal = typeof value === 'string' ? `'${value}'` : String(value);
    return [`%finding.${name} = ${literal}`, `%finding.${name}.exists()`].map((one) => `${itself} and ${one}`);
  });
}

for (const [name, findings] of Object.entries(FINDINGS)) {
  t.test(`what a finding says of itself can be true: ${name}`, async (t) => {
    const conditions = new Set(findings.flatMap(told));
    t.ok(conditions.size > 20, `${conditions.size}`);
    for (const condition of conditions) {
      const parsed = parse(condition);
      const fails = 'fault' in parsed ? parsed.fault : neverTrue(parsed.tree, SCALES);
      if (fails) t.fail(condition);
    }
  });
}

t.test('every grading has told something, and every property of a finding was there on one', async (t) => {
  const all = Object.values(FINDINGS).flat();
  const systems = new Set(all.map(({ system }) => system));
  for (const { data } of GRADINGS)
    t.ok(
      [...systems].some((system) => data.system === system),
      data.system,
    );
  const conditions = all.flatMap(told);
  for (const name of Object.keys(OBJECTS.finding?.properties ?? {}))
    t.ok(
      conditions.some((one) => one.endsWith(` and %finding.${name}.exists()`)),
      name,
    );
});

const sound = [
  "%finding.system = 'emergency' and %finding.presence = 1",
  "%finding.system = 'emergency' and %finding.presence = 0",
  "%finding.system = 'emergency' and %finding.term = 'fever' and %finding.presence.exists()",
];
const never = [
  "%finding.system = 'emergency' and %finding.presence = 2",
  "%finding.system = 'emergency' and %finding.severity.exists()",
  "%finding.system = 'ctcae' and %finding.presence = 1",
  "%finding.system = 'monitoring' and %finding.presence = 1",
];
t.test(
  'a policy may ask whether an emergency was said to be there, and of no other system save PRO-CTCAE',
  async (t) => {
    const issues = (expression: string) => checkPolicy(plan([{ id: 'one', expression }]));
    for (const expression of sound) t.same(issues(expression), [], expression);
    for (const expression of never) t.match(issues(expression), [{ code: 'value' }], expression);
  },
);
