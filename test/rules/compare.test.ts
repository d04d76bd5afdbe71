import type { CodeableConcept, PlanDefinition, UsageContext } from '@medplum/fhirtypes';
import t from 'tap';
import { comparePolicies, type PolicyDifference } from '../../src/rules/compare.ts';
import { comparisonText, sentenceOf } from '../../src/rules/compare-words.ts';
import { POLICY_CONTEXT } from '../../src/rules/policy/use-context.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { TERMS } from '../../src/rules/resources/codes.ts';
import { respondWithinExtension } from '../../src/rules/work/respond-within.ts';
import { action, demonstration, plan, translation } from './builders.ts';

const labels = allLabels();
const OPEN = { id: 'open', expression: "%finding.kind = 'composite' and %finding.min >= 3" };
const CLOSE = { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' } as const;
const base = plan([OPEN, CLOSE]);

const withOpen = (over: Partial<ReturnType<typeof action>>): PlanDefinition =>
  plan([], { action: [{ ...action(OPEN), ...over }, action(CLOSE)] });
const condition = (expression: string): PlanDefinition => plan([{ ...OPEN, expression }, CLOSE]);
const termTrigger = (code: string) => ({
  type: 'data-added' as const,
  data: [{ type: 'Observation', codeFilter: [{ path: 'code', code: [{ system: TERMS['pro-ctcae'], code }] }] }],
});

const cases: [name: string, after: PlanDefinition, found: Partial<PolicyDifference>[], en: RegExp, fr: RegExp][] = [
  [
    'a threshold is one lower',
    condition("%finding.kind = 'composite' and %finding.min >= 2"),
    [{ kind: 'changed', what: 'condition', decides: true, action: 'open' }],
    /^“Title of open” \(open\): 3 becomes 2 in %finding\.min >= 2\.$/,
    /3 devient 2 dans %finding\.min >= 2\.$/,
  ],
  [
    'a part of a condition more',
    condition("%finding.kind = 'composite' and %finding.min >= 3 and %previous.exists()"),
    [{ kind: 'changed', what: 'condition' }],
    /asks besides for %previous\.exists\(\)\.$/,
    /demande en plus %previous\.exists\(\)\.$/,
  ],
  [
    'a part less',
    condition('%finding.min >= 3'),
    [{ kind: 'changed', what: 'condition' }],
    /no longer asks for %finding\.kind = 'composite'\.$/,
    /ne demande plus/,
  ],
  [
    'another operator is no other number',
    condition("%finding.kind = 'composite' and %finding.min > 3"),
    [{ kind: 'changed', what: 'condition' }],
    /asked for %finding\.min >= 3, it asks for %finding\.min > 3\.$/,
    /demandait %finding\.min >= 3, demande maintenant %finding\.min > 3\.$/,
  ],
  [
    'a condition with or is told whole',
    condition("%finding.kind = 'composite' or %finding.min >= 3"),
    [{ kind: 'changed', what: 'condition' }],
    /asked for %finding\.kind = 'composite' and %finding\.min >= 3, it asks for %finding\.kind = 'composite' or/,
    /demandait/,
  ],
  [
    'a condition that is written otherwise decides alike',
    condition("%finding.kind='composite'\n  and %finding.min>=3"),
    [{ kind: 'changed', what: 'condition', decides: false }],
    /written otherwise and means the same/,
    /écrite autrement/,
  ],
  [
    'space within quotes is no such thing',
    condition("%finding.kind = 'composite ' and %finding.min >= 3"),
    [{ what: 'condition', decides: true }],
    /asked for/,
    /demandait/,
  ],
  [
    'a priority',
    plan([{ ...OPEN, priority: 'PH' }, CLOSE]),
    [{ kind: 'changed', what: 'priority', before: 'PM', after: 'PH' }],
    /the priority was medium priority \(PM\), it is high priority \(PH\)\.$/,
    /était priorité moyenne \(PM\), elle est priorité haute \(PH\)\.$/,
  ],
  [
    'what an action does',
    plan([{ ...OPEN, code: 'escalate' }, CLOSE]),
    [{ kind: 'changed', what: 'code', before: 'open', after: 'escalate' }],
    /opens a Flag no longer, it raises a Flag\.$/,
    /ouvre un signalement ; maintenant, relève/,
  ],
  [
    'an action more',
    plan([OPEN, CLOSE, { id: 'more', priority: 'PL', expression: '%finding.grade = 1' }]),
    [{ kind: 'added', what: 'action', action: 'more', after: '%finding.grade = 1' }],
    /^New: “Title of more” \(more\) opens a Flag at low priority \(PL\) where %finding\.grade = 1\.$/,
    /^Nouveau : .* si %finding\.grade = 1\.$/,
  ],
  [
    'an action less',
    plan([OPEN]),
    [{ kind: 'removed', what: 'action', action: 'close', before: '%episode.calmDays >= 2' }],
    /^Gone: “Title of close” \(close\) closes a Flag where %episode\.calmDays >= 2\.$/,
    /^Supprimé : /,
  ],
  [
    'an action under another id',
    plan([{ ...OPEN, id: 'opens' }, CLOSE]),
    [
      { kind: 'renamed', what: 'action', decides: false, before: 'open', after: 'opens' },
      { what: 'wording', decides: false },
    ],
    /was called “open”, and decides alike/,
    /s’appelait « open »/,
  ],
  [
    'triggers, by their terms',
    withOpen({ trigger: [termTrigger('PROCTCAE_9_COMP')] }),
    [
      { kind: 'removed', what: 'trigger' },
      { kind: 'added', what: 'trigger' },
    ],
    /no longer woken by responses\.$/,
    /n’est plus éveillé par réponses\.$/,
  ],
  [
    'the hours within which a person answers',
    withOpen({
      extension: [...(action(OPEN).extension ?? []), respondWithinExtension({ hours: 2, clock: 'service' })],
    }),
    [{ kind: 'added', what: 'respond-within', after: '2 h service' }],
    /answers within 2 h of service; it was the time of the site\.$/,
    /répond dans 2 h de service/,
  ],
  [
    'an extension that nothing is done with',
    withOpen({ extension: [...(action(OPEN).extension ?? []), { url: 'https://example.org/x', valueString: 'y' }] }),
    [{ kind: 'added', what: 'wording', decides: false }],
    /read by people alone: nothing → extension: /,
    /lecture seule/,
  ],
  [
    'the order of the actions',
    plan([CLOSE, OPEN]),
    [{ kind: 'changed', what: 'order', decides: false }],
    /another order: close, open\.$/,
    /autre ordre/,
  ],
  [
    'a title',
    withOpen({ title: 'Severe' }),
    [{ kind: 'changed', what: 'wording', decides: false, before: 'title: Title of open', after: 'title: Severe' }],
    /read by people alone: title: Title of open → title: Severe\.$/,
    /lecture seule/,
  ],
  [
    'data-modified wakes as data-added does',
    withOpen({ trigger: [{ type: 'data-modified', data: [{ type: 'QuestionnaireResponse' }] }] }),
    [{ what: 'wording', decides: false }],
    /read by people alone/,
    /lecture seule/,
  ],
];
for (const [name, after, found, en, fr] of cases) {
  t.test(name, async (t) => {
    const differences = comparePolicies(base, after);
    t.match(differences, found);
    t.equal(differences.length, found.length, 'and nothing else');
    const [first] = differences;
    if (!first) return;
    t.match(sentenceOf(first, { before: base, after, labels, language: 'en' }), en);
    t.match(sentenceOf(first, { before: base, after, labels, language: 'fr' }), fr);
  });
}

t.test('a term is called by its name, in both languages', async (t) => {
  const after = withOpen({ trigger: [termTrigger('PROCTCAE_9_COMP')] });
  const text = comparisonText(comparePolicies(base, after), { before: base, after, labels, language: 'en' });
  t.match(text, /^2 differences that may decide otherwise\.\n/);
  t.match(text, `now woken by observations of ${labels.term('PROCTCAE_9_COMP').en} (PROCTCAE_9_COMP).`);
});

t.test('whom a policy is meant for is told in words', async (t) => {
  const USAGE = 'http://terminology.hl7.org/CodeSystem/usage-context-type';
  const treatment = (value: CodeableConcept): UsageContext => ({
    code: { system: POLICY_CONTEXT, code: 'treatment' },
    valueCodeableConcept: value,
  });
  const study = (value: UsageContext['valueReference']): UsageContext => ({
    code: { system: USAGE, code: 'program' },
    valueReference: value,
  });
  const atc = { system: 'http://www.whocc.no/atc', code: 'L01XA01' };
  const contexts: [name: string, context: UsageContext, en: string, fr: string][] = [
    [
      'a treatment by its text',
      treatment({ text: 'Cisplatin', coding: [{ ...atc, display: 'cisplatin' }] }),
      'the treatment Cisplatin (ATC L01XA01)',
      'le traitement Cisplatin (ATC L01XA01)',
    ],
    [
      'by the name of its code',
      treatment({ coding: [{ ...atc, display: 'cisplatin' }] }),
      'the treatment cisplatin (ATC L01XA01)',
      'le traitement cisplatin (ATC L01XA01)',
    ],
    ['by its code alone', treatment({ coding: [atc] }), 'the treatment ATC L01XA01', 'le traitement ATC L01XA01'],
    [
      'by codes one of which has to fit',
      treatment({
        text: 'Platinum',
        coding: [atc, { system: 'https://example.org/cs', code: 'p' }, { code: 'q' }, {}],
      }),
      'the treatment Platinum (ATC L01XA01 or https://example.org/cs|p or q)',
      'le traitement Platinum (ATC L01XA01 ou https://example.org/cs|p ou q)',
    ],
    [
      'a condition',
      {
        code: { system: USAGE, code: 'focus' },
        valueCodeableConcept: {
          coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'C34.1', display: 'Upper lobe' }],
        },
      },
      'the condition Upper lobe (ICD-10 C34.1)',
      'l’affection Upper lobe (ICD-10 C34.1)',
    ],
    [
      'a study',
      study({ reference: 'ResearchStudy/x', display: 'LUNG-7' }),
      'the study LUNG-7 (ResearchStudy/x)',
      'l’étude LUNG-7 (ResearchStudy/x)',
    ],
    [
      'by its reference alone',
      study({ reference: 'ResearchStudy/x' }),
      'the study ResearchStudy/x',
      'l’étude ResearchStudy/x',
    ],
    [
      'by its identifier',
      study({ identifier: { system: 'https://trials.example', value: '7' } }),
      'the study https://trials.example|7',
      'l’étude https://trials.example|7',
    ],
    [
      'what is not acted on here: a range',
      {
        code: { system: USAGE, code: 'age', display: 'Age Range' },
        valueRange: { low: { value: 18, unit: 'years' }, high: { value: 70, unit: 'years' } },
      },
      'Age Range: 18 years – 70 years',
      'Age Range: 18 years – 70 years',
    ],
    [
      'and a quantity',
      { code: { system: USAGE, code: 'age' }, valueQuantity: { comparator: '>=', value: 18, code: 'a' } },
      'age: >=18 a',
      'age: >=18 a',
    ],
  ];
  for (const [name, context, en, fr] of contexts) {
    const meant = plan([OPEN, CLOSE], { useContext: [context] });
    const said = (before: PlanDefinition, after: PlanDefinition, language: 'en' | 'fr') =>
      comparePolicies(before, after).map((one) => sentenceOf(one, { before, after, labels, language }));
    t.same(said(base, meant, 'en'), [`The policy is now meant for ${en}.`], name);
    t.same(said(base, meant, 'fr'), [`La politique concerne maintenant ${fr}.`], name);
    t.same(said(meant, base, 'en'), [`The policy is no longer meant for ${en}.`], name);
    t.same(said(meant, base, 'fr'), [`La politique ne concerne plus ${fr}.`], name);
  }
});

t.test('the same policy under another version, date and status does not differ', async (t) => {
  const one = demonstration();
  const other: PlanDefinition = { ...one, id: 'x', version: '9', date: '2027', status: 'retired' };
  t.same(comparePolicies(one, other), []);
  const text = comparisonText([], { before: one, after: other, labels, language: 'fr' });
  t.equal(text, 'Rien de ce qui décide ne diffère.');
});

t.test('an action is called by its title in the language of the reader, where it is translated', async (t) => {
  // The types of FHIR name no `_title`.
  const severe: object = { _title: { extension: [translation('fr', 'Intense')] } };
  const [before, after] = [withOpen(severe), withOpen({ ...severe, ...condition('%finding.min >= 2').action?.[0] })];
  const [first] = comparePolicies(before, after);
  const said = (language: 'en' | 'fr') => first && sentenceOf(first, { before, after, labels, language });
  t.match(said('fr'), /^« Intense » \(open\)/);
  t.match(said('en'), /^“Title of open” \(open\)/);
});
