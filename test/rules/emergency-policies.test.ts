import { readdirSync, readFileSync } from 'node:fs';
import type { PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import t from 'tap';
import type { Episode } from '../../src/rules/episode.ts';
import { fold } from '../../src/rules/episodes.ts';
import type { Finding, Outcome, Report, ReportFacts } from '../../src/rules/finding.ts';
import { emergenciesOf } from '../../src/rules/gradings/emergency.ts';
import { EMERGENCY, EMERGENCY_TERMS } from '../../src/rules/gradings/emergency-data.ts';
import type { MeasuredInput } from '../../src/rules/gradings/measured.ts';
import { checkPolicy, compilePolicy, type Policy } from '../../src/rules/policy.ts';

const PLANS = readdirSync('profiles/policies')
  .filter((file) => file.startsWith('emergency-'))
  .map((file): PlanDefinition => JSON.parse(readFileSync(`profiles/policies/${file}`, 'utf8')));
const POLICIES = PLANS.map(compilePolicy);

const THERE: Outcome = { kind: 'graded', grade: 1 };
const ABSENT: Outcome = { kind: 'graded', grade: 0 };
const OPEN: Outcome = { kind: 'at-least', min: 0, max: 1, missing: ['presence'] };
const BLANK: Outcome = { kind: 'not-gradable', reason: 'not-answered', missing: ['presence'] };

const said = (term: string, outcome: Outcome): Finding => ({
  term,
  system: 'emergency',
  version: '1',
  kind: 'emergency',
  outcome,
  attributes: {},
  dataQuality: [],
});

const treated = (treatments: Omit<NonNullable<ReportFacts['treatments']>, 'codes'>): ReportFacts => ({
  treatments: { ...treatments, codes: [] },
});

/** Reports of consecutive days, unless a day is given. */
function episodes(
  findings: readonly (readonly Finding[])[],
  facts?: ReportFacts,
  days?: readonly number[],
  policies = POLICIES,
): Episode[] {
  const reports = findings.map((all, index): Report => {
    const day = `2026-11-${String(days?.[index] ?? index + 1).padStart(2, '0')}`;
    return {
      source: { type: 'QuestionnaireResponse', id: `r${index}`, version: 1 },
      at: `${day}T${String(8 + index).padStart(2, '0')}:00:00.000Z`,
      day,
      baseline: false,
      findings: all,
      ...(facts ? { facts } : {}),
    };
  });
  return [...fold(reports, policies, {}).episodes];
}

const told = (finding: Finding, facts?: ReportFacts): string | undefined => episodes([[finding]], facts)[0]?.priority;

t.test('there is one policy for each emergency, sound, active, sourced, and woken by its term', async (t) => {
  t.strictSame(PLANS.map(({ id }) => id).sort(), EMERGENCY_TERMS.map(({ code }) => `emergency-${code}`).sort());
  for (const plan of PLANS) {
    const term = plan.id?.replace('emergency-', '');
    t.strictSame(checkPolicy(plan), []);
    t.equal(plan.status, 'active');
    t.ok(plan.relatedArtifact?.length && plan.relatedArtifact.every(({ citation }) => citation), `${term}: sources`);
    for (const { trigger = [] } of plan.action ?? []) {
      for (const { data } of trigger) {
        t.match(data, [{ codeFilter: [{ path: 'code', code: [{ system: EMERGENCY, code: term }] }] }]);
      }
    }
  }
});

const SURE = treated({ systemic: false, cellTherapy: false });
const cases: [term: string, facts: string, known: ReportFacts | undefined, priority: string | undefined][] = [
  ['fever', 'nothing is known', undefined, 'PH'],
  ['fever', 'it was asked and nothing is recorded', treated({}), 'PH'],
  ['fever', 'under systemic treatment', treated({ systemic: true }), 'PH'],
  ['fever', 'known to be under none', treated({ systemic: false }), undefined],
  ['fever', 'known to be under none, and never after cell therapy', SURE, undefined],
  ['fever', 'under none, after cell therapy', treated({ systemic: false, cellTherapy: true }), 'PH'],
  ['dyspnoea-at-rest', 'nothing is known', undefined, 'PH'],
  ['dyspnoea-at-rest', 'known to be under no treatment', SURE, 'PH'],
  ['confusion', 'nothing is known', undefined, 'PH'],
  ['confusion', 'after cell therapy', treated({ cellTherapy: true }), 'PH'],
  ['confusion', 'never after cell therapy', treated({ cellTherapy: false }), 'PM'],
  ['sleepiness', 'nothing is known', undefined, 'PH'],
  ['sleepiness', 'after cell therapy', treated({ cellTherapy: true }), 'PH'],
  ['sleepiness', 'never after cell therapy', treated({ cellTherapy: false }), undefined],
  ['bleeding', 'nothing is known', undefined, 'PH'],
  ['bleeding', 'known to be under no treatment', SURE, 'PH'],
  ['self-harm', 'nothing is known', undefined, 'PH'],
  ['self-harm', 'known to be under no treatment', SURE, 'PH'],
];
for (const [term, facts, known, priority] of cases) {
  t.test(`${term}, ${facts}: ${priority ?? 'no Flag'}`, async (t) => {
    t.equal(told(said(term, THERE), known), priority);
    for (const outcome of [ABSENT, OPEN, BLANK]) t.equal(told(said(term, outcome), known), undefined);
  });
}

t.test('a finding of another grading with the same code wakes none of them', async (t) => {
  t.equal(
    told({ ...said('fever', { kind: 'graded', grade: 3 }), system: 'ctcae', version: '5.0', kind: 'ladder' }),
    undefined,
  );
});

const temperatures: [celsius: number, priority: string | undefined][] = [
  [12, 'PM'],
  [33.9, 'PM'],
  [34, undefined],
  [37.9, undefined],
  [38, 'PH'],
  [50, 'PH'],
  [50.1, 'PM'],
  [375, 'PM'],
];
for (const [value, priority] of temperatures) {
  t.test(`a temperature of ${value} °C: ${priority ?? 'no Flag'}`, async (t) => {
    const [finding] = emergenciesOf([{ loinc: ['8310-5'], value, unit: 'Cel' }]);
    t.equal(finding && told(finding), priority);
  });
}

const unread: [
  value: number,
  unit: string | undefined,
  facts: ReportFacts | undefined,
  priority: string | undefined,
][] = [
  [38, undefined, undefined, 'PH'],
  [39.2, 'kg', undefined, 'PH'],
  [50, undefined, undefined, 'PH'],
  [100.4, undefined, undefined, 'PH'],
  [122, undefined, undefined, 'PH'],
  [37.9, undefined, undefined, 'PM'],
  [50.1, undefined, undefined, 'PM'],
  [100.3, undefined, undefined, 'PM'],
  [122.1, undefined, undefined, 'PM'],
  [39.2, undefined, treated({ systemic: false }), 'PM'],
  [39.2, undefined, treated({ systemic: false, cellTherapy: true }), 'PH'],
];
for (const [value, unit, facts, priority] of unread) {
  t.test(`a temperature of ${value} ${unit ?? 'without a unit'}: ${priority}, and never 0`, async (t) => {
    const [finding] = emergenciesOf([{ loinc: ['8310-5'], value, ...(unit ? { unit } : {}) }]);
    t.match(finding?.outcome, { kind: 'not-gradable', reason: 'unit-unknown' });
    t.equal(finding && told(finding, facts), priority);
  });
}

type Bound = '<' | '<=' | '>' | '>=';
const degrees = (value: number, more: { upTo?: number; comparator?: Bound } = {}) => ({ value, unit: 'Cel', ...more });
const between: [name: string, reading: Omit<MeasuredInput, 'loinc'>, priority: string | undefined][] = [
  ['from 38.5 to 39 °C', degrees(38.5, { upTo: 39 }), 'PH'],
  ['from 38 to 39 °C', degrees(38, { upTo: 39 }), 'PH'],
  ['from 37.9 to 39 °C', degrees(37.9, { upTo: 39 }), 'PM'],
  ['from 37.5 to 38.5 °C', degrees(37.5, { upTo: 38.5 }), 'PM'],
  ['from 36 to 38 °C', degrees(36, { upTo: 38 }), 'PM'],
  ['from 36 to 37.9 °C', degrees(36, { upTo: 37.9 }), undefined],
  ['from 20 to 37 °C', degrees(20, { upTo: 37 }), 'PM'],
  ['of 38 °C or above', degrees(38, { comparator: '>=' }), 'PH'],
  ['above 37.8 °C', degrees(37.8, { comparator: '>' }), 'PM'],
  ['of 39 °C or below', degrees(39, { comparator: '<=' }), 'PM'],
  ['of 38 °C or below', degrees(38, { comparator: '<=' }), 'PM'],
  ['below 38 °C', degrees(38, { comparator: '<' }), undefined],
  ['from 99 to 101 °F', { value: 99, upTo: 101, unit: '[degF]' }, 'PM'],
  ['from 100.4 to 101 °F', { value: 100.4, upTo: 101, unit: '[degF]' }, 'PH'],
  ['from 38.5 to 39 without a unit', { value: 38.5, upTo: 39 }, 'PH'],
  ['from 36 to 39 without a unit', { value: 36, upTo: 39 }, 'PM'],
  ['that is a text or a code', { unclear: true }, 'PM'],
];
for (const [name, reading, priority] of between) {
  t.test(`a temperature ${name}: ${priority ?? 'no Flag'}`, async (t) => {
    const [finding = said('fever', ABSENT)] = emergenciesOf([{ loinc: ['8310-5'], ...reading }]);
    t.equal(told(finding), priority);
    t.equal(told(finding, treated({ systemic: true })), priority);
    t.equal(
      told(finding, SURE),
      reading.value === 38.5 && reading.unit === undefined ? 'PM' : priority === 'PH' ? undefined : priority,
    );
  });
}

t.test('a temperature that does not tell is heard beside one that does', async (t) => {
  const normal = { loinc: ['8310-5'], value: 36.8, unit: 'Cel' };
  for (const [other, priority] of [
    [{ unclear: true as const }, 'PM'],
    [{ value: 39 }, 'PH'],
    [{ value: 12, unit: 'Cel' }, 'PM'],
    [{ value: 37, unit: 'Cel' }, undefined],
  ] as const) {
    const [finding = said('fever', THERE)] = emergenciesOf([normal, { loinc: ['8310-5'], ...other }]);
    t.equal(told(finding), priority);
  }
});

t.test('a result without a number tells nobody anything', async (t) => {
  const [finding] = emergenciesOf([{ loinc: ['8310-5'] }]);
  t.equal(finding && told(finding), undefined);
});

const closings: [name: string, outcomes: Outcome[], days: number[], open: boolean][] = [
  ['nothing more is said', [THERE], [1], true],
  ['one no', [THERE, ABSENT], [1, 2], true],
  ['two noes of one day', [THERE, ABSENT, ABSENT], [1, 2, 2], true],
  ['two noes of two days', [THERE, ABSENT, ABSENT], [1, 2, 3], false],
  ['a no and a blank', [THERE, ABSENT, BLANK], [1, 2, 3], true],
  ['two reports that leave it open', [THERE, OPEN, OPEN], [1, 2, 3], true],
  ['a no, a yes, a no', [THERE, ABSENT, THERE, ABSENT], [1, 2, 3, 4], true],
  ['a no, a yes, two noes', [THERE, ABSENT, THERE, ABSENT, ABSENT], [1, 2, 3, 4, 5], false],
];
for (const [name, outcomes, days, open] of closings) {
  t.test(`every emergency ${open ? 'stays open' : 'closes'} after ${name}`, async (t) => {
    for (const { code } of EMERGENCY_TERMS) {
      const all = episodes(
        outcomes.map((outcome) => [said(code, outcome)]),
        undefined,
        days,
      );
      t.strictSame(
        all.map(({ status }) => status),
        [open ? 'open' : 'closed'],
        code,
      );
    }
  });
}

const DEMONSTRATION = compilePolicy(JSON.parse(readFileSync('profiles/policies/demonstration.json', 'utf8')));

/** A policy of one action, of whatever finding. */
const general = (code: string, expression: string, emergencies = false): Policy => {
  const [example] = PLANS;
  const [action] = example?.action ?? [];
  const trigger = emergencies
    ? action?.trigger
    : [{ type: 'data-added' as const, data: [{ type: 'QuestionnaireResponse' as const }] }];
  return compilePolicy({
    ...(example as PlanDefinition),
    url: 'https://hospital.example/PlanDefinition/general',
    action: [
      {
        ...action,
        ...(code === 'close' ? { extension: [] } : { extension: action?.extension }),
        trigger,
        code: [{ coding: [{ system: 'https://vigie.example/fhir/CodeSystem/policy-action', code }] }],
        condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression } }],
      } as PlanDefinitionAction,
    ],
  });
};

const withoutClose = PLANS.map((plan) =>
  compilePolicy({ ...plan, action: plan.action?.filter(({ id }) => id !== 'close') }),
);
const closers: [name: string, policy: Policy, closes: boolean][] = [
  ['the demonstration policy, which names no system', DEMONSTRATION, false],
  ['a policy of all that is calm', general('close', '%finding.complete and %episode.calmDays >= 1'), false],
  ['one that names another system', general('close', "%finding.system != 'ctcae' and %episode.calmDays >= 1"), false],
  ['one that names emergencies', general('close', "%finding.system = 'emergency' and %episode.calmDays >= 1"), true],
  ['one that is woken by its code alone', general('close', '%episode.calmDays >= 1', true), true],
];
for (const [name, policy, closes] of closers) {
  t.test(`an emergency is ${closes ? '' : 'not '}closed by ${name}`, async (t) => {
    const all = episodes(
      [THERE, ABSENT, ABSENT].map((outcome) => [said('bleeding', outcome)]),
      undefined,
      undefined,
      [...withoutClose, policy],
    );
    t.strictSame(
      all.map(({ status, priority }) => [status, priority]),
      [[closes ? 'closed' : 'open', 'PH']],
    );
  });
}

t.test('nor is it lowered by a policy that speaks of findings in general', async (t) => {
  const lower = general('de-escalate', '%finding.complete and %finding.grade = 0');
  const [episode] = episodes([[said('bleeding', THERE)], [said('bleeding', ABSENT)]], undefined, undefined, [
    ...withoutClose,
    lower,
  ]);
  t.equal(episode?.priority, 'PH');
});

t.test('a fever after one that is closed is another Flag', async (t) => {
  const all = episodes([THERE, ABSENT, ABSENT, THERE].map((outcome) => [said('fever', outcome)]));
  t.strictSame(
    all.map(({ status, priority }) => [status, priority]),
    [
      ['closed', 'PH'],
      ['open', 'PH'],
    ],
  );
});

t.test('a temperature that was not believed, then a fever: the same Flag at high priority', async (t) => {
  const [strange = said('fever', BLANK)] = emergenciesOf([{ loinc: ['8310-5'], value: 375, unit: 'Cel' }]);
  t.strictSame(
    episodes([[strange], [said('fever', THERE)]]).map(({ status, priority }) => [status, priority]),
    [['open', 'PH']],
  );
});
