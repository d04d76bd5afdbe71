import t from 'tap';
import { testApp } from '../support/app.ts';

t.test('POST of a Bundle to the base', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());

  await t.test('a transaction whose entries refer to each other', async (t) => {
    const { status, body } = await app.send('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111',
          resource: {
            resourceType: 'Observation',
            status: 'final',
            code: { text: 'x' },
            subject: { reference: 'urn:uuid:22222222-2222-4222-8222-222222222222' },
          },
          request: { method: 'POST', url: 'Observation' },
        },
        {
          fullUrl: 'urn:uuid:22222222-2222-4222-8222-222222222222',
          resource: { resourceType: 'Patient', gender: 'female' },
          request: { method: 'POST', url: 'Patient' },
        },
        { request: { method: 'GET', url: 'Patient?gender=female' } },
      ],
    });
    t.equal(status, 200, JSON.stringify(body));
    console.error(JSON.stringify(body, null, 1));
  });
});
