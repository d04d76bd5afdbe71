import type { PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import type { Deps } from '../../src/deps.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { resourceSpec } from '../../src/fhir/resources.ts';
import { readText } from '../../src/fhir/text.ts';
import { activate, create, update } from '../../src/save.ts';
import type { Database } from '../../src/store/database.ts';
import { aPolicy, put } from '../routes/support.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { secondDeps } from '../support/second.ts';

type Plan = PlanDefinition & { id: string };

const by = (retirePrevious: boolean) => ({
  author: 'Practitioner/lead',
  reason: 'x',
  retirePrevious,
  ground: async () => undefined,
});

const policy = (url: string, version: string, status: PlanDefinition['status']): PlanDefinition =>
  aPolicy('%finding.min >= 3', { url, version, status });

const text = (resource: object) => readText(Buffer.from(JSON.stringify(resource)));

/** `version status`, of all versions of a url. */
async function told(app: TestApp, url: string): Promise<string[]> {
  const { body } = await app.send('GET', `/PlanDefinition?url=${url}&_count=100`);
  return body.entry.map(({ resource }: { resource: Plan }) => `${resource.version} ${resource.status}`).sort();
}

/** Deps whose first transaction lets `between` happen once it has looked for other active versions. */
function interrupted(deps: Deps, between: () => Promise<unknown>): Deps {
  let left = 1;
  const transaction: Database['transaction'] = (work) =>
    deps.db.transaction((tx) => {
      const named: Database['named'] = async <Row extends Record<string, unknown>>(
        name: string,
        query: string,
        values: unknown[],
      ) => {
        const rows = await tx.named<Row>(name, query, values);
        if (name === 'contents-of' && left > 0) {
          left -= 1;
          await between();
        }
        return rows;
      };
      return work(Object.create(tx, { named: { value: named } }));
    });
  return { ...deps, db: Object.create(deps.db, { transaction: { value: transaction } }) };
}

t.test('two services activate at the same moment', async (t) => {
  const app = await testApp();
  const second = await secondDeps(app);
  t.teardown(async () => {
    await second.close();
    await app.close();
  });
  const within = everyone();
  const spec = resourceSpec('PlanDefinition');
  if (!spec) throw new Error('it is served');
  const versions = async (url: string, ...statuses: PlanDefinition['status'][]): Promise<[Plan, Plan, Plan]> => {
    const made: Plan[] = [];
    for (const [n, status] of statuses.entries()) made.push(await put(app, policy(url, String(n + 1), status)));
    return made as [Plan, Plan, Plan]; // as many as are asked for
  };
  /** What was retired with an activation, by its Provenance. */
  const targets = async (id: string): Promise<string[][]> => {
    const { body } = await app.send('GET', `/Provenance?target=PlanDefinition/${id}`);
    return body.entry.map(({ resource }: { resource: { target: { reference: string }[] } }) =>
      resource.target.map(({ reference }) => reference),
    );
  };
  const one = (id: string) => activate(app.deps, within, id, by(true));
  const other = (id: string) => activate(second.deps, within, id, by(true));

  t.test('with retirePrevious one of them stays active, in round after round', async (t) => {
    for (let round = 0; round < 12; round += 1) {
      const url = `https://example.org/PlanDefinition/round-${round}`;
      const [first, next, last] = await versions(url, 'active', 'draft', 'draft');
      const [here, there] = round % 2 === 0 ? [one, other] : [other, one];
      const answers = await Promise.allSettled([here(next.id), there(last.id)]);
      t.same(
        answers.map(({ status }) => status),
        ['fulfilled', 'fulfilled'],
        `${round}`,
      );
      const statuses = await told(app, url);
      t.equal(statuses.filter((one) => one.endsWith(' active')).length, 1, `${round}: ${statuses}`);
      t.ok(statuses.includes('1 retired'));
      t.equal((await app.send('GET', `/PlanDefinition/${first.id}/_history`)).body.total, 2, 'which was retired once');
    }
  });

  t.test('one that comes between is retired by the one that ends later', async (t) => {
    const url = 'https://example.org/PlanDefinition/between';
    const [, next, last] = await versions(url, 'active', 'draft', 'draft');
    const deps = interrupted(app.deps, () => other(last.id));
    const active: Plan = JSON.parse(await activate(deps, within, next.id, by(true)));
    t.equal(active.status, 'active');
    t.same(await told(app, url), ['1 retired', '2 active', '3 retired']);
    t.same(await targets(next.id), [[`PlanDefinition/${next.id}/_history/2`, `PlanDefinition/${last.id}/_history/3`]]);
    t.same((await targets(last.id)).length, 2, 'of its own activation, and of its retirement');
  });

  t.test('without retirePrevious one that would not judge is refused, whoever comes between', async (t) => {
    const url = 'https://example.org/PlanDefinition/newer';
    const [, next, last] = await versions(url, 'active', 'draft', 'draft');
    const ground = async (): Promise<undefined> => void (await activate(second.deps, within, last.id, by(false)));
    const refused = activate(app.deps, within, next.id, { ...by(false), ground });
    t.match(await refused.catch((error) => error), { status: 422, message: /3 is newer/ });
    t.same(await told(app, url), ['1 active', '2 draft', '3 active']);
  });

  t.test('a version that is posted as active between is retired too', async (t) => {
    const url = 'https://example.org/PlanDefinition/posted';
    const [next] = await versions(url, 'draft');
    const deps = interrupted(app.deps, () => create(second.deps, within, spec, text(policy(url, '9', 'active'))));
    await activate(deps, within, next.id, by(true));
    t.same(await told(app, url), ['1 active', '9 retired']);
  });

  t.test('what a client retires between is not retired again', async (t) => {
    const url = 'https://example.org/PlanDefinition/retired';
    const [first, next] = await versions(url, 'active', 'draft');
    const deps = interrupted(app.deps, () =>
      update(second.deps, within, spec, first.id, text({ ...first, status: 'retired' })),
    );
    await activate(deps, within, next.id, by(true));
    t.same(await told(app, url), ['1 retired', '2 active']);
    t.equal((await app.send('GET', `/PlanDefinition/${first.id}/_history`)).body.total, 2);
    t.same(await targets(next.id), [[`PlanDefinition/${next.id}/_history/2`]], 'nor said to be');
  });

  t.test('a client that changes a date meanwhile does not make active again what is retired', async (t) => {
    for (let round = 0; round < 6; round += 1) {
      const url = `https://example.org/PlanDefinition/dated-${round}`;
      const [first, next] = await versions(url, 'active', 'draft');
      const dated = update(second.deps, within, spec, first.id, text({ ...first, date: '2027' }));
      const [activated] = await Promise.allSettled([one(next.id), dated]);
      t.equal(activated.status, 'fulfilled');
      t.same(await told(app, url), ['1 retired', '2 active']);
    }
  });
});
