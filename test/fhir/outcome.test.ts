import t from 'tap';
import {
  badRequest,
  businessRule,
  FhirError,
  fault,
  gone,
  multipleMatches,
  notFound,
  notSupported,
  STATUS,
  tryAgain,
  versionConflict,
} from '../../src/fhir/errors.ts';
import { toOutcome, toRefusal } from '../../src/fhir/outcome.ts';

const cases: [name: string, error: FhirError, status: number, code: string][] = [
  ['bad request', badRequest('x'), 400, 'invalid'],
  ['not found', notFound('Flag', 'a'), 404, 'not-found'],
  ['gone', gone('Flag', 'a'), 410, 'deleted'],
  ['a version that is not current', versionConflict('W/"1"'), 412, 'conflict'],
  ['several matches', multipleMatches('x'), 412, 'duplicate'],
  ['a rule', businessRule('x'), 422, 'business-rule'],
  ['not offered', notSupported('x'), 405, 'not-supported'],
  ['try again', tryAgain('x', 3), 503, 'transient'],
];
for (const [name, error, status, code] of cases) {
  t.test(`${name}: ${status} ${code}`, async (t) => {
    const refusal = toRefusal(error);
    t.match(refusal, { status, unforeseen: false, outcome: { resourceType: 'OperationOutcome', issue: [{ code }] } });
  });
}

t.test('a refusal carries its headers', async (t) => {
  t.same(toRefusal(tryAgain('x', 3)).headers, { 'Retry-After': '3' });
});

t.test('what no one foresaw is a 500 of fixed text', async (t) => {
  const thrown: unknown[] = [new Error('Zebulon'), 'Zebulon', null, undefined, { statusCode: 404, message: 'Zebulon' }];
  thrown.push(Object.assign(new Error('Zebulon'), { statusCode: 404, code: 'ENOENT' }));
  thrown.push(Object.assign(new Error('Zebulon'), { statusCode: 500, code: 'FST_ERR_X' }));
  for (const one of thrown) {
    const { status, outcome, unforeseen } = toRefusal(one);
    t.equal(status, 500);
    t.ok(unforeseen);
    t.match(outcome.issue, [{ severity: 'fatal', code: 'exception' }]);
    t.notMatch(JSON.stringify(outcome), /Zebulon/);
  }
});

t.test("Fastify's own refusals keep their status and get our text", async (t) => {
  for (const [code, status, issue] of [
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'not-supported'],
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'too-long'],
    ['FST_ERR_BAD_URL', 400, 'invalid'],
    ['FST_ERR_NOT_IN_THE_TABLE', 418, 'invalid'],
  ] as const) {
    const refusal = toRefusal(Object.assign(new Error('Zebulon'), { code, statusCode: status }));
    t.match(refusal, { status, unforeseen: false, outcome: { issue: [{ code: issue }] } });
    t.notMatch(JSON.stringify(refusal), /Zebulon/);
  }
});

t.test('issues keep severity, code, text and place', async (t) => {
  t.same(
    toOutcome([fault('value', 'no', 'Flag.status'), { severity: 'warning', code: 'invalid', diagnostics: 'hm' }]),
    {
      resourceType: 'OperationOutcome',
      issue: [
        { severity: 'error', code: 'value', diagnostics: 'no', expression: ['Flag.status'] },
        { severity: 'warning', code: 'invalid', diagnostics: 'hm' },
      ],
    },
  );
});

t.test('each code has a status of its class; one that has none is 500', async (t) => {
  for (const status of Object.values(STATUS)) t.ok(status >= 400 && status < 600);
  t.equal(new FhirError([fault('incomplete', 'x')]).status, 500);
});

t.test('what cannot be an id is not repeated', async (t) => {
  t.match(notFound('Flag', 'a-1').message, 'Flag/a-1');
  t.notMatch(notFound('Flag', 'Anne Dupont').message, /Dupont/);
});
