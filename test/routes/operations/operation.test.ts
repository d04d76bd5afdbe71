import t from 'tap';
import { OPERATIONS } from '../../../src/routes/operations/index.ts';
import { pathsOf } from '../../../src/routes/operations/operation.ts';
import { type Method, testApp } from '../../support/app.ts';
import { refusal, refused, rowCounts } from '../support.ts';

const METHODS: readonly Method[] = ['GET', 'PUT', 'PATCH', 'DELETE'];

t.test('an operation that is asked for by a method that it does not have', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const before = await rowCounts(app);

  /** One type of each operation stands for all of them. */
  const paths = OPERATIONS.flatMap((operation) =>
    [...new Map(pathsOf(operation).map((one) => [one.level, one])).values()].map(({ path }) => ({
      path: path.replace(':id', 'some'),
      affectsState: operation.affectsState,
    })),
  );
  for (const { path, affectsState } of paths) {
    t.test(`${path} is told which it has`, async (t) => {
      const allow = `${(await app.send('OPTIONS', path)).headers.allow}`.replace(', OPTIONS', '');
      const offered = allow.split(', ');
      t.ok(offered.includes('POST'));
      if (affectsState) t.same(offered, ['POST']);
      for (const method of METHODS) {
        if (offered.includes(method)) continue;
        const answer = await app.send(method, path);
        t.same(refusal(answer), refused(405, 'not-supported'), method);
        t.equal(answer.headers.allow, allow);
        t.equal(answer.body.issue[0].diagnostics, `${method} is not offered by this operation`);
      }
    });
  }

  t.test('is refused in a batch too', async (t) => {
    const entry = [{ request: { method: 'GET', url: 'PlanDefinition/$simulate' } }];
    const { body } = await app.send('POST', '', { resourceType: 'Bundle', type: 'batch', entry });
    t.match(body.entry[0].response.status, /^405/);
  });

  t.test('one that is not known is not found, by whatever method', async (t) => {
    for (const method of [...METHODS, 'POST'] as const) {
      for (const path of ['/Patient/$nothing', '/PlanDefinition/$activate', '/Patient/some/$nothing']) {
        t.same(refusal(await app.send(method, path)), refused(404, 'not-found'), `${method} ${path}`);
      }
    }
  });

  t.same(await rowCounts(app), before);
});
