import t from 'tap';
import type { Episode, Raised } from '../../../src/rules/episode.ts';
import { EXTENSION, NAMING, UNVALIDATED_WORDING } from '../../../src/rules/resources/codes.ts';
import {
  type EpisodeFlagContext,
  flagOf,
  operationalFlag,
  priorityOf,
  withStatus,
} from '../../../src/rules/resources/flag.ts';
import { textOfFlag } from '../../../src/rules/resources/flag-told.ts';
import { faults, LABELS } from './r4.ts';

const POLICY = 'https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0';
const anEpisode = (over: Partial<Episode> = {}): Episode => ({
  term: 'PROCTCAE_16_COMP',
  status: 'open',
  origin: 'r1',
  start: '2026-03-01T08:00:00.000Z',
  opening: { type: 'QuestionnaireResponse', id: 'r1', version: 1 },
  latest: { type: 'QuestionnaireResponse', id: 'r1', version: 1 },
  kind: 'composite',
  system: 'pro-ctcae',
  systemVersion: '1.0',
  outcome: { kind: 'graded', grade: 3 },
  openingLevel: 3,
  priority: 'PH',
  openedBy: [{ policy: POLICY, action: 'open-composite-3' }],
  decidedBy: [{ policy: POLICY, action: 'open-composite-3' }],
  calmDays: 0,
  reports: 1,
  ...over,
});
const CONTEXT: EpisodeFlagContext = {
  patient: 'Patient/p',
  identifier: 'r1-16',
  device: 'Device/d',
  research: false,
  language: 'en',
  observations: ['Observation/o1'],
  labels: LABELS,
};

const other = { term: 'PROCTCAE_OTHER', kind: 'text' } as const;
const rash = { term: 'PROCTCAE_24_COMP', kind: 'presence' } as const;
const range = (min: number, max: number) =>
  ({ outcome: { kind: 'at-least', min, max, missing: ['severity'] } }) as const;
const grade1 = { outcome: { kind: 'graded', grade: 1 }, previousGrade: 0 } as const;
const raised = (why: Raised['why']): Raised => ({
  source: { type: 'QuestionnaireResponse', id: 'r2', version: 1 },
  why,
});
const texts: [name: string, episode: Partial<Episode>, en: string, fr: string][] = [
  [
    'a first grade',
    {},
    'Diarrhea: PRO-CTCAE composite grade 3 (patient-reported)',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 3 (déclaré par le patient)',
  ],
  [
    'a grade with the one before, 0 too',
    { previousGrade: 0 },
    'Diarrhea: PRO-CTCAE composite grade 3 (patient-reported), was 0',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 3 (déclaré par le patient), auparavant 0',
  ],
  [
    'a grade with the one before and the baseline',
    { previousGrade: 1, baselineGrade: 0 },
    'Diarrhea: PRO-CTCAE composite grade 3 (patient-reported), was 1, baseline 0',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 3 (déclaré par le patient), auparavant 1, valeur de référence 0',
  ],
  [
    'a range',
    range(2, 3),
    'Diarrhea: PRO-CTCAE composite grade at least 2, 3 cannot be excluded (patient-reported)',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE au moins 2, 3 ne peut être exclu (déclaré par le patient)',
  ],
  [
    'a range that begins at 0 promises nothing',
    range(0, 3),
    'Diarrhea: PRO-CTCAE composite grade not certain, 3 cannot be excluded (patient-reported)',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE non établi, 3 ne peut être exclu (déclaré par le patient)',
  ],
  [
    'no grade at all',
    { outcome: { kind: 'not-gradable', reason: 'opted-out', missing: ['frequency'] } },
    'Diarrhea: PRO-CTCAE composite not gradable (patient-reported)',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE non calculable (déclaré par le patient)',
  ],
  [
    'a yes/no term newly yes',
    { ...rash, outcome: { kind: 'graded', grade: 1 }, previousGrade: 0 },
    'Rash: reported: yes (PRO-CTCAE, patient-reported), was no',
    'Éruption cutanée : signalé : oui (PRO-CTCAE, déclaré par le patient), auparavant non',
  ],
  [
    'a yes/no term now no',
    { ...rash, outcome: { kind: 'graded', grade: 0 }, previousGrade: 1, baselineGrade: 0 },
    'Rash: reported: no (PRO-CTCAE, patient-reported), was yes, baseline no',
    'Éruption cutanée : signalé : non (PRO-CTCAE, déclaré par le patient), auparavant oui, valeur de référence non',
  ],
  [
    'a yes/no term in doubt',
    { ...rash, ...range(0, 1) },
    'Rash: reported: not certain (PRO-CTCAE, patient-reported)',
    'Éruption cutanée : signalé : non établi (PRO-CTCAE, déclaré par le patient)',
  ],
  [
    'a write-in never shows the words',
    { ...other, outcome: { kind: 'graded', grade: 1 } },
    'Other symptom reported by the patient: see the response',
    'Autre symptôme signalé par le patient : lire la réponse',
  ],
  [
    'a range that raised the priority of a lower grade since',
    { ...grade1, raised: raised([0, 3]) },
    'Diarrhea: PRO-CTCAE composite grade 1 (patient-reported), was 0; priority raised since: grade not certain, 3 cannot be excluded',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 1 (déclaré par le patient), auparavant 0 ; priorité relevée depuis : grade non établi, 3 ne peut être exclu',
  ],
  [
    'a range with a floor that raised it',
    { ...grade1, raised: raised([1, 3]) },
    'Diarrhea: PRO-CTCAE composite grade 1 (patient-reported), was 0; priority raised since: grade at least 1, 3 cannot be excluded',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 1 (déclaré par le patient), auparavant 0 ; priorité relevée depuis : grade au moins 1, 3 ne peut être exclu',
  ],
  [
    'a contradiction that raised it',
    { ...grade1, raised: raised('contradictory') },
    'Diarrhea: PRO-CTCAE composite grade 1 (patient-reported), was 0; priority raised since: contradictory answers, a person should look',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 1 (déclaré par le patient), auparavant 0 ; priorité relevée depuis : réponses contradictoires, une personne doit vérifier',
  ],
  [
    'a report without a grade that raised it',
    { ...grade1, raised: raised('not-gradable') },
    'Diarrhea: PRO-CTCAE composite grade 1 (patient-reported), was 0; priority raised since: a report that cannot be graded, a person should look',
    'Diarrhée (selles molles ou liquides) : grade composite PRO-CTCAE 1 (déclaré par le patient), auparavant 0 ; priorité relevée depuis : grade non calculable, une personne doit vérifier',
  ],
  [
    'a yes/no term that cannot be excluded any more',
    { ...rash, outcome: { kind: 'graded', grade: 0 }, raised: raised([0, 1]) },
    'Rash: reported: no (PRO-CTCAE, patient-reported); priority raised since: yes cannot be excluded',
    'Éruption cutanée : signalé : non (PRO-CTCAE, déclaré par le patient) ; priorité relevée depuis : oui ne peut être exclu',
  ],
];
for (const [name, over, en, fr] of texts) {
  t.test(`text: ${name}`, async (t) => {
    const english = flagOf(anEpisode(over), CONTEXT);
    t.equal(english.code.text, en);
    t.same(faults(english), []);
    const french = flagOf(anEpisode(over), { ...CONTEXT, language: 'fr' });
    t.equal(french.code.text, fr);
    t.equal(french.language, 'fr');
    t.same(faults(french), []);
  });
}

t.test(
  'the report that raised the priority since is among the details, its contradiction among the doubts',
  async (t) => {
    const of = (why: Raised['why'], said?: Episode['said']) => {
      const { extension = [] } = flagOf(
        anEpisode({ ...grade1, raised: raised(why), ...(said ? { said } : {}) }),
        CONTEXT,
      );
      const valuesOf = (url: string) =>
        extension.filter((one) => one.url === url).map((one) => one.valueReference?.reference ?? one.valueCoding?.code);
      return [valuesOf(EXTENSION.flagDetail), valuesOf(EXTENSION.dataQuality)];
    };
    const details = ['QuestionnaireResponse/r1', 'QuestionnaireResponse/r2', 'Observation/o1'];
    t.same(of([0, 3]), [details, []]);
    t.same(of('contradictory'), [details, ['contradictory']]);
    t.same(of('contradictory', { dataQuality: ['contradictory', 'clock-ahead'] })[1], ['contradictory', 'clock-ahead']);
  },
);

t.test('an open episode is an active Flag of the clinical category with a beginning and no end', async (t) => {
  const flag = flagOf(anEpisode(), CONTEXT);
  t.match(flag, {
    status: 'active',
    identifier: [{ system: NAMING.episode, value: 'r1-16' }],
    code: { coding: [{ code: 'PROCTCAE_16_COMP', display: 'Diarrhea: composite grade' }] },
    subject: { reference: 'Patient/p' },
    author: { reference: 'Device/d' },
  });
  t.same(flag.period, { start: '2026-03-01T08:00:00.000Z' });
  t.same(
    flag.category?.map(({ coding }) => coding?.[0]?.code),
    ['clinical'],
  );
  t.notOk(flag.meta?.tag);
});

t.test('a participant of a trial, and a form whose wording is not validated, can be seen on the Flag', async (t) => {
  const flag = flagOf(anEpisode(), { ...CONTEXT, research: true, tags: [UNVALIDATED_WORDING] });
  t.same(faults(flag), []);
  t.same(
    flag.category?.map(({ coding }) => coding?.[0]?.code),
    ['clinical', 'research'],
  );
  t.equal(flag.meta?.tag?.[0]?.code, 'unvalidated-wording');
});

t.test('a closed episode is inactive and ends where the closing report is', async (t) => {
  const flag = flagOf(anEpisode({ status: 'closed', end: '2026-03-15T08:00:00.000Z' }), CONTEXT);
  t.same(faults(flag), []);
  t.equal(flag.status, 'inactive');
  t.same(flag.period, { start: '2026-03-01T08:00:00.000Z', end: '2026-03-15T08:00:00.000Z' });
});

t.test('an open episode has no end, though one was left over', async (t) => {
  t.notOk(flagOf(anEpisode({ end: '2026-03-15T08:00:00.000Z' }), CONTEXT).period?.end);
});

t.test('details are the opening and the latest report and their Observations, each once', async (t) => {
  const detailsOf = (episode: Episode, observations: string[]) =>
    flagOf(episode, { ...CONTEXT, observations })
      .extension?.filter(({ url }) => url === EXTENSION.flagDetail)
      .map(({ valueReference }) => valueReference?.reference);
  t.same(detailsOf(anEpisode(), ['Observation/o1', 'Observation/o1']), ['QuestionnaireResponse/r1', 'Observation/o1']);
  const later = anEpisode({ latest: { type: 'QuestionnaireResponse', id: 'r2', version: 3 } });
  t.same(detailsOf(later, ['Observation/o1', 'Observation/o2']), [
    'QuestionnaireResponse/r1',
    'QuestionnaireResponse/r2',
    'Observation/o1',
    'Observation/o2',
  ]);
});

t.test('the measurement names system, grade, what came before, and each policy action', async (t) => {
  const findingOf = (over: Partial<Episode>) =>
    flagOf(anEpisode(over), CONTEXT)
      .extension?.find(({ url }) => url === EXTENSION.gradedFinding)
      ?.extension?.map(
        ({ url, valueCode, valueString, valueInteger, valueCanonical, extension }) =>
          `${url} ${valueCode ?? valueString ?? valueInteger ?? valueCanonical ?? extension?.map((one) => one.valueCanonical ?? one.valueString).join(' ')}`,
      );
  t.same(findingOf({ previousGrade: 1, baselineGrade: 0 }), [
    'system pro-ctcae',
    'version 1.0',
    'kind composite',
    'grade 3',
    'previous 1',
    'baseline 0',
    `policy ${POLICY}`,
    `opened-by ${POLICY} open-composite-3`,
    `decided-by ${POLICY} open-composite-3`,
  ]);
  t.same(findingOf(range(1, 3))?.slice(3, 5), ['min 1', 'max 3']);
  t.equal(
    findingOf({ outcome: { kind: 'not-gradable', reason: 'not-answered', missing: [] } })?.[3],
    'not-gradable not-answered',
  );
});

for (const priority of ['PN', 'PL', 'PM', 'PH'] as const) {
  t.test(`priority ${priority} is read back as it was written`, async (t) => {
    const flag = flagOf(anEpisode({ priority }), CONTEXT);
    t.same(faults(flag), []);
    t.equal(priorityOf(flag), priority);
  });
}

t.test('a Flag without our priority has none', async (t) => {
  t.equal(
    priorityOf({ resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: 'Patient/p' } }),
    undefined,
  );
});

t.test('doubts about the latest answers are on the Flag', async (t) => {
  const flag = flagOf(anEpisode({ said: { dataQuality: ['contradictory', 'needs-review'] } }), CONTEXT);
  t.same(faults(flag), []);
  t.same(
    flag.extension?.filter(({ url }) => url === EXTENSION.dataQuality).map(({ valueCoding }) => valueCoding?.code),
    ['contradictory', 'needs-review'],
  );
});

t.test('a retracted episode keeps what it said and is marked as an error', async (t) => {
  const flag = flagOf(anEpisode(), { ...CONTEXT, status: 'entered-in-error' });
  t.same(faults(flag), []);
  t.same({ ...flag, status: 'active' }, flagOf(anEpisode(), CONTEXT));
});

t.test('a stored Flag is retracted without its id and version, and is not changed itself', async (t) => {
  const flag = flagOf(anEpisode(), CONTEXT);
  const stored = {
    ...flag,
    id: 'f',
    meta: { ...flag.meta, versionId: '2', lastUpdated: '2026-03-02T00:00:00.000Z' },
  };
  t.same(withStatus(stored, 'entered-in-error'), { ...flag, status: 'entered-in-error' });
  t.equal(stored.status, 'active');
  t.equal(stored.id, 'f');
  const ended = withStatus(stored, 'inactive', '2026-03-15T08:00:00.000Z');
  t.same(ended.period, { start: '2026-03-01T08:00:00.000Z', end: '2026-03-15T08:00:00.000Z' });
  t.same(faults(ended), []);
});

t.test('a report that was not evaluated is a high-priority Flag that points to it', async (t) => {
  const { observations: _observations, labels: _labels, ...context } = CONTEXT;
  const flag = operationalFlag('not-evaluated', {
    ...context,
    source: 'QuestionnaireResponse/r9',
    at: '2026-03-01T08:00:00.000Z',
  });
  t.same(faults(flag), []);
  t.equal(priorityOf(flag), 'PH');
  t.match(flag, {
    status: 'active',
    code: {
      coding: [{ code: 'not-evaluated' }],
      text: 'Report received but not evaluated: a person must read it',
    },
    period: { start: '2026-03-01T08:00:00.000Z' },
    extension: [{}, { url: EXTENSION.flagDetail, valueReference: { reference: 'QuestionnaireResponse/r9' } }],
  });
  const french = operationalFlag('not-evaluated', {
    ...context,
    language: 'fr',
    source: 'QuestionnaireResponse/r9',
    at: '2026-03-01',
  });
  t.match(french.code.text, /non évaluée/);
});

t.test('the text names the worst severity and a contradiction, since the composite may hide both', async (t) => {
  const text = (said: Episode['said'], language: 'en' | 'fr' = 'en') =>
    flagOf(anEpisode({ outcome: { kind: 'graded', grade: 2 }, said }), { ...CONTEXT, language }).code.text ?? '';
  t.match(text({ worst: true }), /grade 2 \(patient-reported\), severity 4 of 4/);
  t.notMatch(text(undefined), /severity/);
  t.match(text({ dataQuality: ['contradictory'] }), /contradict each other, please review$/);
  t.match(text({ worst: true }, 'fr'), /intensité 4 sur 4/);
});

t.test('a stored Flag is told in the other language too', async (t) => {
  for (const [name, over, en, fr] of texts) {
    const episode = anEpisode(over);
    for (const [language, other, told] of [
      ['en', 'fr', fr],
      ['fr', 'en', en],
    ] as const) {
      const flag = flagOf(episode, { ...CONTEXT, language });
      t.equal(textOfFlag(flag, LABELS, language), flag.code.text, `${name}: as it stands`);
      // Why the priority rose is kept by the episode alone, and is left out.
      const expected = episode.raised ? textOfFlag(flag, LABELS, other) : told;
      t.equal(textOfFlag(flag, LABELS, other, episode.said), expected, name);
      if (episode.raised) t.notMatch(expected, /priorit/, name);
      t.equal(typeof textOfFlag(flag, LABELS, other), 'string', `${name}: from its content alone`);
    }
  }
  const told = flagOf(anEpisode({ said: { worst: true } }), CONTEXT);
  t.match(textOfFlag(told, LABELS, 'fr', { worst: true }), /intensité 4 sur 4/);
  t.notMatch(textOfFlag(flagOf(anEpisode(), CONTEXT), LABELS, 'fr', { worst: true }), /intensité/, 'it did not say so');
  for (const code of ['not-evaluated', 'policy-budget', 'policy-error'] as const) {
    const flag = operationalFlag(code, { ...CONTEXT, source: 'Observation/o', at: '2026-03-01T08:00:00Z' });
    t.match(textOfFlag(flag, LABELS, 'fr'), /lue par une personne/);
  }
});
