import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { RESOURCES } from '../../src/fhir/resources.ts';
import { seeded } from '../crash/random.ts';
import { type Answer, type Method, NOW, testApp } from '../support/app.ts';
import { mutated, queryString, torn } from './mutate.ts';

/** `FUZZ_CASES` and `FUZZ_SEED` run more, or others. */
const CASES = Number(process.env.FUZZ_CASES ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? 2026);
/**
 * Processor time, in milliseconds, of requests in a row: unlike the clock's it does not depend on what else the machine does. To ask for it takes
 * the system a fifth of a request.
 */
const MOST_CPU = 1000;
const IN_A_ROW = 10;

const FOLDER = 'node_modules/hl7.fhir.r4.examples';

t.test(
  `${CASES} requests that nobody should send: never a 5xx, never long, always an answer that can be read`,
  async (t) => {
    const service = await testApp({ now: () => NOW });
    t.teardown(() => service.close());
    const random = seeded(SEED);
    const served = RESOURCES.map(({ type }) => type);
    const files = readdirSync(FOLDER).sort();
    const seeds = served.flatMap((type) =>
      files
        .filter((file) => file.startsWith(`${type}-`))
        .slice(0, 6)
        .map((file): { type: string; text: string } => ({ type, text: readFileSync(`${FOLDER}/${file}`, 'utf8') }))
        .filter(({ text }) => text.length < 20_000),
    );
    const pick = () => seeds[random.between(0, seeds.length - 1)] ?? { type: 'Patient', text: '{}' };
    const known = await service.send('POST', '/Patient', { resourceType: 'Patient' });
    t.equal(known.status, 201);

    const one = (): { method: Method; path: string; body?: string; headers?: Record<string, string> } => {
      const { type, text } = pick();
      const kind = random.between(0, 9);
      if (kind <= 3) return { method: 'GET', path: `/${random.chance(0.9) ? type : ''}?${queryString(random)}` };
      if (kind === 4) return { method: 'POST', path: `/${type}`, body: torn(text, random) };
      if (kind === 5) {
        const bundle = {
          resourceType: 'Bundle',
          type: random.pick(['batch', 'transaction']),
          entry: [entry(), entry()],
        };
        return {
          method: 'POST',
          path: '',
          body: JSON.stringify(random.chance(0.5) ? mutated(bundle, random) : bundle),
        };
      }
      if (kind === 6) {
        return {
          method: 'PATCH',
          path: `/Patient/${known.body.id}`,
          body: JSON.stringify([mutated({ op: 'add', path: '/name', value: [{ family: 'X' }] }, random)]),
          headers: { 'content-type': 'application/json-patch+json' },
        };
      }
      const body = JSON.stringify(mutated(JSON.parse(text), random));
      if (kind === 7) return { method: 'PUT', path: `/${type}/${random.pick(['a', 'b', known.body.id])}`, body };
      if (kind === 8) return { method: 'POST', path: `/${type}/$validate`, body };
      return { method: 'POST', path: `/${type}`, body };
    };
    const entry = () => {
      const { type, text } = pick();
      return mutated({ resource: JSON.parse(text), request: { method: 'POST', url: type } }, random);
    };

    let begun = process.cpuUsage();
    const slow = (): string | undefined => {
      const { user, system } = process.cpuUsage(begun);
      begun = process.cpuUsage();
      const cpu = (user + system) / 1000;
      return cpu > MOST_CPU ? `took ${Math.round(cpu)} ms, or one of the ${IN_A_ROW - 1} before it` : undefined;
    };
    let bad = 0;
    for (let at = 0; at < CASES && bad < 20; at += 1) {
      const { method, path, body, headers } = one();
      const answer = await service.send(method, path, body, headers);
      const isLast = at % IN_A_ROW === IN_A_ROW - 1 || at === CASES - 1;
      const wrong = fault(answer) ?? (isLast ? slow() : undefined);
      if (!wrong) continue;
      bad += 1;
      t.fail(`seed ${SEED}, case ${at}: ${method} ${path.slice(0, 300)}: ${wrong}`, { body: body?.slice(0, 2000) });
    }
    t.equal(bad, 0);
    t.equal((await service.send('GET', `/Patient/${known.body.id}`)).status, 200, 'and the service goes on');
    t.notMatch(service.log.join('\n'), /unforeseen/, 'nothing was met that was not foreseen');
  },
);

function fault({ status, text, body }: Answer): string | undefined {
  if (status >= 500) return `answered ${status}: ${text.slice(0, 300)}`;
  if (status === 204 || status === 304) return text === '' ? undefined : 'has a body where there is none';
  if (typeof body?.resourceType !== 'string') return `answered ${status} without a resource: ${text.slice(0, 200)}`;
  if (status >= 400 && !(body.resourceType === 'OperationOutcome' && body.issue?.length > 0)) {
    return `answered ${status} without an OperationOutcome`;
  }
  return undefined;
}
