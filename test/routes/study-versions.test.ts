import type { Extension } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { NOW, testApp } from '../support/app.ts';
import { aResult, gradesOf, NEUTROPHILS, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const url = `${CANONICAL}/StructureDefinition/ctcae-versions`;
const study = (...extension: Extension[]) => ({ resourceType: 'ResearchStudy', status: 'active', extension });
const SIX: Extension = { url, valueCode: '6.0' };

const refused: [name: string, extension: Extension[], place: number, came: string][] = [
  ['a string', [{ url, valueString: '6.0' }], 0, 'valueString'],
  ['a decimal', [{ url, valueDecimal: 6 }], 0, 'valueDecimal'],
  ['a version that nobody has published', [{ url, valueCode: '7.0' }], 0, 'the valueCode 7.0'],
  ['a version that is not held', [{ url, valueCode: '4.03' }], 0, 'the valueCode 4.03'],
  ['half a version', [{ url, valueCode: '6' }], 0, 'the valueCode 6'],
  ['both in one', [{ url, valueCode: '5.0,6.0' }], 0, 'another one'],
  ['no value', [{ url, extension: [{ url: 'version', valueCode: '6.0' }] }], 0, 'no value'],
  ['the second of two', [SIX, { url, valueString: '5.0' }], 1, 'valueString'],
  [
    'behind one of another kind',
    [
      { url: 'https://example.org/x', valueString: 'y' },
      { url, valueCode: '7.0' },
    ],
    1,
    'the valueCode 7.0',
  ],
];

t.test('a version of CTCAE that cannot be read is refused, however the study comes', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const { id } = await post(app, study(SIX));
  const inBundle = (type: 'transaction' | 'batch', resource: object) =>
    app.send('POST', '', {
      resourceType: 'Bundle',
      type,
      entry: [{ request: { method: 'POST', url: 'ResearchStudy' }, resource }],
    });
  for (const [name, extension, place, came] of refused) {
    const at = `extension[${place}].value`;
    const diagnostics = `ResearchStudy.extension[${place}] (ctcae-versions): expected a valueCode, one of 5.0, 6.0; came ${came}`;
    const issue = { severity: 'error', code: 'business-rule', diagnostics, expression: [`ResearchStudy.${at}`] };
    const faulty = study(...extension);
    const patch = [{ op: 'replace', path: '/extension', value: extension }];
    const answers = {
      POST: await app.send('POST', '/ResearchStudy', faulty),
      PUT: await app.send('PUT', `/ResearchStudy/${id}`, { ...faulty, id }),
      PATCH: await app.send('PATCH', `/ResearchStudy/${id}`, JSON.stringify(patch), {
        'content-type': 'application/json-patch+json',
      }),
    };
    for (const [way, answer] of Object.entries(answers)) {
      t.equal(answer.status, 422, `${name}: ${way}`);
      t.match(answer.body.issue, [issue], `${name}: ${way}`);
    }
    const transaction = await inBundle('transaction', faulty);
    t.equal(transaction.status, 422, `${name}: transaction`);
    const [told] = transaction.body.issue;
    t.same(told.expression, [`Bundle.entry[0].resource.${at}`], `${name}: transaction`);
    t.ok(told.diagnostics.includes(diagnostics), `${name}: transaction: ${told.diagnostics}`);
    const batch = await inBundle('batch', faulty);
    t.match(batch.body.entry[0].response, { status: /^422/, outcome: { issue: [issue] } }, `${name}: batch`);
    const asked = await app.send('POST', '/ResearchStudy/$validate', faulty);
    t.equal(asked.status, 200);
    const rules = asked.body.issue.filter(({ code }: { code: string }) => code === 'business-rule');
    t.match(rules, [issue], `${name}: $validate`);
  }
  const { body } = await app.send('GET', '/ResearchStudy');
  t.match(body.entry, [{ resource: { id, meta: { versionId: '1' } } }], 'nothing of it is stored');
  t.equal(body.entry.length, 1);
});

t.test('each version of ours is taken, alone, twice and side by side, and so is a study that names none', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const five: Extension = { url, valueCode: '5.0' };
  const cases: [extension: Extension[], versions: string[]][] = [
    [[], ['5.0']],
    [[{ url: 'https://example.org/x', valueString: '7.0' }], ['5.0']],
    [[SIX], ['6.0']],
    [[SIX, SIX], ['6.0']],
    [
      [SIX, five],
      ['5.0', '6.0'],
    ],
  ];
  for (const [extension, versions] of cases) {
    const { id } = await post(
      app,
      extension.length > 0 ? study(...extension) : ({ resourceType: 'ResearchStudy', status: 'active' } as never),
    );
    // A study is the same study by whatever name of ours its subjects know it.
    for (const reference of [
      `ResearchStudy/${id}`,
      `ResearchStudy/${id}/_history/1`,
      `${app.deps.baseUrl}/ResearchStudy/${id}`,
      `${app.deps.baseUrl}/ResearchStudy/${id}/_history/1`,
    ]) {
      t.same(await versionsOf(reference), versions, `${JSON.stringify(extension)}: ${reference}`);
    }
    t.same(
      await versionsOf(`https://elsewhere.example/fhir/ResearchStudy/${id}`),
      ['5.0'],
      'of another server: another study',
    );
  }

  async function versionsOf(reference: string): Promise<string[]> {
    const patient = await aPatient(app);
    await post(app, {
      resourceType: 'ResearchSubject',
      status: 'on-study',
      study: { reference },
      individual: { reference: patient },
    } as never);
    const { id } = await post(
      app,
      aResult(patient, {
        loinc: NEUTROPHILS,
        value: 0.4,
        unit: '10*9/L',
        low: 1.8,
        high: 7,
        at: '2026-11-10T08:00:00Z',
      }),
    );
    const grades = await gradesOf(app, `Observation/${id}`);
    return grades.flatMap((text) => /^neutrophil_count_decreased@([\d.]+)/.exec(text)?.[1] ?? []);
  }
});
