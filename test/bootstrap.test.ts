import t from 'tap';
import { boot } from '../src/bootstrap.ts';
import { testApp } from './support/app.ts';
import { shipped } from './support/shipped.ts';

t.test('copies that clients have made of what ships with the service do not keep it from starting', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const { db, log, baseUrl, language, engine } = app.deps;
  for (const type of ['Device', 'Questionnaire', 'CodeSystem']) {
    const { body } = await app.send('GET', `/${type}?_sort=_id&_count=1`);
    const { id, meta, ...copy } = body.entry[0].resource;
    t.equal((await app.send('POST', `/${type}`, copy)).status, 201, type);
  }
  const again = await boot({ db, log, baseUrl, language, shipped: shipped(), demoPolicy: true });
  t.equal(again.engine.device, engine.device, 'the engine keeps its Device');
});

t.test('a later start finds all that ships with the service, and writes nothing', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const { db, log, baseUrl, language, shipped: readOnly } = app.deps;
  const stored = async () =>
    (await db.pool.query('select type, id, version from resource_version order by type, id, version')).rows;
  const before = await stored();
  const again = await boot({ db, log, baseUrl, language, shipped: shipped(), demoPolicy: true });
  t.same(await stored(), before);
  t.same([...again.shipped].sort(), [...readOnly].sort(), 'and it is read-only as before');
  t.ok(again.shipped.size > 50);
  t.notOk(
    [...again.shipped].some((one) => /^(Questionnaire|PlanDefinition)/.test(one)),
    'but for forms and policies',
  );
});
