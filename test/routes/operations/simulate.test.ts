import { resolve } from 'node:path';
import type { Parameters, ParametersParameter, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { START } from '../../../src/cohort/entry.ts';
import { cohort } from '../../../src/cohort/generate.ts';
import { everyone } from '../../../src/fhir/compartment.ts';
import { LongJobs } from '../../../src/jobs/long.ts';
import { type Simulating, simulateHere, simulateInThread, simulationJob } from '../../../src/jobs/simulate.ts';
import { SIMULATE } from '../../../src/rules/simulation-request.ts';
import { WORK } from '../../../src/rules/work/codes.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { endJob, findJob, holdJob, takeJob } from '../../../src/store/jobs.ts';
import { demonstration } from '../../rules/builders.ts';
import { type Answer, NOW, type TestApp, testApp } from '../../support/app.ts';
import { aPolicy, put, rowCounts } from '../support.ts';

const COHORT = [...cohort({ patients: 10, weeks: 7, seed: 3, start: START })].filter(({ kind }) =>
  ['patient', 'response', 'amendment', 'treatment'].includes(kind),
);

/** The same resources under the same ids, in the order in which they arrive. */
async function receive(app: TestApp): Promise<void> {
  for (const { resource } of COHORT) {
    const { status, text } = await app.send('PUT', `/${resource.resourceType}/${resource.id}`, resource);
    if (status >= 300) throw new Error(text);
  }
}

/** The demonstration with one thing changed, under a version that goes before it. */
function candidate(change: (plan: PlanDefinition) => void): PlanDefinition {
  const { id: _id, ...plan } = demonstration();
  const copy: PlanDefinition = JSON.parse(JSON.stringify({ ...plan, version: '99', status: 'draft' }));
  change(copy);
  return copy;
}

const condition = (plan: PlanDefinition, id: string, from: string | RegExp, to: string): void => {
  const expression = plan.action?.find((action) => action.id === id)?.condition?.[0]?.expression;
  if (!expression?.expression?.match(from)) throw new Error(`${id} has no ${from}`);
  expression.expression = expression.expression.replace(from, to);
};

const work = (app: TestApp, simulating: Simulating = simulateHere): LongJobs =>
  new LongJobs(app.deps, { [SIMULATE]: simulationJob(simulating) }, { beatMillis: 5, leaseSeconds: 1 });

async function ask(
  app: TestApp,
  parameters: ParametersParameter[],
  path = '/PlanDefinition/$simulate',
): Promise<string> {
  const answer = await app.send(
    'POST',
    path,
    { resourceType: 'Parameters', parameter: parameters },
    { prefer: 'respond-async' },
  );
  if (answer.status !== 202) throw new Error(answer.text);
  return `${answer.headers['content-location']}`.replace(/^.*\/fhir/, '');
}

const activate = (app: TestApp, id: string, simulation: string): Promise<Answer> =>
  app.send('POST', `/PlanDefinition/${id}/$activate`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'author', valueReference: { reference: 'Practitioner/lead' } },
      { name: 'reason', valueString: 'It was tried' },
      { name: 'simulation', valueString: `${app.deps.baseUrl}${simulation}` },
    ],
  });

async function simulated(app: TestApp, plan: PlanDefinition, more: ParametersParameter[] = []): Promise<Parameters> {
  const url = await ask(app, [{ name: 'policy', resource: plan }, ...more]);
  await work(app).sweep();
  const { status, body, text } = await app.send('GET', url);
  if (status !== 200) throw new Error(text);
  return body;
}

type Part = Pick<ParametersParameter, 'part'>;
const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
  parameter.filter((one) => one.name === name);
const part = ({ part = [] }: Part, name: string): ParametersParameter | undefined =>
  part.find((one) => one.name === name);

/** What a service says of its patients: one line for each Flag. */
async function told({ database }: TestApp): Promise<string[]> {
  const { rows } = await database.db.pool.query<Record<string, string | Date | null>>(
    `select patient, term, started, ended, signature from episode
     where status <> 'entered-in-error' and term not in ('not-evaluated', 'policy-budget')`,
  );
  const line = ({ patient, term, started, ended, signature }: Record<string, string | Date | null>): string =>
    [patient, term, instant(started), instant(ended), /\bP[NLMH]\b/.exec(`${signature}`)?.[0]].join(' ');
  return rows.map(line).sort();
}

const instant = (at: string | Date | null | undefined): string => (at ? new Date(at).toISOString() : 'open');

/** The same of one side of the disagreements. */
function toldOf(result: Parameters, side: 'before' | 'after'): string[] {
  return named(result, 'disagreement').flatMap((one) => {
    const flag = part(one, side);
    if (!flag) return [];
    const patient = part(one, 'patient')?.valueReference?.reference?.slice('Patient/'.length);
    const priorities = flag.part?.filter(({ name }) => name === 'priority') ?? [];
    const last = part(priorities.at(-1) ?? {}, 'code')?.valueCode;
    const term = part(one, 'term')?.valueCoding?.code;
    return [patient, term, part(flag, 'start')?.valueInstant, instant(part(flag, 'end')?.valueInstant), last].join(' ');
  });
}

const without = (all: readonly string[], others: readonly string[]): string[] =>
  all.filter((one) => !others.includes(one));

const CHANGES: [name: string, change: (plan: PlanDefinition) => void][] = [
  ['a threshold one lower', (plan) => condition(plan, 'open-composite-3', '%finding.min >= 3', '%finding.min >= 2')],
  [
    'an action more',
    ({ action = [] }) => {
      const [first] =
        aPolicy("%finding.term = 'PROCTCAE_9_COMP' and %finding.grade = 1 and %previous.grade = 1").action ?? [];
      if (first) action.push({ ...first, id: 'open-plateau' });
    },
  ],
  [
    'a lower priority',
    ({ action = [] }) => {
      for (const { id, extension = [] } of action) {
        const coding = extension[0]?.valueCodeableConcept?.coding?.[0];
        if (coding && id === 'open-rise-previous') coding.code = 'PL';
      }
    },
  ],
  ['a calm day less', (plan) => condition(plan, 'close', '>= 2', '>= 1')],
];

t.test('a planted change of a policy is found, exactly', async (t) => {
  const past = await testApp();
  t.teardown(() => past.close());
  await receive(past);
  const before = await told(past);
  t.ok(before.length > 5, `${before.length} Flags stand`);

  for (const [name, change] of CHANGES) {
    t.test(name, async (t) => {
      const plan = candidate(change);
      // Who takes the candidate at its word: a service where it is active receives the very same.
      const other = await testApp();
      t.teardown(() => other.close());
      await put(other, { ...plan, status: 'active' });
      await receive(other);
      const after = await told(other);

      const counts = await rowCounts(past);
      const result = await simulated(past, plan);
      t.same(await rowCounts(past), { ...counts, job: (counts.job ?? 0) + 1 }, 'nothing is written but its result');
      t.notSame(after, before, 'it makes a difference');
      t.match(named(result, 'flags')[0]?.part?.slice(0, 2), [
        { name: 'before', valueInteger: before.length },
        { name: 'after', valueInteger: after.length },
      ]);
      const kinds = named(result, 'disagreement').map((one) => part(one, 'kind')?.valueCode);
      const flags = named(result, 'flags')[0] ?? {};
      for (const kind of ['added', 'removed', 'moved']) {
        t.equal(kinds.filter((one) => one === kind).length, part(flags, kind)?.valueInteger, `each ${kind} is shown`);
      }
      // What is alike on both sides in all that the ledger holds, and was only at another priority for a while, stands in both.
      const alike = toldOf(result, 'before').filter((line) => toldOf(result, 'after').includes(line));
      t.same(without(toldOf(result, 'before'), alike).sort(), without(before, after), 'what was there before alone');
      t.same(without(toldOf(result, 'after'), alike).sort(), without(after, before), 'what is there with it alone');
      const flagsThere = named(result, 'disagreement').filter((one) => part(one, 'before') && !part(one, 'flag'));
      t.same(flagsThere, [], 'each Flag that was there is linked');
    });
  }
});

t.test('a simulation as work', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await receive(app);
  // More than one page of patients.
  for (let n = 0; n < 25; n += 1)
    await app.send('PUT', `/Patient/empty-${n}`, { resourceType: 'Patient', id: `empty-${n}` });
  const plan = candidate((one) => condition(one, 'open-composite-3', '%finding.min >= 3', '%finding.min >= 2'));
  const expected = await simulated(app, plan, [{ name: 'end', valueDateTime: '2026' }]);
  const asked = (): Promise<string> =>
    ask(app, [
      { name: 'policy', resource: plan },
      { name: 'end', valueDateTime: '2026' },
    ]);
  const idOf = (url: string): string => url.replace('/$job/', '');

  t.test('is answered 202 with where its result will be, and waits there', async (t) => {
    const url = await asked();
    const waiting = await app.send('GET', url);
    t.match(waiting, { status: 202, headers: { 'x-progress': 'waiting', 'retry-after': '1' } });
    await work(app).sweep();
    const done = await app.send('GET', url);
    t.equal(done.status, 200);
    t.same(done.body, expected, 'and gives the same as before');
    t.equal((await app.send('DELETE', url)).status, 409, 'what is done stays');
  });

  t.test('of a stored draft, by its id', async (t) => {
    const draft = await put(app, plan);
    const url = await ask(app, [{ name: 'end', valueDateTime: '2026' }], `/PlanDefinition/${draft.id}/$simulate`);
    await work(app).sweep();
    t.same((await app.send('GET', url)).body, expected);
  });

  t.test('in a thread of its own it comes to the same', async (t) => {
    const url = await asked();
    await work(app, simulateInThread(resolve('dist/simulation.js'))).sweep();
    const { status, body, text } = await app.send('GET', url);
    t.equal(status, 200, text);
    t.same(body, expected);
  });

  t.test('cancelled while it waits, it never runs', async (t) => {
    const url = await asked();
    t.equal((await app.send('DELETE', url)).status, 202);
    t.equal((await app.send('GET', url)).status, 410);
    await work(app, () => t.fail('it runs') as never).sweep();
    t.equal((await app.send('GET', url)).status, 410);
    t.equal((await app.send('DELETE', url)).status, 202, 'twice is once');
  });

  t.test('cancelled while it runs, it ends', async (t) => {
    const url = await asked();
    const cancelling: Simulating = async function* (...args) {
      const [, , , , signal] = args;
      for await (const checkpoint of simulateHere(...args)) {
        yield checkpoint;
        t.equal((await app.send('GET', url)).status, 202);
        await app.send('DELETE', url);
        await new Promise((told) => signal.addEventListener('abort', told));
      }
    };
    await work(app, cancelling).sweep();
    t.equal((await app.send('GET', url)).status, 410);
    t.match(await findJob(app.deps.db, everyone(), idOf(url)), { status: 'cancelled', result: undefined });
  });

  t.test('cancelled when all is done but its end, it is cancelled, and nothing rests on it', async (t) => {
    const draft = await put(app, plan);
    const url = await ask(app, [], `/PlanDefinition/${draft.id}/$simulate`);
    const late: Simulating = async function* (...args) {
      yield* simulateHere(...args);
      t.equal((await app.send('DELETE', url)).status, 202);
    };
    await new LongJobs(app.deps, { [SIMULATE]: simulationJob(late) }, { beatMillis: 600_000 }).sweep();
    t.equal((await app.send('GET', url)).status, 410);
    const job = await findJob(app.deps.db, everyone(), idOf(url));
    t.match(job, { status: 'cancelled', cancel: true, result: undefined });
    t.ok(job?.endedAt);
    const ended = app.log.filter((line) => line.includes('long work has ended')).at(-1);
    t.match(ended, `"job":"${idOf(url)}"`);
    t.match(ended, '"status":"cancelled"', 'nor does the log say that it was done');
    t.match(await activate(app, draft.id, url), {
      status: 422,
      body: { issue: [{ diagnostics: /it was cancelled/ }] },
    });
    t.equal((await app.send('GET', `/PlanDefinition/${draft.id}`)).body.status, 'draft');
  });

  t.test('one that was to be cancelled does not activate, whatever its row says', async (t) => {
    const draft = await put(app, plan);
    const url = await ask(app, [], `/PlanDefinition/${draft.id}/$simulate`);
    await work(app).sweep();
    const set = (cancel: boolean) =>
      app.deps.db.pool.query('update job set cancel = $2 where id = $1', [idOf(url), cancel]);
    await set(true);
    t.match(await activate(app, draft.id, url), {
      status: 422,
      body: { issue: [{ diagnostics: /it was cancelled/ }] },
    });
    t.equal((await app.send('GET', `/PlanDefinition/${draft.id}`)).body.status, 'draft');
    await set(false);
    t.equal((await app.send('GET', url)).status, 200);
  });

  t.test('what a process held that was killed is taken up where it was', async (t) => {
    const url = await asked();
    const { db } = app.deps;
    // A process takes it, writes down its first page, and is heard of no more.
    const job = await takeJob(db, everyone(), { holder: 'killed', seconds: 0 });
    t.equal(job?.id, idOf(url));
    if (!job) return;
    for await (const checkpoint of simulateHere(
      db,
      everyone(),
      JSON.parse(job.request),
      undefined,
      new AbortController().signal,
    )) {
      await holdJob(db, everyone(), job, { holder: 'killed', seconds: 0, progress: JSON.stringify(checkpoint) });
      break;
    }
    t.match(await app.send('GET', url), { status: 202, headers: { 'x-progress': /^20 of \d+$/ } });
    const goesOn: Simulating = (...args) => {
      t.equal(args[3]?.done, 20, 'it does not begin again');
      return simulateHere(...args);
    };
    await work(app, goesOn).sweep();
    t.same((await app.send('GET', url)).body, expected);
    const late = { holder: 'killed', status: 'failed', at: '2026-01-01T00:00:00Z' } as const;
    t.equal(await endJob(db, everyone(), job, late), undefined, 'who lost it changes nothing any more');
  });

  t.test('a process that stops gives it back, with how far it is', async (t) => {
    const url = await asked();
    const stopping = work(app, async function* (...args) {
      const [, , , , signal] = args;
      for await (const checkpoint of simulateHere(...args)) {
        yield checkpoint;
        void stopping.stop();
        if (!signal.aborted) await new Promise((told) => signal.addEventListener('abort', told));
      }
    });
    await stopping.sweep();
    t.match(await findJob(app.deps.db, everyone(), idOf(url)), { status: 'running', progress: /"done":20/ });
    await work(app).sweep();
    t.same((await app.send('GET', url)).body, expected);
  });

  t.test('what fails again and again has failed, and the log says so without what it was about', async (t) => {
    const url = await asked();
    const { db } = app.deps;
    const failing = work(app, () => {
      throw new Error('of Mrs Nobody');
    });
    for (let n = 0; n < 3; n += 1) {
      await failing.sweep();
      await db.pool.query(`update job set locked_until = '-infinity' where status = 'running'`);
    }
    const { status, body } = await app.send('GET', url);
    t.match({ status, body }, { status: 500, body: { resourceType: 'OperationOutcome' } });
    t.notMatch(app.log.join(''), 'Nobody');
  });

  t.test('no such work', async (t) => {
    t.equal((await app.send('GET', '/$job/none')).status, 404);
    t.equal((await app.send('DELETE', '/$job/none')).status, 404);
  });

  t.test('a past that cannot be read is counted, and takes none of the others with it', async (t) => {
    const { pool } = app.database.db;
    await pool.query(
      `insert into report (tenant, shard, patient, source_type, source_id, at, content)
       select tenant, shard, patient, 'Observation', 'broken', now(), '{}' from patient_state where patient = 'empty-7'`,
    );
    const result = await simulated(app, plan, [{ name: 'end', valueDateTime: '2026' }]);
    t.equal(named(result, 'failed')[0]?.valueInteger, 1);
    t.equal(named(result, 'patients')[0]?.valueInteger, (named(expected, 'patients')[0]?.valueInteger ?? 0) - 1);
    t.same(named(result, 'flags'), named(expected, 'flags'));
    await pool.query("delete from report where source_id = 'broken'");
  });

  t.test('on a connection on which the server refuses every write', async (t) => {
    const db = openDatabase(app.database.url, { connections: 1, readOnly: true });
    t.teardown(() => db.close());
    t.equal((await db.named('read', 'select 1 as one', []))[0]?.one, 1);
    await t.rejects(db.pool.query("update job set progress = ''"), { code: '25006' });
  });

  t.test('of the members of a Group', async (t) => {
    const patients = COHORT.flatMap(({ kind, resource }) => (kind === 'patient' ? [resource.id] : []));
    const group = await put(app, {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [
        { entity: { reference: `Patient/${patients[0]}` } },
        { entity: { reference: `Patient/${patients[1]}` }, inactive: true },
        { entity: { reference: 'Patient/empty-3' } },
        { entity: { reference: 'Patient/empty-3' } },
      ],
    });
    const result = await simulated(app, plan, [{ name: 'cohort', valueReference: { reference: `Group/${group.id}` } }]);
    t.equal(named(result, 'patients')[0]?.valueInteger, 2, 'those who are members now, each once');
    t.equal(named(result, 'cohort')[0]?.valueReference?.reference, `Group/${group.id}/_history/1`);
    const own = COHORT.filter(
      ({ kind, resource }) =>
        kind === 'response' && 'subject' in resource && resource.subject?.reference === `Patient/${patients[0]}`,
    );
    t.equal(named(result, 'responses')[0]?.valueInteger, own.length);
  });

  t.test('a period by the precision of its dates', async (t) => {
    const counts = async (start: string, end: string): Promise<number | undefined> => {
      const period = [
        { name: 'start', valueDateTime: start },
        { name: 'end', valueDateTime: end },
      ];
      return named(await simulated(app, plan, period), 'responses')[0]?.valueInteger;
    };
    const all = named(expected, 'responses')[0]?.valueInteger ?? 0;
    t.equal(await counts('2025', '2025'), all);
    const january = (await counts('2025-01-01', '2025-01')) ?? 0;
    const later = (await counts('2025-02-01', '2025-12-31')) ?? 0;
    t.ok(january > 0 && later > 0);
    t.equal(january + later, all, 'one ends where the other begins');
  });

  t.test('against another released version, or nothing', async (t) => {
    const alone = await simulated(app, plan, [{ name: 'against', valueString: 'none' }]);
    t.same(named(alone, 'against'), []);
    const shipped = await simulated(app, plan, [
      { name: 'against', valueString: `${plan.url}|1.0.0` },
      { name: 'end', valueDateTime: '2026' },
    ]);
    t.same(shipped, expected, 'which is the active one');
  });

  t.test('outcomes of the work on Flags say what a Flag was worth', async (t) => {
    const { rows } = await app.database.db.pool.query<{ id: string; version: number; content: string }>(
      `select c.id, c.version, v.content from resource_current c join resource_version v using (tenant, shard, type, id, version)
       where c.type = 'Task' and v.content like '%"requested"%' order by c.id`,
    );
    t.ok(rows.length >= 2, `${rows.length} Tasks`);
    const codes = ['visit', 'false-alert'];
    for (const [n, { id, content }] of rows.slice(0, 2).entries()) {
      const output = [
        {
          type: { coding: [{ system: WORK.item, code: 'outcome' }] },
          valueCodeableConcept: { coding: [{ system: WORK.outcome, code: codes[n] }] },
        },
      ];
      const { status, text } = await app.send('PUT', `/Task/${id}`, {
        ...JSON.parse(content),
        status: 'completed',
        owner: { display: 'Nurse' },
        output,
      });
      t.equal(status, 200, text);
    }
    const result = await simulated(app, plan);
    t.match(named(result, 'outcomes')[0]?.part?.slice(0, 2), [
      { name: 'mattered', valueInteger: 1 },
      { name: 'notMattered', valueInteger: 1 },
    ]);
    const before = part(named(result, 'outcomes')[0] ?? {}, 'before') ?? {};
    t.equal(part(before, 'sensitivity')?.valueDecimal, 1);
    t.equal(part(before, 'precision')?.valueDecimal, 0.5);
    const other = await simulated(app, plan, [{ name: 'mattered', valueCode: 'false-alert' }]);
    t.match(named(other, 'outcomes')[0]?.part?.[0], { name: 'mattered', valueInteger: 1 });
  });

  const refusals: [name: string, parameters: ParametersParameter[], status: number, diagnostics: RegExp][] = [
    ['nothing to simulate', [], 400, /Expected one of the instance, policy/],
    [
      'a candidate that does not compile, with its place',
      [{ name: 'policy', resource: aPolicy('%finding.grde >= 3', { status: 'draft' }) }],
      422,
      /^Action first, line 1, column 1/,
    ],
    [
      'what is no policy',
      [{ name: 'policy', resource: { resourceType: 'PlanDefinition', status: 'draft' } }],
      422,
      /no policy/,
    ],
    [
      'a period that ends before it begins',
      [
        { name: 'policy', resource: plan },
        { name: 'start', valueDateTime: '2025-02' },
        { name: 'end', valueDateTime: '2025-01' },
      ],
      400,
      /before the end/,
    ],
    [
      'a cohort that is not held',
      [
        { name: 'policy', resource: plan },
        { name: 'cohort', valueReference: { reference: 'Group/none' } },
      ],
      422,
      /Group\/none is not held/,
    ],
    [
      'a cohort that is no Group',
      [
        { name: 'policy', resource: plan },
        { name: 'cohort', valueReference: { reference: 'Patient/empty-1' } },
      ],
      400,
      /reference to a Group/,
    ],
    [
      'a policy to compare with that was never released',
      [
        { name: 'policy', resource: plan },
        { name: 'against', valueString: `${plan.url}|7` },
      ],
      422,
      /not a released policy/,
    ],
    [
      'an outcome that is none',
      [
        { name: 'policy', resource: plan },
        { name: 'mattered', valueCode: 'perhaps' },
      ],
      400,
      /mattered: expected one of/,
    ],
  ];
  for (const [name, parameter, status, diagnostics] of refusals) {
    t.test(`refused: ${name}`, async (t) => {
      const counts = await rowCounts(app);
      const answer: Answer = await app.send('POST', '/PlanDefinition/$simulate', {
        resourceType: 'Parameters',
        parameter,
      });
      t.match({ status: answer.status, body: answer.body }, { status, body: { issue: [{ diagnostics }] } });
      t.same(await rowCounts(app), counts);
    });
  }
});
