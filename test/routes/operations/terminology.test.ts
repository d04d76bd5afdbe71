import type { Resource } from '@medplum/fhirtypes';
import t from 'tap';
import { COLOURS, colours, MAPS, PAINTS, SETS } from '../../fhir/terminology/colours.ts';
import { testApp } from '../../support/app.ts';
import { put } from '../support.ts';

const ALL = 'http://example.org/ValueSet/all';
const MAP = 'http://example.org/ConceptMap/paints';

t.test('terminology operations', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const ids = new Map<string, string>();
  const store = async (resource: Resource & { url?: string }) => {
    const { id: _id, ...rest } = resource;
    ids.set(resource.url ?? '', (await put(app, rest as Resource)).id);
  };
  await store(colours);
  for (const set of SETS.filter(({ compose }) => compose)) await store(set);
  for (const map of MAPS) await store(map);
  const param = (body: { parameter?: { name: string }[] }, name: string): unknown => {
    const found: Record<string, unknown> = body.parameter?.find((one) => one.name === name) ?? {};
    return Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
  };
  const post = (path: string, ...parameter: object[]) =>
    app.send('POST', path, { resourceType: 'Parameters', parameter });
  const query = (entries: Record<string, string>) => new URLSearchParams(entries).toString();

  t.test('$expand by url, by instance, and of one that came along', async (t) => {
    const byUrl = await app.send('GET', `/ValueSet/$expand?${query({ url: ALL, filter: 're', count: '5' })}`);
    t.equal(byUrl.status, 200, byUrl.text);
    t.match(byUrl.body, { resourceType: 'ValueSet', expansion: { total: 1, contains: [{ code: 'red' }] } });
    t.match(byUrl.body.expansion.identifier, /^urn:uuid:/);
    const byId = await app.send('GET', `/ValueSet/${ids.get(ALL)}/$expand?includeDesignations=true&displayLanguage=fr`);
    t.match(byId.body.expansion.contains[0], { display: 'Rouge', designation: [{}, {}] });
    const sent = await post('/ValueSet/$expand', {
      name: 'valueSet',
      resource: {
        resourceType: 'ValueSet',
        status: 'draft',
        compose: { include: [{ system: COLOURS, filter: [{ property: 'concept', op: 'is-a', value: 'red' }] }] },
      },
    });
    t.equal(sent.body.expansion?.total, 2, sent.text);
    const { body: bare } = await app.send('POST', '/ValueSet/$expand?count=1', sent.body);
    t.equal(bare.expansion?.contains.length, 1, 'the value set as the body');
    const posted = await post('/ValueSet/$expand', { name: 'url', valueUri: ALL }, { name: 'count', valueInteger: 1 });
    t.match(posted.body.expansion, { total: 3, offset: 0 });
    t.equal(posted.body.expansion.contains.length, 1);
  });

  t.test('$expand of a code system that ships with the service', async (t) => {
    const answer = await app.send(
      'GET',
      '/ValueSet/$expand?url=https://vigie.example/fhir/CodeSystem/pro-ctcae?fhir_vs&count=3',
    );
    t.equal(answer.status, 200, answer.text);
    t.ok(answer.body.expansion.total > 200);
  });

  t.test('a CodeSystem that is written is held from then on', async (t) => {
    const url = 'http://example.org/CodeSystem/new';
    const ask = () => app.send('GET', `/CodeSystem/$lookup?${query({ system: url, code: 'x' })}`);
    t.equal((await ask()).status, 404);
    await put(app, {
      resourceType: 'CodeSystem',
      url,
      status: 'active',
      content: 'complete',
      concept: [{ code: 'x' }],
    });
    t.equal((await ask()).status, 200);
  });

  t.test('$validate-code of both types, all ways to name the code', async (t) => {
    const coded = query({ url: ALL, system: COLOURS, code: 'red', display: 'rouge' });
    t.equal(param((await app.send('GET', `/ValueSet/$validate-code?${coded}`)).body, 'result'), true);
    const coding = { name: 'coding', valueCoding: { system: COLOURS, code: 'green' } };
    const no = await post(`/ValueSet/${ids.get(ALL)}/$validate-code`, coding);
    t.equal(no.status, 200, no.text);
    t.equal(param(no.body, 'result'), false);
    const concept = {
      name: 'codeableConcept',
      valueCodeableConcept: {
        text: 'x',
        coding: [
          { system: COLOURS, code: 'green' },
          { system: COLOURS, code: 'pink' },
        ],
      },
    };
    const one = await post('/ValueSet/$validate-code', { name: 'url', valueUri: ALL }, concept);
    t.equal(param(one.body, 'result'), true);
    t.equal(param(one.body, 'display'), 'Pink');
    const inSystem = await app.send('GET', `/CodeSystem/$validate-code?${query({ url: COLOURS, code: 'red' })}`);
    t.equal(param(inSystem.body, 'result'), true, inSystem.text);
    const byId = await app.send('GET', `/CodeSystem/${ids.get(COLOURS)}/$validate-code?code=nothing`);
    t.equal(param(byId.body, 'result'), false);
  });

  t.test('$validate-code in the version of the coding, or that the request names', async (t) => {
    const versioned = (version: string, code: string) =>
      put(app, {
        resourceType: 'CodeSystem',
        url: 'http://example.org/CodeSystem/versioned',
        version,
        status: 'active',
        content: 'complete',
        concept: [{ code, display: `As of ${version}` }],
      });
    await versioned('1', 'old');
    await versioned('2', 'new');
    const [system, url] = Array(2).fill('http://example.org/CodeSystem/versioned');
    const asked = async (type: string, ...more: object[]) =>
      param((await post(`/${type}/$validate-code`, ...more)).body, 'display');
    const old = { name: 'coding', valueCoding: { system, version: '1', code: 'old' } };
    t.equal(await asked('CodeSystem', { name: 'url', valueUri: url }, old), 'As of 1');
    const all = { name: 'url', valueUri: `${url}?fhir_vs|1` };
    t.equal(await asked('ValueSet', all, old), 'As of 1');
    const coded = query({ url: `${url}?fhir_vs|1`, system, code: 'old', systemVersion: '2' });
    t.equal(param((await app.send('GET', `/ValueSet/$validate-code?${coded}`)).body, 'result'), false);
  });

  t.test("R4's own value sets and code systems", async (t) => {
    const url = 'http://hl7.org/fhir/ValueSet/administrative-gender';
    const system = 'http://hl7.org/fhir/administrative-gender';
    const names: Record<string, string>[] = [{ url }, { url: `${url}|4.0.1` }, { url, valueSetVersion: '4.0.1' }];
    for (const named of names) {
      const { body, text } = await app.send('GET', `/ValueSet/$expand?${query(named)}`);
      t.same(
        body.expansion?.contains?.map((one: { code: string }) => one.code),
        ['male', 'female', 'other', 'unknown'],
        text,
      );
    }
    const valid = async (type: string, asked: Record<string, string>) =>
      param((await app.send('GET', `/${type}/$validate-code?${query(asked)}`)).body, 'result');
    t.equal(await valid('ValueSet', { url, system, code: 'male' }), true);
    t.equal(await valid('ValueSet', { url, system, code: 'man' }), false);
    t.equal(await valid('CodeSystem', { url: system, code: 'male' }), true);
    const looked = await app.send('GET', `/CodeSystem/$lookup?${query({ system, code: 'female' })}`);
    t.equal(param(looked.body, 'display'), 'Female', looked.text);
    const other = await app.send('GET', `/ValueSet/$expand?${query({ url: `${url}|3.0.0` })}`);
    t.equal(other.status, 404, 'another version is another set');
    const resource = { resourceType: 'ValueSet', status: 'draft', compose: { include: [{ valueSet: [url] }] } };
    const set = { name: 'valueSet', resource };
    t.equal((await post('/ValueSet/$expand', set)).body.expansion.total, 4, 'one that rests on it');
    const { id } = await put(app, { resourceType: 'Patient', gender: 'female' });
    const found = async (how: string) =>
      (await app.send('GET', `/Patient?_id=${id}&${query({ [`gender:${how}`]: url })}`)).body.entry?.length ?? 0;
    t.equal(await found('in'), 1);
    t.equal(await found('not-in'), 0);
  });

  t.test('$lookup and $subsumes', async (t) => {
    const looked = await post('/CodeSystem/$lookup', {
      name: 'coding',
      valueCoding: { system: COLOURS, code: 'red' },
    });
    t.equal(param(looked.body, 'display'), 'Red', looked.text);
    const outcome = async (path: string) => param((await app.send('GET', path)).body, 'outcome');
    const sides = { system: COLOURS, codeA: 'red', codeB: 'pink' };
    t.equal(await outcome(`/CodeSystem/$subsumes?${query(sides)}`), 'subsumes');
    t.equal(await outcome(`/CodeSystem/${ids.get(COLOURS)}/$subsumes?codeA=pink&codeB=red`), 'subsumed-by');
    const codings = await post(
      '/CodeSystem/$subsumes',
      { name: 'codingA', valueCoding: { system: COLOURS, code: 'red' } },
      { name: 'codingB', valueCoding: { system: COLOURS, code: 'blue' } },
    );
    t.equal(param(codings.body, 'outcome'), 'not-subsumed', codings.text);
  });

  t.test('$translate by url, by instance, between value sets, and backwards', async (t) => {
    const matches = async (path: string) => {
      const { body, text } = await app.send('GET', path);
      const found = (body.parameter ?? []).filter(({ name }: { name: string }) => name === 'match');
      return found.length > 0
        ? found.map(
            ({ part }: { part: { name: string; valueCoding?: { code: string } }[] }) =>
              part.find(({ name }) => name === 'concept')?.valueCoding?.code,
          )
        : text;
    };
    const red = { system: COLOURS, code: 'red' };
    t.same(await matches(`/ConceptMap/$translate?${query({ url: MAP, ...red })}`), ['vermilion', 'mix']);
    t.same(await matches(`/ConceptMap/${ids.get(MAP)}/$translate?${query(red)}`), ['vermilion', 'mix']);
    t.same(await matches(`/ConceptMap/$translate?${query({ source: ALL, ...red })}`), ['vermilion', 'mix']);
    const back = { url: MAP, system: PAINTS, code: 'vermilion', reverse: 'true' };
    t.same(await matches(`/ConceptMap/$translate?${query(back)}`), ['red']);
  });

  const refused: [name: string, path: string, status: number, code: string][] = [
    ['no value set is named', '/ValueSet/$expand', 400, 'invalid'],
    ['a value set that is not held', '/ValueSet/$expand?url=http://nowhere', 404, 'not-found'],
    ['an instance that is not there', '/ValueSet/nothing/$expand', 404, 'not-found'],
    ['an instance and a url', `/ValueSet/x/$expand?url=${ALL}`, 400, 'invalid'],
    ['a version that is not held', `/ValueSet/$expand?url=${ALL}&valueSetVersion=9`, 404, 'not-found'],
    [
      'a set that cannot be enumerated',
      '/ValueSet/$expand?url=http://example.org/ValueSet/mixed',
      422,
      'not-supported',
    ],
    ['a parameter that is not taken', `/ValueSet/$expand?url=${ALL}&context=x`, 400, 'not-supported'],
    ['a count that is none', `/ValueSet/$expand?url=${ALL}&count=-1`, 400, 'invalid'],
    ['a parameter that came twice', `/ValueSet/$expand?url=${ALL}&url=${ALL}`, 400, 'invalid'],
    ['a structured value in a query', `/ValueSet/$validate-code?url=${ALL}&coding=x`, 400, 'invalid'],
    ['a code without its system', `/ValueSet/$validate-code?url=${ALL}&code=red`, 400, 'invalid'],
    ['no code', `/ValueSet/$validate-code?url=${ALL}`, 400, 'invalid'],
    ['a code system that is not held', '/CodeSystem/$lookup?system=http://loinc.org&code=x', 404, 'not-found'],
    ['a code that is not in it', `/CodeSystem/$lookup?system=${COLOURS}&code=green`, 404, 'not-found'],
    ['one side only', `/CodeSystem/$subsumes?system=${COLOURS}&codeA=red`, 400, 'invalid'],
    [
      'a map that is not held',
      `/ConceptMap/$translate?url=http://nowhere&system=${COLOURS}&code=red`,
      404,
      'not-found',
    ],
    ['no map is chosen', `/ConceptMap/$translate?system=${COLOURS}&code=red`, 400, 'invalid'],
    [
      'no map between those',
      `/ConceptMap/$translate?target=http://nowhere&system=${COLOURS}&code=red`,
      404,
      'not-found',
    ],
  ];
  for (const [name, path, status, code] of refused) {
    t.test(`refused: ${name}`, async (t) => {
      const answer = await app.send('GET', path);
      t.equal(answer.status, status, answer.text);
      t.match(answer.body, { resourceType: 'OperationOutcome', issue: [{ code }] });
    });
  }

  const bodies: [name: string, body: unknown][] = [
    ['another resource', { resourceType: 'Patient' }],
    ['parameters that are no array', { resourceType: 'Parameters', parameter: {} }],
    ['a parameter that is none', { resourceType: 'Parameters', parameter: [null] }],
    ['a parameter without name', { resourceType: 'Parameters', parameter: [{ valueUri: ALL }] }],
    [
      'a parameter with two values',
      { resourceType: 'Parameters', parameter: [{ name: 'url', valueUri: ALL, valueString: ALL }] },
    ],
    ['a value of another type', { resourceType: 'Parameters', parameter: [{ name: 'url', valueInteger: 4 }] }],
    [
      'a resource of another type',
      { resourceType: 'Parameters', parameter: [{ name: 'valueSet', resource: colours }] },
    ],
    [
      'a resource that is not sound',
      {
        resourceType: 'Parameters',
        parameter: [{ name: 'valueSet', resource: { resourceType: 'ValueSet', compose: 3 } }],
      },
    ],
    [
      'a coding that is none',
      { resourceType: 'Parameters', parameter: [{ name: 'coding', valueCoding: { code: 3 } }] },
    ],
    ['a name of no parameter', { resourceType: 'Parameters', parameter: [{ name: '__proto', valueCode: 'x' }] }],
    ['text', 'nothing'],
  ];
  for (const [name, body] of bodies) {
    t.test(`400 for a body that is ${name}`, async (t) => {
      for (const operation of ['$expand', '$validate-code']) {
        const answer = await app.send('POST', `/ValueSet/${operation}`, body);
        t.equal(answer.status, 400, answer.text);
        t.equal(answer.body.resourceType, 'OperationOutcome');
      }
    });
  }
});
