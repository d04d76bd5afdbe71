import { readFileSync } from 'node:fs';
import type { PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import t from 'tap';
import { FhirError } from '../../src/fhir/errors.ts';
import { checkPolicy, compilePolicy, isPolicy, policyDigest } from '../../src/rules/policy.ts';
import { DURATIONS, FUNCTIONS, OBJECTS, VALUES } from '../../src/rules/policy-language.ts';
import { action, demonstration, flagPriority, graded, plan } from './builders.ts';

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

t.test('docs/policies.md names every variable, property, function and duration, and no other', async (t) => {
  const text = readFileSync('docs/policies.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(%[^`]+)` \| ([a-zA-Z]+) \|/gm)].map(([, path, type]) => `${path} ${type}`);
  const expected = [
    ...Object.entries(OBJECTS).flatMap(([name, { properties }]) =>
      Object.entries(properties).map(([property, { type }]) => `%${name}.${property} ${type}`),
    ),
    ...Object.entries(VALUES).map(([name, { type }]) => `%${name} ${type}`),
  ];
  t.same(rows.toSorted(), expected.toSorted());
  for (const name of FUNCTIONS) t.match(text, `\`${name}()\``);
  for (const name of DURATIONS) t.match(text, name);
});
