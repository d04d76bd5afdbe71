import { setTimeout as after } from 'node:timers/promises';
import t from 'tap';
import { testApp } from '../support/app.ts';

t.test('closing waits for a request whose client has gone', async (t) => {
  const app = await testApp({ demoPolicy: false });
  const base = await app.listen();
  let begun = 0;
  let ended = 0;
  const { db } = app.deps;
  const { write } = db;
  db.write = async (name, text, values) => {
    begun += 1;
    await after(200);
    try {
      return await write(name, text, values);
    } finally {
      ended += 1;
    }
  };
  const gone = new AbortController();
  const sent = fetch(`${base}/Device`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: '{"resourceType":"Device"}',
    signal: gone.signal,
  }).catch(() => undefined);
  while (begun === 0) await after(5);
  gone.abort();
  await sent;
  await app.app.close();
  t.equal(ended, 1, 'the database is still there for it');
  await app.close();
  t.notMatch(app.log.join(''), /unforeseen/);
});
