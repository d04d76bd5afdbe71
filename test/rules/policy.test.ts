import { readdirSync, readFileSync } from 'node:fs';
import type { PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import t from 'tap';
import { FhirError } from '../../src/fhir/errors.ts';
import { checkPolicy, compilePolicy, isPolicy, policyDigest } from '../../src/rules/policy.ts';
import { DURATIONS, FUNCTIONS, OBJECTS, type Property, VALUES } from '../../src/rules/policy-language.ts';
import { action, demonstration, flagPriority, graded, plan, translation } from './builders.ts';

const OPEN = { id: 'one' } as const;

t.test('a sound policy has no faults, and neither has the one that we ship', async (t) => {
  t.same(checkPolicy(plan([OPEN, { id: 'two', code: 'close', expression: '%episode.calmDays >= 2' }])), []);
  t.same(checkPolicy(demonstration()), []);
  t.ok(isPolicy(demonstration()));
  t.notOk(isPolicy({ ...demonstration(), type: { coding: [{ system: 'http://example.org', code: 'eca-rule' }] } }));
  t.notOk(isPolicy({ resourceType: 'PlanDefinition', status: 'active' }));
});

/** The action with some of its elements changed; `undefined` takes one away. */
const but = (over: Record<string, unknown>): PlanDefinition =>
  plan([], { action: [JSON.parse(JSON.stringify({ ...action(OPEN), ...over })) as PlanDefinitionAction] });

const trigger = (over: Record<string, unknown>) => ({
  trigger: [{ type: 'data-added', data: [{ type: 'QuestionnaireResponse' }], ...over }],
});
const FILTER = 'PlanDefinition.action[0].trigger[0].data[0].codeFilter[0]';
const USAGE = 'http://terminology.hl7.org/CodeSystem/usage-context-type';
const filter = (type: string, path: string, code: object[], over: Record<string, unknown> = {}) =>
  trigger({ data: [{ type, codeFilter: [{ path, ...(code.length > 0 ? { code } : {}), ...over }] }] });
const condition = (over: Record<string, unknown>) => ({
  condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression: 'true' }, ...over }],
});

const faulty: [name: string, plan: PlanDefinition, expression: string, code: string, diagnostics: RegExp][] = [
  ['no url', plan([OPEN], { url: undefined }), 'PlanDefinition.url', 'required', /needs a url/],
  ['no version', plan([OPEN], { version: undefined }), 'PlanDefinition.version', 'required', /needs a version/],
  ['a bar in the version', plan([OPEN], { version: '1|2' }), 'PlanDefinition.version', 'value', /holds no "\|"/],
  ['no action', plan([]), 'PlanDefinition.action', 'required', /at least one action/],
  ['a library', plan([OPEN], { library: ['http://x'] }), 'PlanDefinition.library', 'not-supported', /not acted on/],
  [
    'an effective period',
    plan([OPEN], { effectivePeriod: { start: '2026' } }),
    'PlanDefinition.effectivePeriod',
    'not-supported',
    /not acted on/,
  ],
  [
    'a goal',
    plan([OPEN], { goal: [{ description: { text: 'x' } }] }),
    'PlanDefinition.goal',
    'not-supported',
    /^goal is/,
  ],
  [
    'a subject by code',
    plan([OPEN], { subjectCodeableConcept: { text: 'x' } }),
    'PlanDefinition.subjectCodeableConcept',
    'not-supported',
    /^subjectCodeableConcept is .* useContext/,
  ],
  [
    'a subject by reference',
    plan([OPEN], { subjectReference: { reference: 'Group/x' } }),
    'PlanDefinition.subjectReference',
    'not-supported',
    /^subjectReference is .* useContext/,
  ],
  [
    'rules that it was made by',
    plan([OPEN], { implicitRules: 'http://x' }),
    'PlanDefinition.implicitRules',
    'not-supported',
    /^implicitRules is/,
  ],
  [
    'an extension that changes the meaning of the policy',
    plan([OPEN], { modifierExtension: [{ url: 'http://x', valueBoolean: true }] }),
    'PlanDefinition.modifierExtension',
    'not-supported',
    /^modifierExtension is/,
  ],
  [
    'one of an action',
    but({ modifierExtension: [{ url: 'http://x', valueBoolean: true }] }),
    'PlanDefinition.action[0].modifierExtension',
    'not-supported',
    /^modifierExtension is/,
  ],
  [
    'one of a condition',
    but(condition({ modifierExtension: [{ url: 'http://x', valueBoolean: true }] })),
    'PlanDefinition.action[0].condition[0].modifierExtension',
    'not-supported',
    /^modifierExtension is/,
  ],
  [
    'an expression that is elsewhere',
    but(condition({ expression: { language: 'text/fhirpath', expression: 'true', reference: 'http://x' } })),
    'PlanDefinition.action[0].condition[0].expression.reference',
    'not-supported',
    /^reference is/,
  ],
  ['two actions of one id', plan([OPEN, OPEN]), 'PlanDefinition.action[1].id', 'duplicate', /earlier action/],
  ['no id', but({ id: undefined }), 'PlanDefinition.action[0].id', 'required', /needs an id/],
  [
    'an id that is a key of objects',
    but({ id: '__proto__' }),
    'PlanDefinition.action[0].id',
    'value',
    /letters, digits/,
  ],
  ['no code', but({ code: undefined }), 'PlanDefinition.action[0].code', 'required', /here are 0/],
  [
    'a code of another system',
    but({ code: [{ coding: [{ system: 'http://x', code: 'open' }] }] }),
    'PlanDefinition.action[0].code',
    'required',
    /here are 0/,
  ],
  [
    'a misspelt code',
    plan([{ id: 'one', code: 'esclate' as 'open' }]),
    'PlanDefinition.action[0].code',
    'code-invalid',
    /did you mean escalate\?/,
  ],
  [
    'no priority where it opens',
    but({ extension: undefined }),
    'PlanDefinition.action[0].extension',
    'required',
    /here are 0/,
  ],
  [
    'two priorities',
    but({ extension: [flagPriority('PH'), flagPriority('PM')] }),
    'PlanDefinition.action[0].extension',
    'required',
    /here are 2/,
  ],
  [
    'a priority that is none',
    but({ extension: [flagPriority('PX')] }),
    'PlanDefinition.action[0].extension',
    'code-invalid',
    /PN, PL, PM, PH; here: PX/,
  ],
  [
    'a priority where it closes',
    plan([], { action: [{ ...action({ id: 'one', code: 'close' }), extension: [flagPriority('PH')] }] }),
    'PlanDefinition.action[0].extension',
    'value',
    /closes has no priority/,
  ],
  ['no trigger', but({ trigger: undefined }), 'PlanDefinition.action[0].trigger', 'required', /needs a trigger/],
  [
    'a periodic trigger',
    but(trigger({ type: 'periodic' })),
    'PlanDefinition.action[0].trigger[0].type',
    'not-supported',
    /not "periodic"/,
  ],
  [
    'a trigger without data',
    but(trigger({ data: undefined })),
    'PlanDefinition.action[0].trigger[0].data',
    'required',
    /trd-3/,
  ],
  [
    'a trigger of another type',
    but(trigger({ data: [{ type: 'Condition' }] })),
    'PlanDefinition.action[0].trigger[0].data[0].type',
    'not-supported',
    /QuestionnaireResponse or Observation, not by "Condition"/,
  ],
  [
    'a trigger of two kinds of data',
    but(trigger({ data: [{ type: 'QuestionnaireResponse' }, { type: 'Observation' }] })),
    'PlanDefinition.action[0].trigger[0].data',
    'not-supported',
    /a trigger for each/,
  ],
  [
    'a trigger with a timing too',
    but(trigger({ timingTiming: {} })),
    'PlanDefinition.action[0].trigger[0].timingTiming',
    'not-supported',
    /trd-1/,
  ],
  [
    'a filter on another path',
    but(filter('QuestionnaireResponse', 'status', [{ code: 'https://example.org/Questionnaire/a' }])),
    `${FILTER}.path`,
    'not-supported',
    /has the path "questionnaire", not "status"/,
  ],
  ['a filter without codes', but(filter('Observation', 'code', [])), `${FILTER}.code`, 'required', /lists the codes/],
  [
    'a filter by value set',
    but(filter('Observation', 'code', [{ system: 'http://loinc.org', code: '718-7' }], { valueSet: 'http://x' })),
    `${FILTER}.valueSet`,
    'not-supported',
    /list its codes/,
  ],
  [
    'a date filter',
    but(trigger({ data: [{ type: 'Observation', dateFilter: [{ path: 'effective' }] }] })),
    'PlanDefinition.action[0].trigger[0].data[0].dateFilter',
    'not-supported',
    /say it in the condition/,
  ],
  [
    'a form by a relative reference',
    but(filter('QuestionnaireResponse', 'questionnaire', [{ code: 'Questionnaire/a' }])),
    `${FILTER}.code[0].code`,
    'value',
    /no canonical/,
  ],
  [
    'a form with a system',
    but(filter('QuestionnaireResponse', 'questionnaire', [{ system: 'http://x', code: 'http://x/Questionnaire/a' }])),
    `${FILTER}.code[0]`,
    'value',
    /by code alone/,
  ],
  [
    'a LOINC code with a wrong check digit',
    but(filter('Observation', 'code', [{ system: 'http://loinc.org', code: '718-8' }])),
    `${FILTER}.code[0].code`,
    'code-invalid',
    /check digit/,
  ],
  [
    'a code of a system that nothing is graded by',
    but(filter('Observation', 'code', [{ system: 'http://snomed.info/sct', code: '1' }])),
    `${FILTER}.code[0].system`,
    'code-invalid',
    /loinc/,
  ],
  [
    'a misspelt term',
    but(filter('Observation', 'code', [{ system: 'https://vigie.example/fhir/CodeSystem/emergency', code: 'fevr' }])),
    `${FILTER}.code[0].code`,
    'code-invalid',
    /did you mean fever\?/,
  ],
  [
    'a version of CTCAE that is not held',
    but(
      filter('Observation', 'code', [
        { system: 'https://vigie.example/fhir/CodeSystem/ctcae', code: 'anemia', version: '4.03' },
      ]),
    ),
    `${FILTER}.code[0].version`,
    'code-invalid',
    /5\.0, 6\.0/,
  ],
  [
    'a context that is not acted on',
    plan([OPEN], { useContext: [{ code: { system: USAGE, code: 'venue' }, valueCodeableConcept: { text: 'x' } }] }),
    'PlanDefinition.useContext[0].code',
    'not-supported',
    /not acted on here/,
  ],
  [
    'a program that is no study',
    plan([OPEN], {
      useContext: [{ code: { system: USAGE, code: 'program' }, valueReference: { reference: 'Group/1' } }],
    }),
    'PlanDefinition.useContext[0].valueReference',
    'value',
    /ResearchStudy/,
  ],
  [
    'a focus without a code',
    plan([OPEN], { useContext: [{ code: { system: USAGE, code: 'focus' }, valueCodeableConcept: { text: 'lung' } }] }),
    'PlanDefinition.useContext[0].valueCodeableConcept',
    'value',
    /A focus is/,
  ],
  [
    'a trigger with a condition',
    but(trigger({ condition: { language: 'text/fhirpath' } })),
    'PlanDefinition.action[0].trigger[0].condition',
    'not-supported',
    /not acted on/,
  ],
  ['no condition', but({ condition: undefined }), 'PlanDefinition.action[0].condition', 'required', /here are 0/],
  [
    'a stop condition',
    but(condition({ kind: 'stop' })),
    'PlanDefinition.action[0].condition[0].kind',
    'not-supported',
    /not "stop"/,
  ],
  [
    'CQL',
    but(condition({ expression: { language: 'text/cql', expression: 'true' } })),
    'PlanDefinition.action[0].condition[0].expression.language',
    'not-supported',
    /not "text\/cql"/,
  ],
  [
    'no expression',
    but(condition({ expression: { language: 'text/fhirpath' } })),
    'PlanDefinition.action[0].condition[0].expression.expression',
    'required',
    /needs an expression/,
  ],
  [
    'actions within actions',
    but({ action: [action(OPEN)] }),
    'PlanDefinition.action[0].action',
    'not-supported',
    /action of its own/,
  ],
  [
    'a request priority',
    but({ priority: 'urgent' }),
    'PlanDefinition.action[0].priority',
    'not-supported',
    /use the extension/,
  ],
  [
    'a definition',
    but({ definitionCanonical: 'http://x' }),
    'PlanDefinition.action[0].definitionCanonical',
    'not-supported',
    /not acted on/,
  ],
];

t.test('each fault is told with its place', async (t) => {
  for (const [name, plan, expression, code, diagnostics] of faulty) {
    t.match(checkPolicy(plan), [{ severity: 'error', expression, code, diagnostics }], name);
    t.equal(checkPolicy(plan).length, 1, `${name}: alone`);
  }
});

t.test('a fault in an expression has the place in the expression too, and refuses with 422', async (t) => {
  const bad = plan([
    OPEN,
    { id: 'two', expression: '%finding.grade >= 3 and\n %finding.grde = 1' },
    { id: 'three', expression: 'now()' },
  ]);
  const expected = [
    {
      code: 'value',
      expression: 'PlanDefinition.action[1].condition[0].expression.expression',
      diagnostics: 'Action two, line 2, column 11: property "grde" of %finding is not known here; did you mean grade?',
    },
    { code: 'not-supported', expression: 'PlanDefinition.action[2].condition[0].expression.expression' },
  ];
  t.match(checkPolicy(bad), expected);
  try {
    compilePolicy(bad);
    t.fail('it compiled');
  } catch (error) {
    t.ok(error instanceof FhirError);
    t.match(error, { status: 422, issues: expected });
  }
});

t.test('the digest is of the content, not of where and how it stands', async (t) => {
  const digest = policyDigest(plan([OPEN]));
  t.match(digest, /^[0-9a-f]{64}$/);
  t.equal(policyDigest(plan([OPEN], { id: 'x', meta: { versionId: '3' }, status: 'retired', date: '2026' })), digest);
  t.equal(policyDigest(plan([OPEN], { text: { status: 'generated', div: '<div/>' } })), digest);
  t.not(policyDigest(plan([{ id: 'one', expression: '%finding.min >= 2' }])), digest);
  t.not(policyDigest(plan([{ id: 'one', priority: 'PH' }])), digest);
  t.not(policyDigest(plan([OPEN], { title: 'Another' })), digest);
});

t.test('the translation of a title is no part of the digest; what else stands beside it is', async (t) => {
  const titled = plan([OPEN], { title: 'Nausea', description: 'Why' });
  const beside = (extension: object[]): PlanDefinition => {
    const shadow = { _title: { extension }, _description: { extension } };
    return { ...titled, ...shadow, action: titled.action?.map((one) => ({ ...one, ...shadow })) };
  };
  const french = translation('fr', 'Nausées');
  const other = { url: 'https://example.org/reviewed-by', valueString: 'board' };
  t.equal(policyDigest(beside([french])), policyDigest(titled));
  t.equal(policyDigest(beside([french, translation('en', 'Nausea')])), policyDigest(titled));
  t.equal(policyDigest(beside([french, other])), policyDigest(beside([other])));
  t.not(policyDigest(beside([other])), policyDigest(titled));
  t.match(beside([french]), { _title: { extension: [french] } }, 'the policy itself is left as it is');
});

t.test('only the actions that come into question are asked, in their order', async (t) => {
  const policy = compilePolicy(
    plan([
      { id: 'close', code: 'close' },
      { id: 'low', priority: 'PL' },
      { id: 'high', priority: 'PH' },
      { id: 'up', code: 'escalate' },
      { id: 'down', code: 'de-escalate' },
    ]),
  );
  t.equal(policy.canonical, 'https://example.org/PlanDefinition/test|1');
  const context = { finding: graded(3), at: '2026-01-01T00:00:00.000Z', day: '2026-01-01', before: {}, patient: {} };
  const asked = (which: Parameters<typeof policy.evaluate>[0]) =>
    policy.evaluate(which, context).map(({ action }) => action);
  t.same(asked({ open: 'none' }), ['low', 'high']);
  t.same(asked({ open: 'PN', mayClose: true }), ['close', 'low', 'high', 'up', 'down']);
  t.same(asked({ open: 'PL', mayClose: true }), ['close', 'high', 'up', 'down']);
  t.same(asked({ open: 'PM', mayClose: false }), ['high', 'up', 'down']);
  t.same(asked({ open: 'PH', mayClose: false }), ['up', 'down']);
  t.same(policy.evaluate({ open: 'none' }, context)[1], {
    policy: policy.canonical,
    action: 'high',
    code: 'open',
    priority: 'PH',
    value: true,
  });
});

t.test('what is only said of a policy, and an extension that is not known, is let through', async (t) => {
  const extension = [{ url: 'https://example.org/reviewed-by', valueString: 'board' }];
  const said: Record<string, unknown> = {
    extension,
    _title: { extension },
    identifier: [{ value: 'x' }],
    subtitle: 'x',
    experimental: true,
    date: '2026-01-01',
    publisher: 'x',
    contact: [{ name: 'x' }],
    jurisdiction: [{ text: 'x' }],
    purpose: 'x',
    usage: 'x',
    copyright: 'x',
    approvalDate: '2026-01-01',
    lastReviewDate: '2026-01-01',
    topic: [{ text: 'x' }],
    author: [{ name: 'x' }],
    editor: [{ name: 'x' }],
    reviewer: [{ name: 'x' }],
    endorser: [{ name: 'x' }],
    relatedArtifact: [{ type: 'citation', display: 'x' }],
  };
  t.same(checkPolicy(plan([OPEN], said as Partial<PlanDefinition>)), []);
  const expression = {
    language: 'text/fhirpath',
    expression: '%finding.min >= 3',
    name: 'x',
    description: 'x',
    extension,
  };
  t.same(checkPolicy(but(condition({ extension, expression }))), []);
});

t.test('docs/policies.md names every variable, property, function and duration, and no other', async (t) => {
  const text = readFileSync('docs/policies.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(%[^`]+)` \| ([a-zA-Z]+) \| (.*?) \| (.*) \|$/gm)].map(([, ...cells]) =>
    cells.join(' | '),
  );
  const expected = [
    ...Object.entries(OBJECTS).flatMap(([name, { properties }]) => {
      // Said once for all that are alike: `%lastN` of the five, `%symptoms.<term>` of every term.
      if (/^last[3-6]$/.test(name)) return [];
      if (name === 'symptoms') return [];
      return Object.entries(properties).map(([property, spec]) => rowOf(`%${name}.${property}`, spec));
    }),
    ...Object.entries(VALUES).map(([name, spec]) => rowOf(`%${name}`, spec)),
  ];
  const symptoms = /^%symptoms\.<term> \| integer/;
  t.same(rows.filter((row) => !symptoms.test(row)).toSorted(), expected.toSorted());
  t.equal(rows.filter((row) => symptoms.test(row)).length, 1);
  for (const name of FUNCTIONS) t.match(text, `\`${name}()\``);
  for (const name of DURATIONS) t.match(text, name);
});

/** A row of the table of variables: path, type, unit with range or values, and what it holds. */
function rowOf(path: string, { type, unit, range, values, doc }: Property): string {
  const words = values && (values.length > 8 ? 'codes' : values.map((value) => `\`${value}\``).join(' '));
  const what = [unit && `\`${unit}\``, range?.join('-'), words].filter((part) => part !== undefined).join(', ');
  const row = [path, type, what, doc].join(' | ');
  return path.startsWith('%last2.')
    ? row.replace('%last2', '%lastN').replace('0-2', '0-N').replace('0-8', '0-4N').replace('most 2', 'most N')
    : row;
}

t.test('the five windows of the last reports, and the terms, are alike', async (t) => {
  for (const n of [2, 3, 4, 5, 6]) {
    t.same(Object.keys(OBJECTS[`last${n}`]?.properties ?? {}), Object.keys(OBJECTS.last2?.properties ?? {}));
    t.same(OBJECTS[`last${n}`]?.properties.sum?.range, [0, 4 * n]);
  }
  const terms = OBJECTS.symptoms?.properties ?? {};
  t.same(new Set(Object.values(terms).map(({ type }) => type)), new Set(['integer']));
  t.match(terms, {
    PROCTCAE_9_COMP: { range: [0, 3] },
    anemia_6_0: { range: [0, 4] },
    dyspnoea_at_rest: { range: [0, 1] },
  });
});

t.test('a policy says what it needs to be told', async (t) => {
  const needs = (expression: string, over: Partial<PlanDefinition> = {}) =>
    [...compilePolicy(plan([{ id: 'one', expression }], over)).needs].sort();
  t.same(needs('%finding.grade > 1 and %previous.exists()'), []);
  t.same(needs('%finding.grade > 1 and %patient.gender.exists()'), ['patient']);
  t.same(needs('%last3.worst > 1'), ['recent']);
  t.same(needs('%persistence.days1 > 1 and %burden.area > 2'), ['burden', 'recent']);
  t.same(needs('%expected.exists()'), ['expected']);
  t.same(needs('%treatment.systemic and %symptoms.PROCTCAE_9_COMP > 1'), ['facts', 'symptoms']);
  t.same(needs('true', { useContext: [treatment('L01')] }), ['facts']);
});

const treatment = (code: string) => ({
  code: { system: 'https://vigie.example/fhir/CodeSystem/policy-context', code: 'treatment' },
  valueCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code }] },
});

t.test('numbers may be left open in a draft, and only there', async (t) => {
  const open = (status: PlanDefinition['status']) =>
    plan([{ id: 'one', expression: '%finding.grade >= %fill.severe' }], { status });
  t.same(checkPolicy(open('draft')), []);
  for (const status of ['active', 'retired', 'unknown'] as const) {
    t.match(checkPolicy(open(status)), [
      { code: 'value', diagnostics: /%fill stands for a number that is still open/ },
    ]);
  }
  const context = { finding: graded(3), at: '2026-01-01T00:00:00.000Z', day: '2026-01-01', before: {}, patient: {} };
  t.match(compilePolicy(open('draft')).evaluate({ open: 'none' }, context), [{ value: 'undecided' }]);
});

t.test('the policies that ship: those in draft have open numbers, the others are whole', async (t) => {
  for (const name of readdirSync('profiles/policies')) {
    const shipped: PlanDefinition = JSON.parse(readFileSync(`profiles/policies/${name}`, 'utf8'));
    t.same(checkPolicy(shipped), [], name);
    t.equal(shipped.status, name.startsWith('draft-') ? 'draft' : 'active', name);
    if (shipped.status !== 'draft') continue;
    t.match(checkPolicy({ ...shipped, status: 'active' }), [{ code: 'value' }], `${name} cannot be released as it is`);
    t.match(shipped.description, /from memory|nobody has published/i, `${name} says how far it is trusted`);
    t.match(shipped.purpose, /clinical lead/, `${name} says what to fill in`);
    t.ok(shipped.relatedArtifact?.length, `${name} names its source`);
    const filled: PlanDefinition = JSON.parse(JSON.stringify(shipped).replaceAll(/%fill\.\w+/g, '2'));
    t.same(checkPolicy({ ...filled, status: 'active' }), [], `${name} can be released once it is filled in`);
  }
});
