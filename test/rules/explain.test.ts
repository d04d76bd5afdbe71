import { readFileSync } from 'node:fs';
import t from 'tap';
import { fold } from '../../src/rules/episodes.ts';
import { explain } from '../../src/rules/explain.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { decisionRecord, readRecord } from '../../src/rules/record.ts';
import { labelsOf } from '../../src/rules/resources/labels.ts';
import {
  atLeast,
  contradictory,
  demonstration,
  graded,
  notGradable,
  other,
  presence,
  report,
  TERM,
} from './builders.ts';

const shipped = compilePolicy(demonstration());
const labels = labelsOf(JSON.parse(readFileSync('profiles/gradings/pro-ctcae.json', 'utf8')).items);

function record(findings: readonly Finding[], policies: readonly Policy[] = [shipped]) {
  const reports = findings.map((finding, index) =>
    report(`03-0${index + 1}`, finding, { id: `r${index}`, baseline: index === 0 }),
  );
  const { steps } = fold(reports, policies, {});
  const last = reports.at(-1);
  if (!last) throw new Error('no report');
  const { text } = decisionRecord({
    engine: { name: 'vigie', version: '0.1.0' },
    fhirpathVersion: '5.2.0',
    questionnaire: { canonical: 'https://vigie.example/fhir/Questionnaire/weekly|1.0.0', digest: 'a' },
    gradings: [{ system: 'pro-ctcae', version: '1.0', digest: 'b' }],
    policies,
    source: last.source,
    patient: { reference: 'Patient/p', version: 1 },
    report: last,
    steps: steps.filter(({ source }) => source.id === last.source.id),
  });
  return readRecord(text);
}

const explained = (
  language: 'en' | 'fr',
  findings: readonly Finding[],
  term = TERM,
  policies: readonly Policy[] = [shipped],
) => explain(record(findings, policies), term, { labels, language, policies, patient: {} });

const told = (...[language, findings, term, policies]: Parameters<typeof explained>): string =>
  explained(language, findings, term, policies)?.text ?? '';

t.test('one paragraph tells the whole of it, in English', async (t) => {
  t.equal(
    told('en', [graded(1), graded(3, { frequency: 4, severity: 3 })]),
    [
      'Nausea, report of 2026-03-02 (QuestionnaireResponse/r1/_history/1).',
      'Answers: frequency 4 of 4 [item-frequency], severity 3 of 4 [item-severity].',
      'PRO-CTCAE 1.0 composite grade 3 on a scale of 0 to 3; patient-reported, not a CTCAE grade.',
      'Previous gradable report: 1 on 2026-03-01. Recorded baseline: 1 on 2026-03-01.',
      'A Flag was opened at high priority (PH).',
      'Decided by Composite grade 3 (open-composite-3 of https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0)',
      'and Rise of 2 or more since the previous gradable report (open-rise-previous of https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0)',
      'and Rise of 2 or more above the recorded baseline (open-rise-baseline of https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0).',
      'Thresholds met: lowest certain grade 3 >= 3 [open-composite-3];',
      'lowest certain grade 3 - previous grade 1 >= 2 [open-rise-previous];',
      'lowest certain grade 3 - baseline grade 1 >= 2 [open-rise-baseline].',
      'Thresholds not met: severity 3 = 4 [open-severity-4]; needs review false [open-review].',
      'What would have changed it: severity 2 instead of 3: no Flag would have been opened;',
      'frequency 2 instead of 4: no Flag would have been opened.',
      'Versions: vigie 0.1.0, grading pro-ctcae 1.0, fhirpath 5.2.0, form https://vigie.example/fhir/Questionnaire/weekly|1.0.0,',
      'policies https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0.',
    ].join(' '),
  );
});

t.test('and in French', async (t) => {
  const text = told('fr', [graded(1), graded(3, { frequency: 4, severity: 3 })]);
  for (const part of [
    'réponse du 2026-03-02',
    'fréquence 4 sur 4',
    'grade composite 3 sur une échelle de 0 à 3 ; rapporté par le patient, ce n’est pas un grade CTCAE.',
    'Réponse gradable précédente : 1 le 2026-03-01.',
    'Une alerte a été ouverte en priorité haute (PH).',
    'open-composite-3',
  ]) {
    t.match(text, part);
  }
});

const cases: [name: string, findings: Finding[], en: RegExp[], fr: RegExp[], term?: string][] = [
  [
    'what cannot be excluded, and why',
    [graded(0), atLeast(1, 3)],
    [
      /at least 1 on a scale of 0 to 3, and 3 cannot be excluded \(severity not answered\)/,
      /An alert level cannot be excluded/,
      /Undecided, which is not a no: open-severity-4; severity not answered/,
    ],
    [
      /d’au moins 1 .* et 3 ne peut être exclu \(intensité sans réponse\)/,
      /Indécidable, ce qui n’est pas un non : open-severity-4/,
    ],
  ],
  [
    'a term that cannot be graded',
    [graded(3), notGradable({ frequency: 'opted-out', severity: 'not-asked' })],
    [
      /Not gradable by PRO-CTCAE 1\.0: nothing was answered/,
      /frequency declined or not applicable, severity not asked by this form/,
      /stays open: this report cannot tell its grade/,
      /No condition of the policies was true/,
    ],
    [/Sans grade PRO-CTCAE 1\.0 possible/, /reste ouverte/],
  ],
  [
    'a contradiction',
    [contradictory(4)],
    [/never counts toward closing/, /a person should look/, /No gradable report before it\. No recorded baseline\./],
    [/ne compte jamais pour la clôture/, /à relire par un soignant/],
  ],
  [
    'a hidden zero',
    [graded(0, { frequency: 0, severity: 'hidden' })],
    [/severity 0, not shown because item-frequency was answered 0/, /none was opened/],
    [/question non affichée car item-frequency vaut 0/],
  ],
  [
    'a change of priority and the calm days',
    [graded(3), graded(1)],
    [
      /got better\. It now has medium priority \(PM\); it had high priority \(PH\)\. Decided by .*de-escalate.* Calm days counted toward closing: 1\./,
    ],
    [/s’est améliorée\. Elle est maintenant en priorité moyenne \(PM\), auparavant en priorité haute \(PH\)/],
  ],
  [
    'a close',
    [graded(3), graded(1), graded(1)],
    [/The Flag was closed\. Decided by Two calm days/],
    [/L’alerte a été close/],
  ],
  [
    'a yes/no term',
    [presence(1)],
    [/presence yes/, /reported yes; patient-reported/],
    [/présence oui/, /réponse oui/],
    'PROCTCAE_5_COMP',
  ],
  [
    'a write-in',
    [other(true)],
    [/Other symptom, report/, /in the patient’s own words \(they stay in the response\)/, /written in, not graded/],
    [/Autre symptôme, réponse/],
    'PROCTCAE_OTHER',
  ],
];

t.test('what else a reader must be told', async (t) => {
  for (const [name, findings, en, fr, term] of cases) {
    for (const part of en) t.match(told('en', findings, term), part, name);
    for (const part of fr) t.match(told('fr', findings, term), part, name);
  }
  t.match(told('en', [graded(3)], TERM, []), /No policy is active: nothing can be flagged\./);
  t.match(told('fr', [graded(3)], TERM, []), /Aucune règle n’est active/);
});

t.test('the same as Parameters', async (t) => {
  const { parameters, text } = explained('en', [graded(1), atLeast(2, 3, { frequency: 4, severity: 'missing' })]) ?? {};
  const named = (name: string) => parameters?.filter((one) => one.name === name);
  t.match(named('term'), [{ valueCoding: { code: TERM, display: 'Nausea' } }]);
  t.match(named('report'), [{ valueReference: { reference: 'QuestionnaireResponse/r1/_history/1' } }]);
  t.match(named('symptomTime'), [{ valueInstant: '2026-03-02T08:00:00.000Z' }]);
  t.same(named('grading')?.[0]?.part?.slice(3), [
    { name: 'outcome', valueCode: 'at-least' },
    { name: 'min', valueInteger: 2 },
    { name: 'max', valueInteger: 3 },
  ]);
  t.same(
    named('answer')?.map(({ part }) => part),
    [
      [
        { name: 'attribute', valueCode: 'frequency' },
        { name: 'linkId', valueString: 'item-frequency' },
        { name: 'state', valueCode: 'answered' },
        { name: 'score', valueInteger: 4 },
      ],
      [
        { name: 'attribute', valueCode: 'severity' },
        { name: 'linkId', valueString: 'item-severity' },
        { name: 'state', valueCode: 'missing' },
      ],
    ],
  );
  const values = named('condition')?.map(({ part = [] }) => [
    part[1]?.valueString,
    part.at(-1)?.valueBoolean ?? part.at(-1)?.valueCode,
  ]);
  t.match(values, [
    ['open-composite-3', false],
    ['open-severity-4', 'undecided'],
    ['open-rise-previous', false],
  ]);
  t.same(named('text'), [{ name: 'text', valueString: text }]);
});

t.test('a term that the record does not hold is not explained', async (t) => {
  t.equal(explained('en', [graded(1)], 'PROCTCAE_1_COMP'), undefined);
});
