import { sql } from 'kysely';
import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aForm, FORM_URL, put } from './support.ts';

const NAME = 'Zebulon';
const FREE = 'Quartermaine-said-so';
const BORN = '1947-03-09';
const SECRETS = [NAME, FREE, BORN, encodeURIComponent(`${NAME} ${FREE}`)];

t.test('what patients are and say never reaches the log, nor a refusal', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  await put(app, aForm());
  const form = await weeklyForm(app);
  const person = { resourceType: 'Patient', name: [{ family: NAME, text: FREE }], birthDate: BORN };
  const stored = await app.send('POST', '/Patient', person);
  const answers = (linkId: string) => ({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${FORM_URL}|1`,
    subject: { reference: patient },
    authored: '2026-11-20T09:00:00Z',
    item: [{ linkId, answer: [{ valueString: `${NAME} ${FREE} ${BORN}` }] }],
  });
  const query = `nickname=${NAME}%20${FREE}&name=${NAME}&birthdate=${BORN}&identifier=urn:x|${FREE}`;
  const json = JSON.stringify(person);
  const id = stored.body.id;
  type Ask = [name: string, status: number, ...request: Parameters<typeof app.send>];
  const asks: Ask[] = [
    ['a search', 200, 'GET', `/Patient?${query}`],
    ['a strict search', 400, 'GET', `/Patient?${query}`, undefined, { prefer: 'handling=strict' }],
    ['a bad search', 400, 'GET', `/Patient?birthdate=${NAME}&${query}`],
    [
      'a bad cursor',
      400,
      'GET',
      `/Patient?_sort=birthdate&_cursor=${Buffer.from(JSON.stringify([`${NAME} ${FREE}`, 'x'])).toString('base64url')}`,
    ],
    ['malformed JSON', 400, 'POST', '/Patient', json.slice(0, -2)],
    ['malformed JSON at the secret', 400, 'POST', '/Patient', json.replace(`"${NAME}"`, NAME)],
    ['an unknown element', 400, 'POST', '/Patient', { ...person, [`${NAME} ${FREE}`]: BORN }],
    ['a bad element', 400, 'POST', '/Patient', { ...person, gender: `${NAME} ${FREE}`, active: FREE }],
    ['a bad type', 400, 'POST', '/Patient', { ...person, resourceType: `${NAME} ${FREE}` }],
    ['another media type', 415, 'POST', '/Patient', json, { 'content-type': `text/${NAME}` }],
    ['too large', 413, 'POST', '/Patient', JSON.stringify({ ...person, language: FREE.repeat(60_000) })],
    ['a wrong answer', 422, 'POST', '/QuestionnaireResponse', answers('mood')],
    ['an unknown linkId', 422, 'POST', '/QuestionnaireResponse', answers('not-on-the-form')],
    ['an unknown form', 422, 'POST', '/QuestionnaireResponse', { ...answers('mood'), questionnaire: 'urn:none' }],
    ['a conflict', 412, 'PUT', `/Patient/${id}`, { ...person, id }, { 'if-match': 'W/"9"' }],
    ['a tag of free text', 412, 'PUT', `/Patient/${id}`, { ...person, id }, { 'if-match': `"${FREE}"` }],
    ['another id', 400, 'PUT', `/Patient/${id}`, { ...person, id: FREE }],
    ['an unknown path', 404, 'GET', `/${NAME}%20${FREE}/${BORN}?${query}`],
    ['an unknown operation', 404, 'GET', `/Patient/$${FREE}?${query}`],
    ['an id of free text', 404, 'GET', `/Patient/${NAME}%20${FREE}?${query}`],
    ['a version of free text', 404, 'GET', `/Patient/${id}/_history/${NAME}%20${FREE}`],
    ['a path that cannot be decoded', 400, 'GET', `/Patient/${FREE}%E0%A4%A?${query}`],
    ['another method', 405, 'POST', `/Patient/${id}?${query}`, person],
    ['another media type', 415, 'PATCH', `/Patient/${id}?${query}`, person],
    ['another host', 421, 'GET', `/Patient?${query}`, undefined, { host: `${FREE}.example` }],
    ['another format', 406, 'GET', `/Patient?${query}`, undefined, { accept: `text/${FREE}` }],
    ['a bad condition', 400, 'POST', '/Patient', person, { 'if-none-exist': `nickname=${NAME}` }],
  ];
  const leaksOf = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));

  for (const [name, status, ...request] of asks) {
    t.test(name, async (t) => {
      const before = app.log.length;
      const answer = await app.send(...request);
      t.equal(answer.status, status, answer.text.slice(0, 300));
      if (status >= 400) {
        t.equal(answer.body.resourceType, 'OperationOutcome');
        t.same(leaksOf(answer.text), [], 'the refusal repeats nothing');
      }
      t.same(leaksOf(app.log.slice(before).join('')), [], 'nor does the log');
    });
  }

  t.test('the log has a line for each request: method, route pattern, status, duration, and no URL', async (t) => {
    const lines = app.log.map((line) => JSON.parse(line)).filter(({ method }) => method);
    t.ok(lines.length >= asks.length);
    for (const line of lines) {
      t.same(
        Object.keys(line)
          .filter((key) => !['level', 'time', 'service', 'reqId'].includes(key))
          .sort(),
        ['method', 'millis', 'route', 'status'],
      );
      t.notMatch(line.route, /\?/);
    }
    t.ok(lines.some(({ route }) => route === '/fhir/Patient/:id'));
  });

  t.test('a database error says its code and its table, not its values; the answer is a fixed text', async (t) => {
    const { kysely } = app.database.db;
    await sql`alter table resource_version add constraint no_names check (content not like ${sql.lit(`%${NAME}%`)}) not valid`.execute(
      kysely,
    );
    const before = app.log.length;
    const answer = await app.send('POST', '/Patient', person);
    t.equal(answer.status, 500);
    t.same(answer.body, {
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'fatal',
          code: 'exception',
          diagnostics: 'The server met an unforeseen error; the request was not carried out',
        },
      ],
    });
    const said = app.log.slice(before).map((line) => JSON.parse(line));
    t.match(said.find(({ err }) => err)?.err, { code: '23514', table: 'resource_version', constraint: 'no_names' });
    t.same(leaksOf(app.log.slice(before).join('')), []);
    await sql`alter table resource_version drop constraint no_names`.execute(kysely);
    t.equal((await app.send('POST', '/Patient', person)).status, 201, 'and the service goes on');
  });

  t.test('a table that is gone', async (t) => {
    const { kysely } = app.database.db;
    await sql`alter table resource_current rename to hidden`.execute(kysely);
    const before = app.log.length;
    for (const path of [`/Patient?${query}`, `/Patient/${id}`]) {
      const answer = await app.send('GET', path);
      t.equal(answer.status, 500);
      t.match(answer.body.issue, [{ severity: 'fatal', code: 'exception' }]);
      t.same(leaksOf(answer.text), []);
    }
    const response = aResponse(form, patient, '2026-11-20T08:00:00Z', { PROCTCAE_16A_SCL: 4 });
    t.equal((await app.send('POST', '/QuestionnaireResponse', response)).status, 500);
    t.same(leaksOf(app.log.slice(before).join('')), []);
    t.notMatch(app.log.slice(before).join(''), /severity-4|presence/, 'nor an answer');
    await sql`alter table hidden rename to resource_current`.execute(kysely);
    t.equal((await app.send('GET', `/Patient/${id}`)).status, 200);
  });
});
