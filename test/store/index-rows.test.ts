import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { searchParametersOf } from '../../src/fhir/definitions.ts';
import { newId } from '../../src/fhir/ids.ts';
import { searchRegistry } from '../../src/fhir/search-parameters.ts';
import { deletedRow, indexRow } from '../../src/store/index-rows.ts';
import { compartmentToken, token } from '../../src/store/tokens.ts';
import { commit, type NewVersion } from '../../src/store/write.ts';
import { freshDatabase } from '../support/database.ts';
import { specOf } from '../support/save.ts';

const ours = readdirSync('profiles')
  .filter((file) => file.startsWith('SearchParameter-'))
  .map((file) => JSON.parse(readFileSync(`profiles/${file}`, 'utf8')));
const registry = searchRegistry(searchParametersOf, ours);
const baseUrl = 'https://vigie.example/fhir';

const row = (resource: { resourceType: string; [element: string]: unknown }, patient?: string) =>
  indexRow(registry, specOf(resource.resourceType), 1, resource, { baseUrl, ...(patient ? { patient } : {}) });
const tokenOf = (type: string, param: string, key: string): string => token(1, type, param, key);

t.test('a quantity has its value, its unit by every name, and the same in base units', async (t) => {
  const { numbers } = row({
    resourceType: 'Observation',
    valueQuantity: { value: 7.2, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
  });
  t.same(
    numbers.filter(({ param }) => param === 'value-quantity'),
    [
      {
        param: 'value-quantity',
        lo: '7.2',
        hi: '7.2',
        open: false,
        unit: ['g/dL', 'http://unitsofmeasure.org|g/dL', 'g/dL'].filter((one, at, all) => all.indexOf(one) === at),
        clo: '72000',
        chi: '72000',
        cunit: 'm-3.g',
      },
    ],
  );
});

t.test('a unit that is not UCUM has no base units; a comparator leaves a side open', async (t) => {
  const { numbers } = row({ resourceType: 'Observation', valueQuantity: { value: 5, comparator: '<', unit: 'drops' } });
  t.match(numbers[0], { lo: null, hi: '5', open: true, unit: ['drops'], clo: null, chi: null, cunit: null });
});

t.test('a date that is not the principal one has rows, the principal one has columns', async (t) => {
  const made = row({ resourceType: 'Condition', recordedDate: '2026-03-02', onsetDateTime: '2026-03-01' });
  t.same([made.lo, made.hi], ['2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z']);
  t.same(made.dates, [{ param: 'onset-date', lo: '2026-03-01T00:00:00.000Z', hi: '2026-03-02T00:00:00.000Z' }]);
  const open = row({ resourceType: 'Condition', onsetPeriod: { start: '2026-03-01' } });
  t.same(open.dates, [{ param: 'onset-date', lo: '2026-03-01T00:00:00.000Z', hi: 'infinity' }]);
});

t.test('names and addresses have a row for each part', async (t) => {
  const { strings } = row({
    resourceType: 'Patient',
    name: [{ family: 'Lévy', given: ['Anne'] }],
    address: [{ city: 'Paris' }],
  });
  const of = (param: string) => strings.filter((one) => one.param === param).map(({ norm, exact }) => [norm, exact]);
  t.same(of('name'), [
    ['levy', 'Lévy'],
    ['anne', 'Anne'],
  ]);
  t.same(of('family'), [['levy', 'Lévy']]);
  t.same(of('address-city'), [['paris', 'Paris']]);
});

t.test('a URI has a row for :below', async (t) => {
  const { strings } = row({ resourceType: 'ValueSet', url: 'https://v.example/A' });
  t.same(
    strings.filter(({ param }) => param === 'url'),
    [{ param: 'url', norm: 'https://v.example/A', exact: 'https://v.example/A' }],
  );
});

t.test('identifiers by type, and identifiers of references, have tokens', async (t) => {
  const type = { coding: [{ system: 'urn:types', code: 'MR' }] };
  const { tok } = row({ resourceType: 'Patient', identifier: [{ type, system: 'urn:s', value: '1' }] });
  t.ok(tok.includes(tokenOf('Patient', 'identifier:of-type', 'urn:types|MR|1')));
  const observation = row({
    resourceType: 'Observation',
    subject: { identifier: { system: 'urn:s', value: '1' } },
  });
  for (const key of ['1', 'urn:s|1', 'urn:s|']) {
    t.ok(observation.tok.includes(tokenOf('Observation', 'subject:identifier', key)), key);
  }
});

t.test('all compartments that a resource lies in', async (t) => {
  const made = row(
    {
      resourceType: 'QuestionnaireResponse',
      subject: { reference: 'Patient/a' },
      author: { reference: `${baseUrl}/Patient/b` },
      source: { reference: 'Patient/c' },
    },
    'a',
  );
  t.equal(made.patient, 'a');
  t.ok(made.tok.includes(compartmentToken(1, 'a')));
  t.ok(made.tok.includes(compartmentToken(1, 'b')), 'the author');
  t.notOk(made.tok.includes(compartmentToken(1, 'c')), 'R4 does not name the source');
});

t.test('unions have no tokens, and what is there has a bit', async (t) => {
  const made = row({ resourceType: 'Observation', code: { coding: [{ code: '1' }] } });
  t.ok(made.tok.includes(tokenOf('Observation', 'code', '1')));
  t.notOk(made.tok.includes(tokenOf('Observation', 'combo-code', '1')));
  const bit = (code: string) => 1n << BigInt(registry.get('Observation')?.get(code)?.bit ?? 63);
  t.ok(made.present & bit('code'));
  t.ok(made.present & bit('combo-code'));
  t.notOk(made.present & bit('subject'));
});

t.test('a union of amounts has no rows, and what is there has a bit', async (t) => {
  const parts = [{ valueQuantity: { value: 1, unit: 'mg' } }, { valueQuantity: { value: 2 } }];
  const made = row({ resourceType: 'Observation', valueQuantity: { value: 3 }, component: parts });
  t.same(made.numbers.map(({ param, lo }) => `${param} ${lo}`).sort(), [
    'component-value-quantity 1',
    'component-value-quantity 2',
    'value-quantity 3',
  ]);
  t.ok(made.present & (1n << BigInt(registry.get('Observation')?.get('combo-value-quantity')?.bit ?? 63)));
});

t.test('what the main job writes often has no narrow rows', async (t) => {
  for (const resource of [
    {
      resourceType: 'QuestionnaireResponse',
      questionnaire: 'https://q.example/a|1',
      status: 'completed',
      authored: '2026-01-01',
      meta: { profile: ['https://p.example/a'] },
    },
    {
      resourceType: 'Observation',
      meta: { profile: ['https://p.example/a'] },
      effectivePeriod: { start: '2026-01-01' },
      valueInteger: 3,
    },
    { resourceType: 'Flag', period: { start: '2026-01-01' } },
  ]) {
    const { dates, numbers, strings } = row(resource);
    t.same([dates, numbers, strings], [[], [], []], resource.resourceType);
  }
});

t.test('rows are those of the current version', async (t) => {
  const { db, drop } = await freshDatabase();
  t.teardown(drop);
  const id = newId(5, Date.now());
  const version = (n: number, patient: object | undefined): NewVersion => ({
    type: 'Patient',
    id,
    shard: 5,
    version: n,
    head: '{"meta":{"lastUpdated":"',
    tail: '"}}',
    ...(patient ? {} : { deleted: true }),
    index: patient ? row({ resourceType: 'Patient', ...patient }, id) : deletedRow(1, id),
  });
  const write = (n: number, patient: object | undefined) =>
    commit(db, everyone(), { versions: [version(n, patient)], outbox: { id: `o${n}`, shard: 5 } });
  const texts = async () =>
    (await db.kysely.selectFrom('index_string').select(['param', 'norm', 'exact']).orderBy('norm').execute()).map(
      ({ param, norm, exact }) => `${param}: ${norm} (${exact})`,
    );
  await write(1, { name: [{ family: 'A "B" \\ {C}' }] });
  t.same(await texts(), ['family: a "b" \\ {c} (A "B" \\ {C})', 'name: a "b" \\ {c} (A "B" \\ {C})']);
  await write(2, { name: [{ given: ['Z'] }] });
  t.same(await texts(), ['given: z (Z)', 'name: z (Z)']);
  await t.rejects(write(2, { name: [{ given: ['Y'] }] }), 'another writer has come first');
  t.same(await texts(), ['given: z (Z)', 'name: z (Z)'], 'and nothing of the loser stands');
  await write(3, {});
  t.same(await texts(), []);
  await write(4, { name: [{ text: 'x'.repeat(20_000) }] });
  t.equal((await texts()).length, 1, 'a text longer than an index entry');
  await write(5, undefined);
  t.same(await texts(), [], 'a deletion leaves none');
});

t.test('quantities and dates reach their tables as they are', async (t) => {
  const { db, drop } = await freshDatabase();
  t.teardown(drop);
  const id = newId(5, Date.now());
  await commit(db, everyone(), {
    versions: [
      {
        type: 'Condition',
        id,
        shard: 5,
        version: 1,
        head: '{"meta":{"lastUpdated":"',
        tail: '"}}',
        index: row({
          resourceType: 'Condition',
          onsetAge: { value: 61.5, unit: 'a "b"', system: 'http://unitsofmeasure.org', code: 'a' },
          abatementPeriod: { start: '2026-03-01' },
        }),
      },
    ],
    outbox: { id: 'o', shard: 5 },
  });
  t.match(await db.kysely.selectFrom('index_number').selectAll().execute(), [
    {
      param: 'onset-age',
      lo: '61.5',
      unit: ['a', 'http://unitsofmeasure.org|a', 'a "b"'],
      clo: '1940792400',
      cunit: 's',
    },
  ]);
  const [date] = await db.kysely.selectFrom('index_date').selectAll().execute();
  t.match(date, { type: 'Condition', id, param: 'abatement-date', lo: new Date('2026-03-01') });
});
