import type { Resource } from '@medplum/fhirtypes';
import t from 'tap';
import type { Episode } from '../../../src/rules/episode.ts';
import type { Finding, Outcome } from '../../../src/rules/finding.ts';
import { allLabels } from '../../../src/rules/resources/all-labels.ts';
import { flagText } from '../../../src/rules/resources/flag-text.ts';
import { gradedObservation } from '../../../src/rules/resources/graded-observation.ts';
import { faults } from './r4.ts';

const LABELS = allLabels();
const AT = '2026-11-20T08:00:00.000Z';
const FINDING: Finding = {
  term: 'alt_increased',
  system: 'ctcae',
  version: '5.0',
  kind: 'ladder',
  outcome: { kind: 'graded', grade: 1 },
  attributes: {},
  measured: {
    loinc: '1742-6',
    value: 3.5,
    unit: 'ukat/L',
    canonical: 210,
    canonicalUnit: 'U/L',
    high: 0.67,
    baseline: { value: 100, unit: 'U/L', at: AT, source: { type: 'Observation', id: 'b', version: 1 } },
  },
  dataQuality: ['needs-clinician'],
};
const of = (finding: Finding, language: 'en' | 'fr' = 'en') =>
  gradedObservation(finding, {
    patient: 'Patient/p',
    source: 'Observation/o',
    device: 'Device/d',
    effective: { end: AT },
    status: 'final',
    issued: AT,
    labels: LABELS,
    language,
  });

const outcomes: [name: string, outcome: Outcome, shown: object][] = [
  ['a grade', { kind: 'graded', grade: 4 }, { valueInteger: 4, dataAbsentReason: undefined }],
  ['grade 0', { kind: 'graded', grade: 0 }, { valueInteger: 0, dataAbsentReason: undefined }],
  [
    'a range',
    { kind: 'at-least', min: 1, max: 3, missing: ['baseline'] },
    { valueInteger: undefined, dataAbsentReason: { coding: [{ code: 'unknown' }] } },
  ],
  [
    'a unit that is not known',
    { kind: 'not-gradable', reason: 'unit-unknown', missing: ['value'] },
    { valueInteger: undefined, dataAbsentReason: { coding: [{ code: 'error' }] } },
  ],
  [
    'no limits of normal',
    { kind: 'not-gradable', reason: 'limit-missing', missing: ['upper-limit'] },
    { valueInteger: undefined, dataAbsentReason: { coding: [{ code: 'unknown' }] } },
  ],
];
for (const [name, outcome, shown] of outcomes) {
  t.test(`the Observation of ${name} is valid and says so`, async (t) => {
    for (const language of ['en', 'fr'] as const) {
      const observation = of({ ...FINDING, outcome }, language);
      t.same(faults(observation as Resource), []);
      t.match(observation, shown);
    }
  });
}

t.test('what a ladder was climbed with are components, and the baseline is what it rests on', async (t) => {
  const { component = [], derivedFrom, code } = of(FINDING);
  t.same(
    component.map((one) => [one.code.coding?.[0]?.code, one.valueQuantity?.value, one.valueQuantity?.code]),
    [
      ['value', 3.5, 'ukat/L'],
      ['canonical-value', 210, 'U/L'],
      ['upper-limit', 0.67, 'ukat/L'],
      ['baseline', 100, 'U/L'],
    ],
  );
  t.same(derivedFrom, [{ reference: 'Observation/o' }, { reference: 'Observation/b' }]);
  t.match(code, { coding: [{ version: '5.0', code: 'alt_increased' }] });
  t.equal(code?.coding?.length, 1, 'no MedDRA code: its cross-walk is not signed off');
});

const EPISODE: Episode = {
  term: 'neutrophil_count_decreased@5.0',
  status: 'open',
  origin: 'o',
  start: AT,
  opening: { type: 'Observation', id: 'o', version: 1 },
  latest: { type: 'Observation', id: 'o', version: 1 },
  kind: 'ladder',
  system: 'ctcae',
  systemVersion: '5.0',
  outcome: { kind: 'graded', grade: 3 },
  openingLevel: 3,
  previousGrade: 1,
  priority: 'PH',
  openedBy: [],
  decidedBy: [],
  calmDays: 0,
  reports: 1,
};
const fever: Partial<Episode> = {
  term: 'fever',
  kind: 'emergency',
  system: 'emergency',
  systemVersion: '1',
  previousGrade: undefined,
};
const ANC = { loinc: '26499-4', value: 0.8, unit: '10*9/L' };
const texts: [name: string, over: Partial<Episode>, measured: Finding['measured'], en: RegExp, fr: RegExp][] = [
  [
    'a grade with the value',
    {},
    ANC,
    /^Neutrophil count decreased: CTCAE 5\.0 grade 3 \(0\.8 10\*9\/L, laboratory\), was 1$/,
    /^Neutropénie : grade CTCAE 5\.0 3 \(0,8 10\*9\/L, laboratoire\), auparavant 1$/,
  ],
  [
    'a range',
    { outcome: { kind: 'at-least', min: 2, max: 4, missing: ['lower-limit'] }, previousGrade: undefined },
    ANC,
    /CTCAE 5\.0 grade at least 2, 4 cannot be excluded \(0\.8/,
    /grade CTCAE 5\.0 au moins 2, 4 ne peut être exclu/,
  ],
  [
    'an emergency',
    { ...fever, outcome: { kind: 'graded', grade: 1 } },
    { loinc: '8310-5', value: 38.6, unit: 'Cel' },
    /^Fever: emergency, act at once \(38\.6 Cel\)$/,
    /^Fièvre : urgence, agir sans attendre \(38,6 Cel\)$/,
  ],
  [
    'an emergency that is over',
    { ...fever, outcome: { kind: 'graded', grade: 0 } },
    undefined,
    /no longer there$/,
    /n’est plus présente$/,
  ],
];
for (const [name, over, measured, en, fr] of texts) {
  t.test(`the text of a Flag: ${name}`, async (t) => {
    t.match(flagText({ ...EPISODE, ...over, said: measured && { measured } }, LABELS, 'en'), en);
    t.match(flagText({ ...EPISODE, ...over, said: measured && { measured } }, LABELS, 'fr'), fr);
  });
}
