import { readdirSync, readFileSync } from 'node:fs';
import type { CodeSystem, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { fold } from '../../src/rules/episodes.ts';
import { explain } from '../../src/rules/explain.ts';
import { french } from '../../src/rules/explain-french.ts';
import { variableName } from '../../src/rules/explain-variables.ts';
import type { DataQuality, Finding, NotGradable, Report } from '../../src/rules/finding.ts';
import { checkPolicy, compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { OBJECTS, VALUES } from '../../src/rules/policy-language.ts';
import { decisionRecord, readRecord } from '../../src/rules/record.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { englishIn } from '../support/english.ts';
import { atLeast, contradictory, graded, notGradable, other, plan, presence, report } from './builders.ts';

const labels = allLabels();

const shipped = readdirSync('profiles/policies')
  .map((file): PlanDefinition => JSON.parse(readFileSync(`profiles/policies/${file}`, 'utf8')))
  .filter(({ status }) => status === 'active')
  .map((one) => compilePolicy(one));

/** Asks of everything that a condition may be told: thresholds met, not met and not known of each variable. */
const asking = ((): Policy[] => {
  const variables = Object.entries(OBJECTS).flatMap(([object, { properties }]) =>
    Object.entries(properties)
      .slice(0, 12)
      .map(([property, { type }]): [string, string] => [`%${object}.${property}`, type]),
  );
  const asked = [
    // What no value of it would make true, or false, is refused.
    ...variables
      .filter(([, type]) => type === 'integer' || type === 'decimal')
      .flatMap(([name]) => [1, 2].map((n) => `${name} >= ${n}`)),
    ...variables.filter(([, type]) => type === 'boolean').map(([name]) => name),
    ...Object.keys(OBJECTS).map((object) => `%${object}.exists()`),
  ];
  return asked.flatMap((expression, index) =>
    (['open', 'escalate', 'close'] as const).flatMap((code) => {
      const asks = plan([{ id: `${code}-it`, code, expression }], {
        url: `https://example.org/PlanDefinition/asking-${index}-${code}`,
      });
      const trigger = (['QuestionnaireResponse', 'Observation'] as const).map((type) => ({
        type: 'data-added' as const,
        data: [{ type }],
      }));
      const policy = { ...asks, action: asks.action?.map((one) => ({ ...one, title: 'Demande', trigger })) };
      return checkPolicy(policy).length > 0 ? [] : [compilePolicy(policy)];
    }),
  );
})();

const MEASURED = {
  loinc: '2823-3',
  value: 6.2,
  unit: 'mmol/L',
  low: 3.5,
  high: 5,
  beside: [{ loinc: '8462-4', value: 90.5, unit: 'mm[Hg]' }],
  canonical: 6.25,
  canonicalUnit: '[iU]/L',
  baseline: {
    value: 4.1,
    unit: 'mmol/L',
    at: '2026-01-01T08:00:00.000Z',
    source: { type: 'Observation', id: 'b', version: 1 },
  },
} as const;

const ladder = (
  outcome: Finding['outcome'],
  dataQuality: readonly DataQuality[] = [],
  term = 'hyperkalemia',
): Finding => ({
  term,
  system: 'ctcae',
  version: '5.0',
  kind: 'ladder',
  outcome,
  attributes: {},
  measured: MEASURED,
  dataQuality,
});

const emergency = (outcome: Finding['outcome'], term = 'fever'): Finding => ({
  ...ladder(outcome, [], term),
  system: 'emergency',
  version: '1',
  kind: 'emergency',
});

const monitoring = (term: string, grade: number, seconds?: number): Finding => ({
  term,
  system: 'monitoring',
  version: '1',
  kind: 'monitoring',
  outcome:
    term === 'implausibly-fast'
      ? { kind: 'at-least', min: 0, max: 1, missing: ['threshold'] }
      : { kind: 'graded', grade },
  attributes: {},
  monitored: {
    form: 'https://hospital.example/Questionnaire/suivi',
    title: 'Suivi',
    day: '2026-03-02',
    ...(seconds === undefined ? {} : { seconds, items: 12 }),
  },
  dataQuality: [],
});

const REASONS = Object.keys(french.reason) as NotGradable[];
const ISSUES = Object.keys(french.dataQuality) as DataQuality[];

const seasons: [name: string, findings: Finding[], extra?: Partial<Report>][] = [
  ['opened', [graded(1), graded(3, { frequency: 4, severity: 3 })]],
  ['at its worst', [graded(1), graded(3, { frequency: 4, severity: 4, interference: 4 })]],
  ['worse', [graded(2), graded(3), graded(3)]],
  ['better', [graded(3), graded(1)]],
  ['closed', [graded(3), graded(1), graded(1)]],
  ['none open', [graded(0, { frequency: 0, severity: 'hidden' })]],
  ['what cannot be excluded', [graded(0), atLeast(1, 3)]],
  ['opted out', [graded(3), notGradable({ frequency: 'opted-out', severity: 'not-asked' })]],
  ['contradictory', [contradictory(4)]],
  ['yes', [presence(0), presence(1)]],
  ['written', [other(true)]],
  ['not written', [other(false)]],
  [
    'a level that is expected',
    [graded(1), graded(3)],
    { expected: [{ term: 'PROCTCAE_9_COMP', level: 3, until: '2026-12-01T00:00:00.000Z' }] },
  ],
  ...REASONS.map((reason): [string, Finding[]] => [
    `no grade: ${reason}`,
    [ladder({ kind: 'not-gradable', reason, missing: ['value', 'upper-limit', 'lower-limit'] })],
  ]),
  ...ISSUES.map((issue): [string, Finding[]] => [
    `of its quality: ${issue}`,
    [ladder({ kind: 'graded', grade: 3 }, [issue])],
  ]),
  [
    'a ladder that lacks facts',
    [
      ladder({ kind: 'at-least', min: 1, max: 4, missing: ['baseline', 'threshold', 'clinical-fact'] }, [
        'limit-missing',
      ]),
    ],
  ],
  ['a result that gets better', [ladder({ kind: 'graded', grade: 4 }), ladder({ kind: 'graded', grade: 1 })]],
  ...['fever', 'dyspnoea-at-rest', 'confusion', 'sleepiness', 'bleeding', 'self-harm'].flatMap(
    (term): [string, Finding[]][] => [
      [`emergency: ${term}`, [emergency({ kind: 'graded', grade: 1 }, term)]],
      [`emergency no more: ${term}`, [1, 0, 0].map((grade) => emergency({ kind: 'graded', grade }, term))],
      [
        `emergency, not known: ${term}`,
        [emergency({ kind: 'not-gradable', reason: 'unit-unknown', missing: ['value'] }, term)],
      ],
    ],
  ),
  ['missing', [monitoring('missing-report', 1), monitoring('missing-report', 1)]],
  ['answered again', [monitoring('missing-report', 1), monitoring('missing-report', 0)]],
  ['late', [monitoring('late-report', 1)]],
  ['fast', [monitoring('implausibly-fast', 1, 9)]],
  ['a straight line', [monitoring('straight-lined', 1)]],
];

function toldOf(findings: readonly Finding[], policies: readonly Policy[], extra: Partial<Report> = {}): string {
  const reports = findings.map((finding, index) => ({
    ...report(`03-0${index + 1}`, finding, { id: `r${index}`, baseline: index === 0 && findings.length > 1 }),
    ...(finding.system === 'ctcae' ? { source: { type: 'Observation' as const, id: `r${index}`, version: 1 } } : {}),
    ...(index === 0 ? extra : {}),
  }));
  const { steps } = fold(reports, policies, {});
  const last = reports.at(-1);
  const own = steps.filter(({ source }) => source.id === last?.source.id);
  if (!last || !own[0]) throw new Error('no step');
  const { text } = decisionRecord({
    engine: { name: 'vigie', version: '0.1.0' },
    fhirpathVersion: '5.2.0',
    gradings: ['pro-ctcae', 'ctcae', 'emergency', 'monitoring'].map((system) => ({
      system,
      version: '1',
      digest: 'b',
    })),
    policies,
    source: last.source,
    patient: { reference: 'Patient/p', version: 1 },
    report: last,
    steps: own,
  });
  return explain(readRecord(text), own[0].term, { labels, language: 'fr', policies, patient: {} })?.text ?? '';
}

t.test('a French explanation holds no English, whatever came of the report', async (t) => {
  const told: string[] = [];
  for (const [name, findings, extra] of seasons) {
    for (const policies of [shipped, [], ...(told.length % 6 === 0 ? [asking] : [])]) {
      const text = toldOf(findings, policies, extra);
      told.push(text);
      t.not(text, '', name);
      t.same(englishIn(text), [], `${name}: ${text}`);
    }
  }
  const all = told.join('\n');
  for (const part of [
    'Seuils atteints',
    'Seuils non atteints',
    'Seuils indécidables',
    'Indécidable',
    'Ce qui aurait changé',
    'Décidé par Fièvre, traitement systémique non exclu (open-fever de ',
    'Hyperkaliémie, réponse du',
    'barème pro-ctcae 1, ctcae 1, urgences 1, participation 1,',
    'formulaire aucun,',
    '6,2 mmol/L',
    '6,25 UI/L',
  ])
    t.match(all, part);
});

t.test('nor does any of its sentences', async (t) => {
  /** What a sentence may be told: a mark, nothing, and numbers. Truth is told by the first two. */
  const TOLD = ['§', '', 0, 1, 2, undefined];
  const APART: Record<string, unknown[][]> = {
    time: (['h', 'd', 'wk'] as const).flatMap((unit) => [1, 3].map((n) => [n, unit])),
    outcome: ['closed', 'none', 'open'].flatMap((now) => ['§', ''].map((wasOpen) => [now, wasOpen, '§'])),
  };
  const written = (name: string, value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'function') return Object.entries(Object(value)).flatMap(([key, one]) => written(key, one));
    const calls = APART[name] ?? [
      ...TOLD.map((one) => Array.from({ length: value.length }, () => one)),
      ...['§', ''].map((last) => Array.from({ length: value.length }, (_, n) => (n === value.length - 1 ? last : 1))),
    ];
    return calls.map((call) => String(Reflect.apply(value, undefined, call)).replaceAll('undefined', ''));
  };
  for (const [name, value] of Object.entries(french)) {
    for (const sentence of written(name, value)) t.same(englishIn(sentence), [], `${name}: ${sentence}`);
  }
});

t.test('every variable that a policy may name has a name in both languages', async (t) => {
  const named = (key: string) => `terme ${key}`;
  const mentions = [
    ...Object.keys(VALUES).map((name) => `%${name}`),
    ...Object.entries(OBJECTS).flatMap(([object, { properties }]) => [
      `%${object}`,
      ...Object.keys(properties).map((property) => `%${object}.${property}`),
    ]),
  ];
  for (const mention of mentions) {
    for (const language of ['en', 'fr'] as const) {
      const name = variableName(mention, language, named);
      // Of some objects the name is the word itself.
      const isWord = mention === '%patient' || (language === 'en' && !mention.includes('.'));
      if (!isWord) t.not(name, mention.slice(1), `${mention} in ${language}`);
    }
  }
});

t.test('a term without a French name stands in quotation marks', async (t) => {
  t.match(toldOf([{ ...graded(3), term: 'Withdrawn term' }], shipped), /^« Withdrawn term », réponse du/);
});

t.test('every term of the CodeSystem of CTCAE is told by its French designation', async (t) => {
  const { concept }: CodeSystem = JSON.parse(readFileSync('profiles/CodeSystem-ctcae.json', 'utf8'));
  t.ok(concept?.length);
  for (const { code, designation } of concept ?? []) {
    const french = designation?.find(({ language }) => language === 'fr')?.value;
    t.ok(french, code);
    for (const version of ['5.0', '6.0'] as const) {
      const { fr } = labels.term(`${code}@${version}`);
      // An entry that the version does not have has no name in it.
      if (fr !== `${code}@${version}`) t.equal(fr, french, `${code}, ${version}`);
    }
  }
});
