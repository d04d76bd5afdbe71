import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

t.test('a severe report opens a Flag that says why', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const form = await weeklyForm(app);
  const post = await app.send(
    'POST',
    '/QuestionnaireResponse',
    aResponse(form, patient, '2026-11-01T08:00:00+01:00', { PROCTCAE_16A_SCL: 4 }),
  );
  t.equal(post.status, 201);
  const flags = await app.send('GET', `/Flag?patient=${patient}&status=active`);
  t.equal(flags.body.entry.length, 1);
  t.match(flags.body.entry[0].resource.code.text, /composite grade 3/);
});
