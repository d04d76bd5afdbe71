import type { Flag } from '@medplum/fhirtypes';
import t from 'tap';
import type { Finding, Outcome } from '../../../src/rules/finding.ts';
import { EXTENSION, priorityConcept } from '../../../src/rules/resources/codes.ts';
import { type Changes, outcomeOf } from '../../../src/rules/resources/outcome.ts';
import { faults, LABELS } from './r4.ts';

const nothing: Changes = { flags: [], findings: [], undecided: [], labels: LABELS, language: 'en' };
const aFlag: Flag = {
  resourceType: 'Flag',
  status: 'active',
  extension: [{ url: EXTENSION.flagPriority, valueCodeableConcept: priorityConcept('PM') }],
  code: { text: 'Nausea: PRO-CTCAE composite grade 2 (patient-reported)' },
  subject: { reference: 'Patient/p' },
};
const aFinding = (outcome: Outcome, dataQuality: Finding['dataQuality'] = []): Finding => ({
  term: 'PROCTCAE_9_COMP',
  system: 'pro-ctcae',
  version: '1.0',
  kind: 'composite',
  outcome,
  attributes: {},
  dataQuality,
});
const flags = (event: Changes['flags'][number]['event']): Partial<Changes> => ({
  flags: [{ event, reference: 'Flag/f', flag: aFlag }],
});
const not = (reason: Extract<Outcome, { kind: 'not-gradable' }>['reason']): Partial<Changes> => ({
  findings: [aFinding({ kind: 'not-gradable', reason, missing: [] })],
});
const undecided = ['open-a', 'open-b'].map((action) => ({ term: 'PROCTCAE_9_COMP', policy: 'https://x|1', action }));

const cases: [name: string, changes: Partial<Changes>, en: string[], fr: string[]][] = [
  [
    'nothing happened',
    { findings: [aFinding({ kind: 'graded', grade: 0 })] },
    ['Stored; no Flag was opened or changed'],
    ['Enregistré ; aucune alerte ouverte ni modifiée'],
  ],
  [
    'a Flag opened',
    flags('opened'),
    [`Flag opened (medium priority): ${aFlag.code.text}`],
    [`Alerte ouverte (priorité moyenne) : ${aFlag.code.text}`],
  ],
  [
    'a Flag worse',
    flags('worse'),
    [`Flag worse (medium priority): ${aFlag.code.text}`],
    [`Alerte aggravée (priorité moyenne) : ${aFlag.code.text}`],
  ],
  [
    'a Flag better',
    flags('better'),
    [`Flag better (medium priority): ${aFlag.code.text}`],
    [`Alerte améliorée (priorité moyenne) : ${aFlag.code.text}`],
  ],
  [
    'a Flag changed',
    flags('changed'),
    [`Flag changed (medium priority): ${aFlag.code.text}`],
    [`Alerte modifiée (priorité moyenne) : ${aFlag.code.text}`],
  ],
  [
    'a Flag closed has no urgency',
    flags('closed'),
    [`Flag closed: ${aFlag.code.text}`],
    [`Alerte close : ${aFlag.code.text}`],
  ],
  [
    'a Flag retracted has none either',
    flags('retracted'),
    [`Flag retracted: ${aFlag.code.text}`],
    [`Alerte retirée : ${aFlag.code.text}`],
  ],
  [
    'a range names what is missing',
    { findings: [aFinding({ kind: 'at-least', min: 1, max: 3, missing: ['severity', 'interference'] })] },
    ['Nausea: grade between 1 and 3, not known: severity, interference'],
    ['Nausées : grade entre 1 et 3, sans réponse : intensité, gêne dans les activités'],
  ],
  [
    'nothing answered',
    not('not-answered'),
    ['Nausea: not graded, nothing was answered'],
    ['Nausées : sans grade, aucune réponse'],
  ],
  [
    'an opt-out',
    not('opted-out'),
    ['Nausea: not graded, the patient chose an answer that has no score'],
    ['Nausées : sans grade, le patient a choisi une réponse sans score'],
  ],
  [
    'not asked',
    not('not-asked'),
    ['Nausea: not graded, the form did not ask for it'],
    ['Nausées : sans grade, le formulaire ne l’a pas demandé'],
  ],
  [
    'an item that is there twice',
    not('ambiguous-item'),
    ['Nausea: not graded, two items of the form or two answers have the same code'],
    ['Nausées : sans grade, deux questions ou deux réponses portent le même code'],
  ],
  [
    'answers that contradict each other are told though they are graded',
    { findings: [aFinding({ kind: 'graded', grade: 0 }, ['contradictory'])] },
    ['Nausea: the answers contradict each other'],
    ['Nausées : les réponses se contredisent'],
  ],
  [
    'undecided conditions of one policy are told together',
    { undecided },
    ['Nausea: could not be decided, the facts that these conditions ask for are missing (open-a, open-b)'],
    ['Nausées : indécidable, il manque les données que ces conditions demandent (open-a, open-b)'],
  ],
  [
    'two policies are told apart',
    { undecided: [...undecided.slice(0, 1), { term: 'PROCTCAE_9_COMP', policy: 'https://y|1', action: 'open-c' }] },
    [
      'Nausea: could not be decided, the facts that these conditions ask for are missing (open-a)',
      'Nausea: could not be decided, the facts that these conditions ask for are missing (open-c)',
    ],
    [
      'Nausées : indécidable, il manque les données que ces conditions demandent (open-a)',
      'Nausées : indécidable, il manque les données que ces conditions demandent (open-c)',
    ],
  ],
];
for (const [name, changes, en, fr] of cases) {
  t.test(name, async (t) => {
    for (const [language, expected] of [['en', en] as const, ['fr', fr] as const]) {
      const outcome = outcomeOf({ ...nothing, ...changes, language });
      t.same(faults(outcome), []);
      t.same(
        outcome.issue.map(({ details }) => details?.text),
        expected,
      );
      t.ok(outcome.issue.every(({ severity, code }) => severity === 'information' && code === 'informational'));
    }
  });
}

t.test('an issue says which Flag and which policy it is about', async (t) => {
  t.equal(outcomeOf({ ...nothing, ...flags('opened') }).issue[0]?.diagnostics, 'Flag/f');
  t.equal(outcomeOf({ ...nothing, undecided }).issue[0]?.diagnostics, 'https://x|1');
});

t.test('a report that could not be evaluated is a warning', async (t) => {
  const outcome = outcomeOf({ ...nothing, ...flags('not-evaluated') });
  t.same(faults(outcome), []);
  t.match(outcome.issue[0], { severity: 'warning', code: 'processing', details: { text: /^Stored, not evaluated/ } });
});
