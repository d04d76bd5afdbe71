import type {
  Flag,
  Parameters,
  ParametersParameter,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
} from '@medplum/fhirtypes';
import t from 'tap';
import { testApp } from '../../support/app.ts';
import { englishIn } from '../../support/english.ts';
import { faultyApp } from '../../support/faulty.ts';
import { aResult, LADDER_POLICY, POTASSIUM } from '../../support/observations.ts';
import { aPatient, aResponse, type Scores, weeklyForm } from '../../support/responses.ts';
import { put } from '../support.ts';

const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
  parameter.filter((one) => one.name === name);
const partOf = ({ part = [] }: ParametersParameter, name: string): ParametersParameter | undefined =>
  part.find((one) => one.name === name);
const textOf = (answer: Parameters): string => named(answer, 'text')[0]?.valueString ?? '';

t.test('why a Flag is there', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const post = async (resource: QuestionnaireResponse): Promise<QuestionnaireResponse> => put(app, resource);
  const flagsOf = async (patient: string): Promise<Flag[]> =>
    ((await app.send('GET', `/Flag?patient=${patient}`)).body.entry ?? []).map(
      ({ resource }: { resource: Flag }) => resource,
    );
  const explain = async (id: string | undefined, query = ''): Promise<Parameters> =>
    (await app.send('GET', `/Flag/${id}/$explain${query}`)).body;

  await t.test('each version of it, the oldest first, with the report that moved it', async (t) => {
    const patient = await aPatient(app);
    const reports: QuestionnaireResponse[] = [];
    for (const [authored, score] of [
      ['2026-10-01T08:00:00Z', 3],
      ['2026-10-08T08:00:00Z', 1],
      ['2026-10-15T08:00:00Z', 1],
    ] as const) {
      reports.push(await post(aResponse(form, patient, authored, { PROCTCAE_9A_SCL: score, PROCTCAE_9B_SCL: score })));
    }
    const [flag] = await flagsOf(patient);
    const answer = await explain(flag?.id, '?history=true&language=fr');
    const history = named(answer, 'history');
    t.same(
      history.map((one) => [
        partOf(one, 'flag')?.valueReference?.reference,
        partOf(one, 'report')?.valueReference?.reference,
        partOf(one, 'transition')?.valueCode,
      ]),
      [
        [`Flag/${flag?.id}/_history/1`, `QuestionnaireResponse/${reports[0]?.id}/_history/1`, 'open'],
        [`Flag/${flag?.id}/_history/2`, `QuestionnaireResponse/${reports[1]?.id}/_history/1`, 'better'],
        [`Flag/${flag?.id}/_history/3`, `QuestionnaireResponse/${reports[2]?.id}/_history/1`, 'close'],
      ],
    );
    t.match(
      partOf(history[0] ?? { name: '' }, 'text')?.valueString,
      /^Nausées, réponse du 2026-10-01 .* a été ouverte/,
    );
    t.equal(partOf(history[2] ?? { name: '' }, 'text')?.valueString, textOf(answer), 'the last one is the present one');
    for (const one of history) t.match(partOf(one, 'provenance')?.valueReference?.reference, /^Provenance\//);
    t.same(named(await explain(flag?.id), 'history'), [], 'only where it is asked for');
  });

  /** The same questions, all of them always asked. */
  const unbranched = async (): Promise<Questionnaire> => {
    const open = (items: QuestionnaireItem[]): QuestionnaireItem[] =>
      items.map(({ enableWhen: _when, enableBehavior: _behavior, ...item }) => ({
        ...item,
        ...(item.item ? { item: open(item.item) } : {}),
      }));
    const { id: _id, meta: _meta, text: _text, ...rest } = form;
    return put(app, { ...rest, url: 'https://hospital.example/Questionnaire/unbranched', item: open(form.item ?? []) });
  };

  const seasons: [name: string, first: Scores, last: Scores][] = [
    ['two answers that opened it', {}, { PROCTCAE_9A_SCL: 4, PROCTCAE_9B_SCL: 3 }],
    [
      'a later answer hidden by the second',
      { PROCTCAE_48A_SCL: 4, PROCTCAE_48B_SCL: 3, PROCTCAE_48C_SCL: 3 },
      { PROCTCAE_48A_SCL: 2, PROCTCAE_48B_SCL: 0 },
    ],
    ['three answers', {}, { PROCTCAE_48A_SCL: 3, PROCTCAE_48B_SCL: 2, PROCTCAE_48C_SCL: 3 }],
    [
      'all hidden by the first',
      { PROCTCAE_48A_SCL: 3, PROCTCAE_48B_SCL: 3, PROCTCAE_48C_SCL: 4 },
      { PROCTCAE_48A_SCL: 0 },
    ],
    ['an answer that is missing', {}, { PROCTCAE_9A_SCL: 3 }],
  ];

  await t.test('what would have changed it does change it, once it is answered so', async (t) => {
    let tried = 0;
    for (const asked of [form, await unbranched()]) {
      for (const [name, first, last] of seasons) {
        const patient = await aPatient(app);
        if (Object.keys(first).length > 0) await post(aResponse(asked, patient, '2026-10-01T08:00:00Z', first));
        const report = await post(aResponse(asked, patient, '2026-10-08T08:00:00Z', last));
        for (const flag of await flagsOf(patient)) {
          const answer = await explain(flag.id);
          const about = named(answer, 'report')[0]?.valueReference?.reference;
          // What the last report left as it was is told of the report that moved it.
          if (about !== `QuestionnaireResponse/${report.id}/_history/1`) continue;
          const term = named(answer, 'term')[0]?.valueCoding?.code;
          for (const would of named(answer, 'wouldChange')) {
            const changes = (would.part ?? []).filter((one) => one.name === 'change');
            if (changes.some((one) => partOf(one, 'calmDays'))) continue;
            const other: Record<string, number> = { ...last };
            for (const one of changes) {
              const linkId = partOf(one, 'linkId')?.valueString ?? '';
              other[linkId] = partOf(one, 'to')?.valueInteger ?? -1;
            }
            const said = await app.send('POST', `/QuestionnaireResponse/${report.id}/$evaluate`, {
              ...report,
              ...aResponse(asked, patient, '2026-10-08T08:00:00Z', shown(asked, other)),
              status: 'amended',
            });
            t.equal(said.status, 200, said.text);
            const step = named(said.body, 'finding').find((one) => partOf(one, 'term')?.valueCoding?.code === term);
            t.equal(situation(step?.part ?? []), claim(would), `${name}: ${JSON.stringify(other)}`);
            tried += 1;
          }
        }
      }
    }
    t.ok(tried >= 20, `${tried} changes were tried`);
  });

  await t.test('of a result: the value at which it would have been otherwise', async (t) => {
    await put(app, LADDER_POLICY);
    const patient = await aPatient(app);
    const at = (value: number) =>
      aResult(patient, { loinc: POTASSIUM, value, unit: 'mmol/L', at: '2026-10-01T08:00:00Z', low: 3.5, high: 5 });
    const result = await put(app, at(6.2));
    const [flag] = await flagsOf(patient);
    const answer = await explain(flag?.id);
    t.match(
      textOf(answer),
      'a value of 6 mmol/L (grade 2) instead of 6.2 mmol/L: a Flag would have been opened at medium',
    );
    t.match(textOf(answer), 'a value of 5.5 mmol/L (grade 1) instead of 6.2 mmol/L: no Flag would have been opened');
    t.match(
      textOf(await explain(flag?.id, '?language=fr')),
      'une valeur de 5,5 mmol/L (grade 1) au lieu de 6,2 mmol/L',
    );
    for (const would of named(answer, 'wouldChange')) {
      const [change] = (would.part ?? []).filter((one) => one.name === 'change');
      const value = change && partOf(change, 'toValue')?.valueQuantity?.value;
      const said = await app.send('POST', `/Observation/${result.id}/$evaluate`, {
        ...result,
        valueQuantity: { ...result.valueQuantity, value },
      });
      const step = named(said.body, 'finding').find(
        (one) => partOf(one, 'term')?.valueCoding?.code === named(answer, 'term')[0]?.valueCoding?.code,
      );
      t.equal(situation(step?.part ?? []), claim(would), `${value}`);
    }
  });
});

t.test('a French explanation holds no English, whatever became of the Flag', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  await put(app, LADDER_POLICY);
  const form = await weeklyForm(app);
  const flagsOf = async (patient: string): Promise<Flag[]> =>
    ((await app.send('GET', `/Flag?patient=${patient}`)).body.entry ?? []).map(
      ({ resource }: { resource: Flag }) => resource,
    );
  const told = async (id: string | undefined, language = 'fr'): Promise<string> => {
    const { body } = await app.send('GET', `/Flag/${id}/$explain?language=${language}&history=true`);
    const texts = [textOf(body), ...named(body, 'history').map((one) => partOf(one, 'text')?.valueString ?? '')];
    if (language === 'fr') for (const text of texts) t.same(englishIn(text), [], text);
    return textOf(body);
  };

  await t.test('retracted: what it said is told again, with what its content alone does not hold', async (t) => {
    const patient = await aPatient(app);
    const report = await put(
      app,
      aResponse(form, patient, '2026-10-01T08:00:00Z', { PROCTCAE_9A_SCL: 4, PROCTCAE_9B_SCL: 4 }),
    );
    await app.send('PUT', `/QuestionnaireResponse/${report.id}`, { ...report, status: 'entered-in-error' });
    const [flag] = await flagsOf(patient);
    t.equal(flag?.status, 'entered-in-error');
    t.match(
      await told(flag?.id),
      /^Nausées : grade composite PRO-CTCAE 3 \(déclaré par le patient\), intensité 4 sur 4\. Alerte annulée le \d{4}-\d\d-\d\d : /,
    );
    t.match(await told(flag?.id, 'en'), /^Nausea: PRO-CTCAE composite grade 3 .*, severity 4 of 4\. Entered in error/);
  });

  await t.test('retracted, while another report leads to a Flag of its own', async (t) => {
    const patient = await aPatient(app);
    const at = (day: number) =>
      aResponse(form, patient, `2026-10-0${day}T08:00:00Z`, { PROCTCAE_9A_SCL: 4, PROCTCAE_9B_SCL: 3 });
    const first = await put(app, at(1));
    await put(app, at(2));
    await app.send('PUT', `/QuestionnaireResponse/${first.id}`, { ...first, status: 'entered-in-error' });
    const flags = await flagsOf(patient);
    for (const { id, status } of flags) {
      if (status === 'entered-in-error') t.match(await told(id), /Alerte annulée le/);
      else t.match(await told(id), /^Nausées, réponse du 2026-10-02 /);
    }
  });

  await t.test('retracted, of a result: with its value', async (t) => {
    const patient = await aPatient(app);
    const result = await put(
      app,
      aResult(patient, { loinc: POTASSIUM, value: 6.2, unit: 'mmol/L', at: '2026-10-01T08:00:00Z', low: 3.5, high: 5 }),
    );
    const [flag] = await flagsOf(patient);
    t.match(await told(flag?.id), /^Hyperkaliémie, réponse du 2026-10-01 /);
    t.match(await told(flag?.id, 'en'), /^Hyperkalemia, report of 2026-10-01 /);
    await app.send('PUT', `/Observation/${result.id}`, { ...result, status: 'entered-in-error' });
    t.match(await told(flag?.id), /^Hyperkaliémie : grade CTCAE 5\.0 3 \(6,2 mmol\/L, laboratoire\)\. Alerte annulée/);
  });

  await t.test('closed', async (t) => {
    const patient = await aPatient(app);
    for (const [day, score] of [
      [1, 3],
      [2, 1],
      [3, 0],
    ] as const) {
      await put(
        app,
        aResponse(
          form,
          patient,
          `2026-10-0${day}T08:00:00Z`,
          score === 0 ? { PROCTCAE_9A_SCL: 0 } : { PROCTCAE_9A_SCL: score, PROCTCAE_9B_SCL: score },
        ),
      );
    }
    const [flag] = await flagsOf(patient);
    t.equal(flag?.status, 'inactive');
    t.match(await told(flag?.id), /L’alerte a été close\. Décidé par .*Deux jours calmes \(close de /);
  });
});

for (const [how, code, error, en, fr] of [
  [
    'spent',
    'policy-budget',
    'budget',
    'Not asked, since the steps of one report were spent, which is not a no: Hyperkalemia by',
    'Non examiné, les étapes prévues pour une réponse étant épuisées, ce qui n’est pas un non : Hyperkaliémie par',
  ],
  [
    'erring',
    'policy-error',
    'TypeError',
    'Undecided, since a condition failed, which is not a no: Hyperkalemia by',
    'Indécidable, une condition ayant échoué, ce qui n’est pas un non : Hyperkaliémie par',
  ],
] as const) {
  t.test(`what policies left undecided is told, by term and policy: ${code}`, async (t) => {
    const { app, catalog, patient } = await faultyApp(t);
    catalog.how = how;
    const result = aResult(patient, {
      loinc: POTASSIUM,
      value: 6.2,
      unit: 'mmol/L',
      at: '2026-10-01T08:00:00Z',
      low: 3.5,
      high: 5,
    });
    const stored = await put(app, result);
    const { body: found } = await app.send('GET', `/Flag?patient=${patient}`);
    const flag: Flag = found.entry[0].resource;
    t.equal(flag.code.coding?.[0]?.code, code);
    const explain = async (query = ''): Promise<Parameters> =>
      (await app.send('GET', `/Flag/${flag.id}/$explain${query}`)).body;
    const answer = await explain();
    const policy = `${LADDER_POLICY.url}|${LADDER_POLICY.version}`;
    const told = named(answer, 'undecided').map((one) => [
      partOf(one, 'term')?.valueCoding?.code,
      partOf(one, 'policy')?.valueCanonical,
      partOf(one, 'error')?.valueString,
    ]);
    t.strictSame(
      told.filter(([term]) => term === 'hyperkalemia'),
      [['hyperkalemia', policy, error]],
    );
    t.match(textOf(answer), `${en} ${policy}`);
    const french = textOf(await explain('?language=fr'));
    t.match(french, `${fr} ${policy}`);
    t.same(englishIn(french), []);
    catalog.how = 'sound';
    const again = await app.send('PUT', `/Observation/${stored.id}`, { ...result, id: stored.id, status: 'amended' });
    t.equal(again.status, 200, again.text);
    const ended = await explain('?history=true');
    t.same(named(ended, 'undecided'), [], 'nothing is left once it is evaluated');
    const [first, last] = named(ended, 'history').map((one) => partOf(one, 'text')?.valueString ?? '');
    t.match(first, `${en} ${policy}`);
    t.notMatch(last, 'which is not a no');
  });
}

/** The answers that the form goes on showing: an item whose condition asks for another than 0 is hidden behind a 0. */
function shown(form: Questionnaire, scores: Record<string, number>): Record<string, number> {
  const left = { ...scores };
  const walk = (items: QuestionnaireItem[]): void => {
    for (const { linkId, enableWhen = [], item = [] } of items) {
      if (enableWhen.some(({ question }) => left[question] === 0)) delete left[linkId];
      walk(item);
    }
  };
  walk(form.item ?? []);
  return left;
}

/** How a term stands after a step, by its parameters. */
function situation(parts: readonly ParametersParameter[]): string {
  const code = (name: string) => parts.find((one) => one.name === name)?.valueCode;
  if (code('transition') === 'close') return 'closed';
  const priority = code('priority');
  return priority === undefined ? 'none' : `open ${priority}`;
}

const claim = (would: ParametersParameter): string =>
  [partOf(would, 'flag')?.valueCode, partOf(would, 'priority')?.valueCode].filter(Boolean).join(' ');
