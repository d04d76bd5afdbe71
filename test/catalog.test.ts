import t from 'tap';
import { Catalog } from '../src/catalog.ts';
import { everyone } from '../src/fhir/compartment.ts';
import { testApp } from './support/app.ts';

t.test('the catalog', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  let loads = 0;
  let broken = false;
  let reading: (name: string, params: readonly unknown[]) => void = () => {};
  const db = {
    ...app.deps.db,
    named: async (...args: Parameters<typeof app.deps.db.named>) => {
      if (args[0] === 'versions-of-type' && args[2].includes('Questionnaire')) loads += 1;
      reading(args[0], args[2]);
      if (broken) throw new Error('no');
      return app.deps.db.named(...args);
    },
  } as typeof app.deps.db;
  const catalog = new Catalog(db);
  const many = () => Promise.all(Array.from({ length: 20 }, () => catalog.at(everyone())));

  await t.test('twenty that ask at once load it once, and then never again', async (t) => {
    const snapshots = await many();
    t.equal(loads, 1);
    t.equal(new Set(snapshots).size, 1);
    await many();
    t.equal(loads, 1);
  });

  await t.test('a change of a conformance resource is seen by the next who asks, and loaded once', async (t) => {
    loads = 0;
    const before = await catalog.at(everyone());
    const url = 'https://example.org/Questionnaire/new';
    t.equal(before.form(url), undefined);
    const { status } = await app.send('POST', '/Questionnaire', {
      resourceType: 'Questionnaire',
      url,
      status: 'active',
      item: [{ linkId: 'a', type: 'string', text: 'a' }],
    });
    t.equal(status, 201);
    for (const snapshot of await many()) t.ok(snapshot.form(url));
    t.equal(loads, 1);
  });

  await t.test('what has not changed is neither read nor compiled again', async (t) => {
    const [before] = (await catalog.at(everyone())).policies;
    const read: unknown[] = [];
    reading = (name, params) => name === 'contents-of' && read.push(params.slice(1));
    const { status, body } = await app.send('POST', '/CodeSystem', {
      resourceType: 'CodeSystem',
      url: 'https://example.org/CodeSystem/new',
      status: 'active',
      content: 'complete',
      concept: [{ code: 'a' }],
    });
    t.equal(status, 201);
    const after = await catalog.at(everyone());
    reading = () => {};
    t.ok(after.terminology.concept('https://example.org/CodeSystem/new', 'a'));
    t.strictSame(read, [['CodeSystem', [body.id]]]);
    t.ok(before);
    t.equal(after.policies[0], before);
  });

  await t.test('what belongs to no conformance resource changes nothing', async (t) => {
    loads = 0;
    t.equal((await app.send('POST', '/Device', { resourceType: 'Device' })).status, 201);
    await many();
    t.equal(loads, 0);
  });

  await t.test('a load that failed is not kept', async (t) => {
    const fresh = new Catalog(db);
    broken = true;
    await t.rejects(fresh.at(everyone()));
    broken = false;
    t.ok(await fresh.at(everyone()));
  });
});
