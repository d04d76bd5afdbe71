import type { Flag, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aPolicy, put, refusal, refused, rowCounts } from './support.ts';

const SOUND = '%finding.min >= 3';
const EXPRESSION = 'PlanDefinition.action[0].condition[0].expression.expression';

t.test('policies over HTTP', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());

  const expressions: [name: string, expression: string, place: RegExp][] = [
    ['a property that does not exist', '%finding.grde >= 3', /line 1, column 1/],
    ['a variable that does not exist', '%findng.min >= 3', /line 1, column 1/],
    ['what is no FHIRPath', '%finding.min >=', /line 1, column/],
    ['now()', '%finding.min >= 3 and now() > @2026-01-01', /line 1, column 23/],
    ['a function that is not allowed', "%finding.term.matches('^(a+)+$')", /line 1, column/],
    ['a path into a resource', 'QuestionnaireResponse.item.exists()', /line 1, column 1/],
    ['what is not a boolean', '%finding.min', /line 1, column/],
    ['a grade that no scale has', '%finding.grade >= 5', /line 1, column/],
    ['a fault in the second line', '%finding.min >= 3\nor %finding.grde = 1', /line 2, column 13/],
    ['an expression beyond the cap', Array(400).fill(SOUND).join(' or '), /line 1/],
  ];
  for (const [name, expression, place] of expressions) {
    t.test(`an invalid condition: ${name}`, async (t) => {
      const before = await rowCounts(app);
      const answer = await app.send(
        'POST',
        '/PlanDefinition',
        aPolicy(expression, { version: name.length.toString() }),
      );
      t.equal(answer.status, 422, answer.text);
      t.match(answer.body.issue[0], { severity: 'error', expression: [EXPRESSION], diagnostics: place });
      t.match(answer.body.issue[0].diagnostics, /^Action first, /, 'names the action');
      t.same(await rowCounts(app), before);
    });
  }

  const [action] = aPolicy(SOUND).action ?? [];
  const shapes: [name: string, over: Partial<PlanDefinition>, expression: string][] = [
    ['no url', { url: undefined }, 'PlanDefinition.url'],
    ['no version', { version: undefined }, 'PlanDefinition.version'],
    ['no action', { action: undefined }, 'PlanDefinition.action'],
    ['an action without id', { action: [{ ...action, id: undefined }] }, 'PlanDefinition.action[0].id'],
    ['an action without code', { action: [{ ...action, code: undefined }] }, 'PlanDefinition.action[0].code'],
    [
      'an action without priority',
      { action: [{ ...action, extension: undefined }] },
      'PlanDefinition.action[0].extension',
    ],
    [
      'an action without condition',
      { action: [{ ...action, condition: undefined }] },
      'PlanDefinition.action[0].condition',
    ],
    ['an action without trigger', { action: [{ ...action, trigger: undefined }] }, 'PlanDefinition.action[0].trigger'],
  ];
  for (const [name, over, expression] of shapes) {
    t.test(`an invalid policy: ${name}`, async (t) => {
      const before = await rowCounts(app);
      const answer = await app.send('POST', '/PlanDefinition', aPolicy(SOUND, over));
      t.equal(answer.status, 422, answer.text);
      const places = answer.body.issue.map((issue: { expression?: string[] }) => issue.expression?.[0]);
      t.ok(places.includes(expression), `${expression} is among ${places}`);
      t.same(await rowCounts(app), before);
    });
  }

  t.test('all faults are told at once', async (t) => {
    const bad = {
      ...action,
      condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression: '%x' } }],
    };
    const answer = await app.send(
      'POST',
      '/PlanDefinition',
      aPolicy(SOUND, {
        url: undefined,
        action: [bad, { ...bad, id: 'second' }] as PlanDefinition['action'],
      }),
    );
    t.equal(answer.status, 422);
    t.ok(answer.body.issue.length >= 3);
  });

  t.test('a draft is checked too, and may still be changed and deleted', async (t) => {
    const url = 'https://example.org/PlanDefinition/draft';
    t.equal((await app.send('POST', '/PlanDefinition', aPolicy('%x', { url, status: 'draft' }))).status, 422);
    const draft = await put(app, aPolicy(SOUND, { url, status: 'draft' }));
    const changed = await app.send('PUT', `/PlanDefinition/${draft.id}`, {
      ...draft,
      ...aPolicy('%finding.min >= 2', { url, status: 'draft' }),
    });
    t.equal(changed.status, 200, changed.text);
    t.equal((await app.send('DELETE', `/PlanDefinition/${draft.id}`)).status, 204);
  });

  t.test('what has been released under a url and version never changes', async (t) => {
    const url = 'https://example.org/PlanDefinition/released';
    const policy = aPolicy(SOUND, { url });
    const other = aPolicy('%finding.min >= 2', { url });
    const released = await put(app, policy);
    const path = `/PlanDefinition/${released.id}`;
    const before = await rowCounts(app);
    const conflict = refused(422, 'business-rule', 'PlanDefinition.version');
    t.same(refusal(await app.send('PUT', path, { ...other, id: released.id })), conflict, 'PUT of another content');
    t.same(refusal(await app.send('POST', '/PlanDefinition', other)), conflict, 'POST of another content');
    t.same(
      refusal(await app.send('PUT', path, { ...policy, version: '2', id: released.id })),
      conflict,
      'nor does it become another version',
    );
    t.same(
      refusal(await app.send('PUT', path, { ...released, status: 'draft' })),
      refused(422, 'business-rule', 'PlanDefinition.status'),
      'nor a draft again',
    );
    const unknown = { ...released, status: 'unknown' };
    t.same(
      refusal(await app.send('PUT', path, unknown)),
      refused(422, 'business-rule', 'PlanDefinition.status'),
      'nor of unknown status, which would no longer judge',
    );
    t.equal(
      (await app.send('PUT', path, { ...policy, type: undefined, id: released.id })).status,
      422,
      'nor no policy',
    );
    const deleted = async (name: string): Promise<void> => {
      t.same(refusal(await app.send('DELETE', path)), refused(409, 'conflict'), `by its id: ${name}`);
      const found = await app.send('DELETE', `/PlanDefinition?url=${url}&version=1`);
      t.same(refusal(found), refused(409, 'conflict'), `by what it says: ${name}`);
      for (const request of [path.slice(1), `PlanDefinition?url=${url}`]) {
        const bundle = (type: string) => ({
          resourceType: 'Bundle',
          type,
          entry: [{ request: { method: 'DELETE', url: request } }],
        });
        t.equal(
          (await app.send('POST', '', bundle('transaction'))).status,
          409,
          `in a transaction: ${request}, ${name}`,
        );
        const batch = await app.send('POST', '', bundle('batch'));
        t.match(batch.body.entry[0].response.status, /^409/, `in a batch: ${request}, ${name}`);
      }
      t.equal((await app.send('GET', path)).status, 200, `it is there: ${name}`);
    };
    await deleted('active');
    t.same(await rowCounts(app), before);

    t.equal((await app.send('PUT', path, { ...released, status: 'retired' })).status, 200, 'it may be retired');
    await deleted('retired');
    const status = refused(422, 'business-rule', 'PlanDefinition.status');
    t.same(refusal(await app.send('PUT', path, unknown)), status, 'nor when it is retired');
    t.equal((await app.send('PUT', path, { ...released, status: 'retired', date: '2027' })).status, 200, 're-dated');
    t.same(refusal(await app.send('POST', '/PlanDefinition', other)), conflict);
    t.equal(
      (await app.send('POST', '/PlanDefinition', { ...other, version: '2' })).status,
      201,
      'another version is another policy',
    );
  });

  t.test('a PlanDefinition that is no policy of ours is stored as it is', async (t) => {
    const answer = await app.send('POST', '/PlanDefinition', {
      resourceType: 'PlanDefinition',
      status: 'active',
      title: 'Other',
    });
    t.equal(answer.status, 201, answer.text);
  });

  t.test('a policy decides as soon as it is active, and no longer once it is retired', async (t) => {
    const form = await weeklyForm(app);
    const flags = async (): Promise<number> => {
      const patient = await aPatient(app);
      await put(app, aResponse(form, patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 1 }));
      return (await app.send('GET', `/Flag?patient=${patient}&_summary=count`)).body.total;
    };
    t.equal(await flags(), 0, 'a mild report opens nothing');
    const policy = await put(app, aPolicy('%finding.min >= 1', { url: 'https://example.org/PlanDefinition/eager' }));
    t.equal(await flags(), 1);
    await app.send('PUT', `/PlanDefinition/${policy.id}`, { ...policy, status: 'retired' });
    t.equal(await flags(), 0);
  });
});

t.test('a report stays judged by the policies that were active when it came in', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const patient = await aPatient(app);
  const policy = await put(app, aPolicy('%finding.min >= 1', { url: 'https://example.org/PlanDefinition/eager' }));
  const mild = (authored: string) => put(app, aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 1 }));
  await mild('2026-11-08T08:00:00Z');
  await app.send('PUT', `/PlanDefinition/${policy.id}`, { ...policy, status: 'retired' });
  const flags = async () =>
    (await app.send('GET', `/Flag?patient=${patient}`)).body.entry.map(
      ({ resource }: { resource: Flag }) => `${resource.status} ${resource.period?.start}`,
    );
  t.same(await flags(), ['active 2026-11-08T08:00:00Z'], 'the retired policy opened it');
  // Earlier than the first: all is folded again, without a policy that is still active.
  await mild('2026-11-01T08:00:00Z');
  t.same(
    await flags(),
    ['active 2026-11-08T08:00:00Z'],
    'and it stands; the late report, which the policy never saw, opens nothing',
  );
});

t.test('readiness names the active policies, and warns where there is none', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const bare = await app.send('GET', '/health/ready');
  t.match(bare, { status: 200, body: { status: 'ready', policies: [], warnings: [/no alert policy is active/] } });
  await put(app, aPolicy(SOUND));
  const set = await app.send('GET', '/health/ready');
  t.match(set.body, { policies: ['https://example.org/PlanDefinition/mine|1'] });
  t.same(set.body.warnings, []);
  t.match(await app.send('GET', '/health/live'), { status: 200, body: { status: 'live' } });
});
