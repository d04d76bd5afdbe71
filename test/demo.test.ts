import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import t from 'tap';
import { freshDatabase } from './support/database.ts';
import { freePort } from './support/listening.ts';
import { BRIEF } from './support/node-flags.ts';

t.test('npm run demo tells its story, keeps serving, and ends cleanly', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  t.teardown(() => database.drop());
  const port = await freePort();
  const env = { DATABASE_URL: database.url, PORT: String(port) };

  const once = await ended(run(env, '--exit'));
  t.equal(once.code, 0);
  t.match(once.stdout, /Nausea: closed/);
  t.match(once.stdout, /escalated: overdue since .*\n.*\n.*completed/);
  t.match(once.stdout, /Report missing: /);
  t.notMatch(once.stdout, /The service is running/);
  t.equal(once.stderr, '');

  const second = run(env);
  const story = await until(second, /\/metadata'\n$/);
  t.match(story, `The service is running at http://127.0.0.1:${port}/fhir`);
  const address = /curl '(.*Flag\?.*status=active)'/.exec(story)?.[1] ?? '';
  const open = await (await fetch(address)).json();
  t.match(open, { resourceType: 'Bundle', entry: [{ resource: { resourceType: 'Flag', status: 'active' } }] });
  second.kill('SIGTERM');
  t.equal((await ended(second)).code, 0);
});

t.test('a taken port and an unknown option are told in one sentence', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  t.teardown(() => database.drop());
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const refused = await ended(run({ DATABASE_URL: database.url, PORT: String(port) }, '--exit'));
  t.match(refused, { code: 1, stdout: '', stderr: /^Vigie did not start: the port is taken .*PORT=/ });
  t.match(await ended(run({}, '--what')), { code: 1, stderr: /--what/ });
});

function run(env: Record<string, string>, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [...BRIEF, 'dist/demo.js', ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** All that a process tells until it ends, and how it ended. */
async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** What a process has told once it has told `wanted`. */
function until(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = '';
    child.stdout?.on('data', (chunk) => {
      told += chunk;
      if (wanted.test(told)) resolve(told);
    });
    child.on('close', () => reject(new Error(`ended early: ${told}`)));
  });
}
