import t from 'tap';
import { type Interaction, RESOURCES } from '../../src/fhir/resources.ts';
import { type Method, NOW, testApp } from '../support/app.ts';

/** What each interaction of a type makes of a method at a path beneath the type. */
const OFFERED: readonly [Interaction, path: string, Method[]][] = [
  ['search-type', '', ['GET', 'HEAD']],
  ['create', '', ['POST']],
  ['update', '', ['PUT']],
  ['patch', '', ['PATCH']],
  ['delete', '', ['DELETE']],
  ['read', '/:id', ['GET', 'HEAD']],
  ['update', '/:id', ['PUT']],
  ['patch', '/:id', ['PATCH']],
  ['delete', '/:id', ['DELETE']],
  ['history-type', '/_history', ['GET', 'HEAD']],
  ['history-instance', '/:id/_history', ['GET', 'HEAD']],
  ['vread', '/:id/_history/:vid', ['GET', 'HEAD']],
];
const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Which route takes a path. Ids may be like the names of types, and static paths come first. */
const TAKEN: readonly [method: Method, path: string, route: string][] = [
  ['GET', '/Patient', '/Patient'],
  ['GET', '/Patient/', '/Patient'],
  ['GET', '/P%61tient', '/Patient'],
  ['GET', '/Patient/Observation', '/Patient/:id'],
  ['GET', '/Observation/Patient', '/Observation/:id'],
  ['GET', '/Observation/Observation?_format=json', '/Observation/:id'],
  ['GET', '/Patient/x/Observation', '/Patient/:id/Observation'],
  ['GET', '/Patient/x/Patient', '/Patient/:id/Patient'],
  ['GET', '/Patient/x/*', '/Patient/:id/:all(^\\*$)'],
  ['GET', '/Patient/x/%2A', '/Patient/:id/:all(^\\*$)'],
  ['GET', '/Patient/x/_history', '/Patient/:id/_history'],
  ['GET', '/Patient/x/_history/1', '/Patient/:id/_history/:vid'],
  ['GET', '/Patient/_history', '/Patient/_history'],
  ['GET', '/Patient/x/$everything', '/Patient/:id/$everything'],
  ['GET', '/Patient/x/$meta', '/Patient/:id/$meta'],
  ['GET', '/Task/$worklist', '/Task/$worklist'],
  ['GET', '/Task/$nothing', 'none'],
  ['GET', '/Questionnaire/x', '/Questionnaire/:id'],
  ['GET', '/QuestionnaireResponse/x', '/QuestionnaireResponse/:id'],
  ['GET', '/Flag/$meta', '/Flag/$meta'],
  ['POST', '/Flag/x/$validate', '/Flag/:id/$validate'],
  ['POST', '/Patient/x/$meta-add', '/Patient/:id/$meta-add'],
  ['POST', '/Flag/_search', '/Flag/_search'],
  ['POST', '/Patient/x/_search', '/Patient/:id/_search'],
  ['POST', '/Patient/x/Flag/_search', '/Patient/:id/Flag/_search'],
  // Where no route is.
  ['GET', '/Medication', 'none'],
  ['GET', '/Medication/x', 'none'],
  ['GET', '/Patientx/x', 'none'],
  ['GET', '/xPatient', 'none'],
  ['GET', '/patient', 'none'],
  ['GET', '/PatientObservation', 'none'],
  ['GET', '/Patient%7CObservation', 'none'],
  ['GET', '/Observation/x/Patient', 'none'],
  ['GET', '/Patient/x/Organization', 'none'],
  ['GET', '/Patient/x/**', 'none'],
  ['POST', '/Patient/x/*/_search', 'none'],
  ['POST', '/Flag/x/$meta-add', 'none'],
  ['GET', '/*', 'none'],
];

t.test('a type is a parameter of a path, and each is told by its name', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  /** What was logged of the last request, which is what is counted as well. */
  const logged = (): { route: string; status: number } => JSON.parse(app.log.at(-1) ?? '{}');

  t.test('each type offers its interactions, and no other', async (t) => {
    // Of hundreds of requests, those that are answered otherwise.
    const wrong: string[] = [];
    const paths = [...new Set(OFFERED.map(([, path]) => path))];
    for (const { type, interactions } of RESOURCES) {
      for (const path of paths) {
        const rows = OFFERED.filter(([interaction, at]) => at === path && interactions.includes(interaction));
        const offered = METHODS.filter((method) => rows.some(([, , methods]) => methods.includes(method)));
        const target = `/${type}${path.replace(':id', 'x').replace(':vid', '1')}`;
        // For those that write, `_history` is an id that the resource is refused for.
        const asked = path === '/_history' ? METHODS.slice(0, 3) : METHODS;
        for (const method of asked) {
          // Refused before it is carried out, where it would be.
          const body = method === 'GET' || method === 'HEAD' || method === 'DELETE' ? undefined : '{';
          const { status, headers } = await app.send(method, target, body, { 'if-match': 'no version' });
          const isOffered = offered.includes(method);
          const expected = isOffered ? `/fhir/${type}${path}` : 'none';
          const told = logged();
          const allow = isOffered ? undefined : offered.join(', ');
          if (told.route !== expected || (status === 405) === isOffered || headers.allow !== allow)
            wrong.push(`${method} ${target}: ${status} ${headers.allow} ${told.route}`);
        }
      }
    }
    t.strictSame(wrong, []);
  });

  t.test('the route that takes a path', async (t) => {
    for (const [method, path, route] of TAKEN) {
      await app.send(method, path);
      t.equal(logged().route, route === 'none' ? route : `/fhir${route}`, `${method} ${path}`);
    }
    const counted = app.deps.metrics.families.find(({ name }) => name === 'vigie_requests_total')?.series ?? [];
    const routes = new Set(counted.map(({ labels }) => labels.route));
    for (const [, , route] of TAKEN) t.ok(routes.has(route === 'none' ? route : `/fhir${route}`), route);
  });

  t.test('what is too long', async (t) => {
    const long = 'a'.repeat(129);
    for (const [method, path, status, code] of [
      ['GET', `/Patient/${long}`, 414, 'too-long'],
      ['GET', `/Patient/x/_history/${long}`, 414, 'too-long'],
      ['PUT', `/Patient/${long}`, 414, 'too-long'],
      ['GET', `/Patient/${long}/$everything`, 414, 'too-long'],
      ['GET', `/$job/${long}`, 414, 'too-long'],
      ['GET', `/Patient/${'a'.repeat(128)}`, 404, 'not-found'],
      ['GET', `/${long}`, 404, 'not-found'],
      ['GET', `/${long}/x`, 404, 'not-found'],
      ['GET', `/Medication/${long}`, 404, 'not-found'],
      ['PUT', `/Flag/${long}`, 404, 'not-found'],
      ['POST', `/Patient/x/${long}/_search`, 404, 'not-found'],
    ] as const) {
      const { status: given, body } = await app.send(method, path);
      const place = `${method} ${path.replace(long, 'long')}`;
      t.same([given, body.issue[0].code], [status, code], place);
      t.equal(logged().status, status, `${place} is logged`);
      t.notMatch(app.log.at(-1), 'aaa');
    }
  });
});
