import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { freshDatabase } from './support/database.ts';
import { readExposition, sumOf } from './support/exposition.ts';
import { freePort } from './support/listening.ts';
import { BRIEF } from './support/node-flags.ts';

/** What the service writes to its log, one line each. */
type Line = Record<string, unknown> & { msg?: string };

const running = new Set<Several>();
t.teardown(async () => {
  for (const one of running) one.kill();
});

/** The built service in several processes. */
class Several {
  readonly port: number;
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  #out = '';
  #err = '';

  private constructor(port: number, env: Record<string, string>) {
    this.port = port;
    this.process = spawn(process.execPath, [...BRIEF, 'dist/main.js'], {
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        WORKERS: '2',
        DB_CONNECTIONS: '4',
        DEMO_POLICY: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (data: Buffer) => {
      this.#out += data;
    });
    this.process.stderr?.on('data', (data: Buffer) => {
      this.#err += data;
    });
    this.ended = once(this.process, 'close').then(([code]) => {
      running.delete(this);
      return code;
    });
    running.add(this);
  }

  static async begin(env: Record<string, string>): Promise<Several> {
    return new Several(await freePort(), env);
  }

  /** Started, and ready: the first answer of all is asked for, whatever it is. */
  static async ready(env: Record<string, string>): Promise<Several> {
    const one = await Several.begin(env);
    for (;;) {
      const answer = await one.send('GET', '/health/ready').catch(() => undefined);
      if (answer?.status === 200) return one;
      if (one.process.exitCode !== null) throw new Error(`it did not start: ${one.said}`);
      await pause(20);
    }
  }

  get log(): Line[] {
    return this.#out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** What it told whoever started it. */
  get said(): string {
    return this.#err;
  }

  /** Processes that it has started, the database apart. */
  workers(): number[] {
    return childrenOf(this.process.pid ?? 0).filter((pid) => commandOf(pid).includes('main.js'));
  }

  async send(method: string, path: string, body?: object, agent?: Agent) {
    const { status, text } = await this.text(method, path, body, agent);
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  }

  async text(method: string, path: string, body?: object, agent?: Agent) {
    const sent = request({
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      agent: agent ?? new Agent(),
      headers: { 'content-type': 'application/fhir+json' },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = await once(sent, 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    return { status: Number(answer.statusCode), text };
  }

  /** As clients do: what was handed to a process in the moment of its death is cut, or never answered, and asked again. */
  async persist(path: string) {
    for (;;) {
      const agent = new Agent();
      const answer = this.send('GET', path, undefined, agent).catch(() => undefined);
      const told = await Promise.race([answer, pause(3000)]);
      agent.destroy();
      if (told) return told;
    }
  }

  /** One kept connection to each process. Which one has a connection is told by the log. */
  async each(): Promise<Agent[]> {
    const agents = new Map<unknown, Agent>();
    const answers = () => this.log.filter(({ route }) => route === '/health/live');
    while (agents.size < 2) {
      const before = answers().length;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await this.send('GET', '/health/live', undefined, agent);
      await until(() => answers().length > before);
      const worker = answers().at(-1)?.worker;
      if (agents.has(worker)) agent.destroy();
      else agents.set(worker, agent);
    }
    return [...agents.values()];
  }

  /** Numbers of the processes that have answered at this route. */
  answeredBy(route: string): Set<unknown> {
    return new Set(this.log.filter((line) => line.route === route).map(({ worker }) => worker));
  }

  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  kill(): void {
    for (const pid of this.workers()) process.kill(pid, 'SIGKILL');
    this.process.kill('SIGKILL');
  }
}

t.test('two processes on one database', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  const several = await Several.ready({ DATABASE_URL: database.url });
  t.teardown(async () => {
    several.kill();
    await several.ended;
    await database.drop();
  });
  const policy: PlanDefinition = JSON.parse(readFileSync('profiles/policies/demonstration.json', 'utf8'));

  await t.test('when it is ready, all of them are', async (t) => {
    t.equal(several.workers().length, 2);
    await until(() => several.log.some(({ msg }) => msg === 'all processes answer requests'));
    await until(() => several.log.filter(({ msg }) => msg === 'listening').length === 2);
    t.match(several.log, [{ msg: 'schema brought up to date' }], 'the schema is seen to by one');
    t.equal(several.log.filter(({ msg }) => msg?.startsWith('schema')).length, 1);
    t.match(
      several.log.find(({ msg }) => msg === 'all processes answer requests'),
      { workers: 2, connections: 10 },
    );
    const agents = await several.each();
    await Promise.all(agents.map((agent) => several.send('GET', '/health/ready', undefined, agent)));
    await until(() => several.answeredBy('/health/ready').size === 2);
    for (const agent of agents) agent.destroy();
  });

  await t.test('a new policy and a new form are live in the other at once', async (t) => {
    const [one, other] = await several.each();
    const { id: _, ...rest } = policy;
    const url = 'https://example.org/PlanDefinition/of-one';
    t.equal((await several.send('POST', '/fhir/PlanDefinition', { ...rest, url }, one)).status, 201);
    const ready = await several.send('GET', '/health/ready', undefined, other);
    t.ok(ready.body.policies.includes(`${url}|${rest.version}`));

    const form = {
      resourceType: 'Questionnaire',
      url: 'https://example.org/Questionnaire/of-one',
      version: '1',
      status: 'active',
      item: [{ linkId: 'a', type: 'string', text: 'a' }],
    };
    const patient = await several.send('POST', '/fhir/Patient', { resourceType: 'Patient' }, one);
    const response = {
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      questionnaire: `${form.url}|1`,
      subject: { reference: `Patient/${patient.body.id}` },
      authored: '2026-11-20T10:00:00+01:00',
      item: [{ linkId: 'a', answer: [{ valueString: 'x' }] }],
    };
    t.equal((await several.send('POST', '/fhir/QuestionnaireResponse', response, other)).status, 422, 'not before');
    t.equal((await several.send('POST', '/fhir/Questionnaire', form, one)).status, 201);
    t.equal((await several.send('POST', '/fhir/QuestionnaireResponse', response, other)).status, 201);
    for (const agent of [one, other]) agent?.destroy();
  });

  await t.test('any of them tells the metrics of all, each under its number', async (t) => {
    const agents = await several.each();
    for (const agent of agents) await several.send('GET', '/fhir/Device', undefined, agent);
    for (const agent of agents) {
      const { samples } = readExposition((await several.text('GET', '/metrics', undefined, agent)).text);
      const devices = samples.filter(
        ({ name, labels }) => name === 'vigie_requests_total' && labels.route === '/fhir/Device',
      );
      t.same(devices.map(({ labels, value }) => [labels.worker, value]).sort(), [
        ['1', 1],
        ['2', 1],
      ]);
      t.equal(sumOf(samples, 'vigie_workers', { state: 'answering' }), 2);
      t.equal(sumOf(samples, 'vigie_worker_restarts_total'), 0);
      t.equal(samples.filter(({ name }) => name === 'vigie_database_up').length, 1);
      agent.destroy();
    }
  });

  await t.test('one that hangs is left out of the metrics after a second, and seen to be', async (t) => {
    const [stuck] = several.workers();
    const agents = await several.each();
    process.kill(stuck ?? 0, 'SIGSTOP');
    const asked = agents.map((agent) => several.text('GET', '/metrics', undefined, agent));
    const told = await Promise.race(asked);
    process.kill(stuck ?? 0, 'SIGCONT');
    await Promise.all(asked);
    const { samples } = readExposition(told.text);
    t.equal(sumOf(samples, 'vigie_workers', { state: 'set' }), 2);
    t.equal(sumOf(samples, 'vigie_workers', { state: 'answering' }), 1);
    for (const agent of agents) agent.destroy();
  });

  await t.test('one that is killed is replaced, and the other answers meanwhile', async (t) => {
    const [victim] = several.workers();
    process.kill(victim ?? 0, 'SIGKILL');
    for (let answers = 0; answers < 5; answers += 1) {
      t.equal((await several.persist('/fhir/Patient')).status, 200);
    }
    await until(() => several.log.some(({ msg }) => msg === 'a process answers requests again'));
    t.match(
      several.log.find(({ msg }) => msg?.startsWith('a process has ended')),
      { signal: 'SIGKILL' },
    );
    t.equal(several.workers().length, 2);
    t.notOk(several.workers().includes(victim ?? 0));
    const { samples } = readExposition((await several.text('GET', '/metrics')).text);
    t.equal(sumOf(samples, 'vigie_worker_restarts_total'), 1);
    t.equal(sumOf(samples, 'vigie_workers', { state: 'answering' }), 2);
  });

  await t.test('SIGTERM drains: what was acknowledged is there, nothing is left running, and it says 0', async (t) => {
    const pids = several.workers();
    const agents = await several.each();
    const acknowledged: string[] = [];
    let over = false;
    const writing = agents.flatMap((agent) =>
      [0, 1].map(async () => {
        while (!over) {
          const { status, body } = await several.send('POST', '/fhir/Patient', { resourceType: 'Patient' }, agent);
          if (status === 201) acknowledged.push(body.id);
        }
      }),
    );
    await until(() => acknowledged.length > 20);
    const code = several.stop();
    // Connections end or are refused once all that had begun is answered.
    const ends = await Promise.allSettled(writing);
    over = true;
    t.ok(ends.every(({ status }) => status === 'rejected'));
    t.equal(await code, 0);
    t.equal(several.said, '');
    for (const pid of pids) t.notOk(isAlive(pid));
    const { rows } = await database.db.pool.query(
      `select count(*)::int as count from resource_current where type = 'Patient' and id = any($1)`,
      [acknowledged],
    );
    t.equal(rows[0].count, acknowledged.length);
    t.equal(several.log.at(-1)?.msg, 'stopped');
  });
});

t.test('when the first process is killed, nobody holds the port, and the next start finds its database', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-processes-'));
  chmodSync(folder, 0o711);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const env = { DATA_DIR: join(folder, 'data') };
  const first = await Several.ready(env);
  const { body } = await first.send('POST', '/fhir/Patient', { resourceType: 'Patient' });
  const pids = first.workers();
  t.equal(pids.length, 2);
  first.process.kill('SIGKILL');
  await first.ended;
  await until(() => !pids.some(isAlive));
  const server = createServer().listen(first.port, '127.0.0.1');
  await once(server, 'listening');
  await new Promise((resolve) => server.close(resolve));

  const second = await Several.ready(env);
  t.equal((await second.send('GET', `/fhir/Patient/${body.id}`)).status, 200);
  t.ok(second.log.some(({ event }) => event === 'embedded.attached'));
  t.equal(await second.stop(), 0);
  t.ok(
    second.log.some(({ event }) => event === 'embedded.stopped'),
    'the database ends with it',
  );
});

t.test('a start that fails says so once, in the words of one process, and leaves nothing', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  t.teardown(() => database.drop());
  const once1 = (text: string, part: string) => text.split(part).length === 2;

  await t.test('the port is taken', async (t) => {
    const several = await Several.begin({ DATABASE_URL: database.url });
    const server = createServer().listen(several.port, '127.0.0.1');
    t.teardown(() => server.close());
    t.equal(await several.ended, 1);
    t.match(several.said, /^Vigie did not start: the port is taken .* Set PORT to a free one/);
    t.ok(once1(several.said, 'did not start'));
    t.same(several.workers(), []);
  });

  await t.test('the server has no room for their connections', async (t) => {
    const several = await Several.begin({ DATABASE_URL: database.url, DB_CONNECTIONS: '200' });
    t.equal(await several.ended, 1);
    t.match(
      several.said,
      /2 processes \(WORKERS\) of 200 connections each .* may open 402; .* has room for \d+ \(max_connections/,
    );
    t.match(several.said, /Set DB_CONNECTIONS to at most \d+|Set WORKERS to fewer/);
    t.ok(once1(several.said, 'did not start'));
  });

  await t.test('a setting is wrong', async (t) => {
    const several = await Several.begin({ DATABASE_URL: database.url, SITE: '/does/not/exist.json' });
    t.equal(await several.ended, 1);
    t.ok(once1(several.said, 'SITE: the file cannot be read'));
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Linux tells them in /proc, which all of our machines have. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const stat = textOf(`/proc/${pid}/stat`);
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    });
}

const commandOf = (pid: number): string => textOf(`/proc/${pid}/cmdline`);

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
