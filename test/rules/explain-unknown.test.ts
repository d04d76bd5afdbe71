import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { atLeast, graded, notGradable, report, TERM } from './builders.ts';
import { explainedOf, type ThresholdCase, tellsThresholds, thresholdsIn, under } from './explaining.ts';

const expecting = (until: string): Partial<Report> => ({ expected: [{ term: TERM, level: 1, until }] });

const UNKNOWN_OR_UNDER = '%treatment.systemic.empty() or %treatment.systemic';

const cases: ThresholdCase[] = [
  [
    'a treatment that nobody has recorded is not known, never none; and it is what the condition asks for',
    UNKNOWN_OR_UNDER,
    graded(3),
    {},
    'Thresholds met: it is not known whether there is systemic treatment, which counts as met [it].',
    'Seuils atteints : traitement systémique : on ne sait pas si c’est le cas, ce qui compte comme atteint [it].',
  ],
  [
    'one that is known',
    UNKNOWN_OR_UNDER,
    graded(3),
    under({ systemic: true }),
    'Thresholds met: systemic treatment true [it].',
    'Seuils atteints : traitement systémique vrai [it].',
  ],
  [
    'none, which somebody has stated',
    UNKNOWN_OR_UNDER,
    graded(3),
    under({ systemic: false }),
    'Thresholds not met: systemic treatment false [it].',
    'Seuils non atteints : traitement systémique faux [it].',
  ],
  [
    'not known, and not what the condition asks for',
    '%treatment.cellTherapy.exists() and %treatment.cellTherapy',
    graded(3),
    under({ systemic: true }),
    'Thresholds not met: it is not known whether there is cell therapy or bispecific [it].',
  ],
  [
    'not known, and asked without a guard',
    '%finding.min >= 1 and %treatment.systemic',
    graded(3),
    {},
    'Thresholds that cannot be told: it is not known whether there is systemic treatment [it].',
  ],
  [
    'known, where that alone is asked',
    '%treatment.systemic.empty()',
    graded(3),
    under({ systemic: false }),
    'Thresholds not met: it is known whether there is systemic treatment [it].',
  ],
  [
    'not known, by exists() beside false',
    '%treatment.systemic.exists() = false',
    graded(3),
    {},
    'Thresholds met: it is not known whether there is systemic treatment, which counts as met [it].',
  ],
  [
    'not known, by a count',
    '%treatment.systemic.count() = 0',
    graded(3),
    {},
    'Thresholds met: it is not known whether there is systemic treatment, which counts as met [it].',
  ],
  [
    'of the patient',
    "%patient.gender.empty() or %patient.gender = 'female'",
    graded(3),
    {},
    'Thresholds met: gender: not known, which counts as met [it].',
    'Seuils atteints : sexe : ce n’est pas connu, ce qui compte comme atteint [it].',
  ],
  [
    'the same, known',
    "%patient.gender.empty() or %patient.gender = 'female'",
    graded(3),
    { person: { gender: 'male' } },
    'Thresholds not met: gender male = female [it].',
    'Seuils non atteints : sexe masculin = féminin [it].',
  ],
  [
    'the same, without a guard',
    "%patient.gender = 'female' and %finding.min >= 1",
    graded(3),
    {},
    'Thresholds that cannot be told: gender unknown = female [it].',
  ],
  [
    'a score',
    '%finding.asksSeverity and %finding.severity.empty()',
    atLeast(1, 3),
    {},
    'Thresholds met: severity asked true [it]; severity: not known, which counts as met [it].',
  ],
  [
    'a grade',
    '%finding.grade.empty()',
    notGradable(),
    {},
    'Thresholds met: grade: not known, which counts as met [it].',
  ],
  [
    'a measured value',
    '%finding.loinc.empty()',
    graded(1),
    {},
    'Thresholds met: LOINC code: not known, which counts as met [it].',
  ],
  [
    'another term',
    '%symptoms.PROCTCAE_10_COMP.empty() or %symptoms.PROCTCAE_10_COMP >= 1',
    graded(1),
    {},
    'Thresholds met: grade of Vomiting: not known, which counts as met [it].',
  ],
  [
    'of what has come before, none is none',
    '%previous.empty() and %baseline.empty() and %expected.empty() and %episode.empty()',
    graded(1),
    {},
    'Thresholds met: there is no previous report [it]; there is no recorded baseline [it]; there is no expected level [it]; there is no open Flag [it].',
    'Seuils atteints : réponse précédente : absent [it] ; état initial enregistré : absent [it] ; niveau attendu : absent [it] ; alerte ouverte : absent [it].',
  ],
  [
    'nor has it a grade',
    '%baseline.grade.exists()',
    graded(1),
    {},
    'Thresholds not met: there is no baseline grade [it].',
  ],
  [
    'nor is an expectation in force that nobody has said',
    '%expected.inForce.exists() and %expected.inForce',
    graded(0),
    {},
    'Thresholds not met: there is no expectation in force [it].',
  ],
  [
    'one that is over is not there either, and not told as there',
    '%expected.inForce.exists() and %expected.inForce',
    graded(0),
    expecting('2026-03-04T08:00:00.000Z'),
    'Thresholds not met: expectation in force false [it].',
  ],
  [
    'one that is in force',
    '%expected.inForce.empty()',
    graded(0),
    expecting('2026-03-06T08:00:00.000Z'),
    'Thresholds not met: expectation in force: known [it].',
  ],
];

t.test('what is not known is never told as none', async (t) => {
  tellsThresholds(t, cases);
});

t.test('the fever that ships: what is not known of treatment is said to be so', async (t) => {
  const fever = compilePolicy(JSON.parse(readFileSync('profiles/policies/emergency-fever.json', 'utf8')));
  const finding: Finding = {
    term: 'fever',
    system: 'emergency',
    version: '1',
    kind: 'emergency',
    outcome: { kind: 'graded', grade: 1 },
    attributes: {},
    dataQuality: [],
  };
  const thresholds = (extra: Partial<Report>): string =>
    thresholdsIn(explainedOf([{ ...report('03-05', finding), ...extra }], [fever]).text);
  t.equal(
    thresholds({}),
    'Thresholds met: lowest certain grade 1 >= 1 [open-fever]; it is not known whether there is systemic treatment, which counts as met [open-fever]. Thresholds not met: it is not known whether there is cell therapy or bispecific [open-fever-cell-therapy].',
  );
  t.equal(
    thresholds(under({ systemic: false, cellTherapy: true })),
    'Thresholds met: lowest certain grade 1 >= 1 [open-fever-cell-therapy]; cell therapy or bispecific true [open-fever-cell-therapy]. Thresholds not met: systemic treatment false [open-fever].',
  );
  t.equal(
    thresholds(under({ systemic: true, cellTherapy: false })),
    'Thresholds met: lowest certain grade 1 >= 1 [open-fever]; systemic treatment true [open-fever]. Thresholds not met: cell therapy or bispecific false [open-fever-cell-therapy].',
  );
});
