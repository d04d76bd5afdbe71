import t from 'tap';
import { hashShard } from '../../../src/fhir/ids.ts';
import { testApp } from '../../support/app.ts';

/** Two ids that a client may choose and whose patients lie in one shard. */
function neighbours(): [string, string] {
  const met = new Map<number, string>();
  for (let n = 0; ; n += 1) {
    const id = `walked-${n}`;
    const other = met.get(hashShard(id));
    if (other !== undefined) return [other, id];
    met.set(hashShard(id), id);
  }
}

t.test('what is searched of one patient is walked in the shard, which others share', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const [a, b] = neighbours();
  for (const id of [a, b]) {
    t.equal((await app.send('PUT', `/Patient/${id}`, JSON.stringify({ resourceType: 'Patient', id }))).status, 201);
  }
  const taken = (patient: string, status: string, code: string, more: object = {}) => ({
    resourceType: 'MedicationStatement',
    status,
    medicationCodeableConcept: {
      coding: [{ system: 'https://example.org/codes', code }],
      text: `${code} of ${patient}`,
    },
    subject: { reference: `Patient/${patient}` },
    ...more,
  });
  const names = new Map<string, string>();
  const stored: [string, object][] = [
    ['a-pain', taken(a, 'active', 'pain', { effectiveDateTime: '2026-01-02' })],
    ['a-rash', taken(a, 'stopped', 'rash', { effectiveDateTime: '2026-03-04' })],
    [
      'a-cough',
      taken(a, 'entered-in-error', 'cough', { identifier: [{ system: 'https://example.org/i', value: '1' }] }),
    ],
    ['a-gone', taken(a, 'active', 'pain')],
    ['b-pain', taken(b, 'active', 'pain', { informationSource: { reference: `Patient/${a}` } })],
    ['b-rash', taken(b, 'stopped', 'rash', { identifier: [{ system: 'https://example.org/i', value: '1' }] })],
  ];
  for (const [name, resource] of stored) {
    const { status, body } = await app.send('POST', '/MedicationStatement', JSON.stringify(resource));
    t.equal(status, 201);
    names.set(body.id, name);
    if (name === 'a-gone') t.equal((await app.send('DELETE', `/MedicationStatement/${body.id}`)).status, 204);
  }
  const cases: [string, string, string[]][] = [
    [
      'all of one patient, the newest first',
      `MedicationStatement?patient=Patient/${a}`,
      ['a-cough', 'a-rash', 'a-pain'],
    ],
    ['the neighbour sees none of it', `MedicationStatement?patient=Patient/${b}`, ['b-rash', 'b-pain']],
    ['one token', `MedicationStatement?patient=Patient/${a}&status=active`, ['a-pain']],
    ['one of several tokens', `MedicationStatement?patient=Patient/${a}&status=active,stopped`, ['a-rash', 'a-pain']],
    ['none of them', `MedicationStatement?patient=Patient/${a}&status:not=active`, ['a-cough', 'a-rash']],
    ['none of several', `MedicationStatement?patient=Patient/${a}&status:not=active,stopped`, ['a-cough']],
    [
      'a system alone and a code alone',
      `MedicationStatement?patient=Patient/${a}&code=pain,rash`,
      ['a-rash', 'a-pain'],
    ],
    ['a token that nothing has', `MedicationStatement?patient=Patient/${a}&code=https://example.org/other|pain`, []],
    ['words', `MedicationStatement?patient=Patient/${a}&code:text=rash`, ['a-rash']],
    ['dates', `MedicationStatement?patient=Patient/${a}&effective=ge2026-02`, ['a-rash']],
    [
      'in the order of dates',
      `MedicationStatement?patient=Patient/${a}&_sort=effective`,
      ['a-pain', 'a-rash', 'a-cough'],
    ],
    [
      'an identifier that the neighbour has too',
      `MedicationStatement?patient=Patient/${a}&identifier=https://example.org/i|1`,
      ['a-cough'],
    ],
    ['who told of it is not whose it is', `MedicationStatement?patient=Patient/${a}&source=Patient/${a}`, []],
    ['the compartment by its path', `Patient/${a}/MedicationStatement?status=active`, ['a-pain']],
    [
      'two patients, no walk',
      `MedicationStatement?patient=Patient/${a},Patient/${b}&status=active`,
      ['b-pain', 'a-pain'],
    ],
  ];
  for (const [what, path, expected] of cases) {
    const { status, body } = await app.send('GET', `/${path}`);
    t.equal(status, 200, what);
    const found = (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => names.get(resource.id));
    t.same(found, expected, what);
  }
  const first = await app.send('GET', `/MedicationStatement?patient=Patient/${a}&_count=2`);
  const next = first.body.link.find(({ relation }: { relation: string }) => relation === 'next').url;
  const second = await app.send('GET', next.slice(next.indexOf('/MedicationStatement')));
  t.same(
    [first, second].map(({ body }) =>
      body.entry.map(({ resource }: { resource: { id: string } }) => names.get(resource.id)),
    ),
    [['a-cough', 'a-rash'], ['a-pain']],
    'and page by page',
  );
});
