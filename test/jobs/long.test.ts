import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import t from 'tap';
import { LongJobs } from '../../src/jobs/long.ts';
import { simulateHere, simulationJob } from '../../src/jobs/simulate.ts';
import { SIMULATE } from '../../src/rules/simulation-request.ts';
import { type TestApp, testApp } from '../support/app.ts';
import type { JobProcess } from '../support/job-process.ts';
import { aResponse, weeklyForm } from '../support/responses.ts';

const PATIENTS = 70;
const LEASE_SECONDS = 1;

async function ask(app: TestApp): Promise<string> {
  const { body } = await app.send('GET', '/PlanDefinition?url=https://vigie.example/fhir/PlanDefinition/demonstration');
  const plan = { ...body.entry[0].resource, version: '99', status: 'draft' };
  const answer = await app.send('POST', '/PlanDefinition/$simulate', {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'policy',
        resource: JSON.parse(JSON.stringify(plan).replaceAll('%finding.min >= 3', '%finding.min >= 2')),
      },
      { name: 'end', valueDateTime: '2026-11-20' },
    ],
  });
  if (answer.status !== 202) throw new Error(answer.text);
  return `${answer.headers['content-location']}`.replace(/^.*\/fhir/, '');
}

t.test('a simulation whose processes are killed again and again comes to its end, once, and to the same', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  for (let n = 0; n < PATIENTS; n += 1) {
    const subject = `Patient/p${n}`;
    await app.send('PUT', `/${subject}`, { resourceType: 'Patient', id: `p${n}` });
    if (n % 7 > 0) continue;
    const response = aResponse(form, subject, '2026-11-10T08:00:00+01:00', { PROCTCAE_9A_SCL: 2, PROCTCAE_9B_SCL: 3 });
    const { status, text } = await app.send('POST', '/QuestionnaireResponse', response);
    t.equal(status, 201, text);
  }
  const undisturbed = await ask(app);
  await new LongJobs(app.deps, { [SIMULATE]: simulationJob(simulateHere) }).sweep();
  const expected = await app.send('GET', undisturbed);
  t.equal(expected.status, 200, expected.text);

  const file = `dist/job-process-${process.pid}.mjs`;
  await build({
    entryPoints: ['test/support/job-process.ts'],
    outfile: file,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  t.teardown(() => rmSync(file, { force: true }));

  const url = await ask(app);
  const options: JobProcess = { url: app.database.url, leaseSeconds: LEASE_SECONDS, pauseMillis: 150 };
  const begun: number[] = [];
  for (let life = 1; begun.length < 12; life += 1) {
    const process = start(file, options);
    let wasKilled = false;
    for await (const line of createInterface({ input: process.stdout })) {
      const [, from] = /^begins at (\d+)$/.exec(line) ?? [];
      if (from !== undefined) begun.push(Number(from));
      // The first two lives end in the middle.
      if (life <= 2 && /^done /.test(line) && (await progressOf(app)) > (begun.at(-1) ?? 0)) {
        wasKilled = process.kill('SIGKILL');
        break;
      }
    }
    await ended(process);
    if (!wasKilled && (await app.send('GET', url)).status === 200) break;
    await new Promise((told) => setTimeout(told, 1000 * LEASE_SECONDS));
  }
  t.ok(begun.length >= 3, `it began ${begun.length} times`);
  t.ok(
    begun.every((from, n) => n === 0 || from > (begun[n - 1] ?? 0)),
    `each further on than the last: ${begun.join(', ')}`,
  );
  const done = await app.send('GET', url);
  t.equal(done.status, 200, done.text);
  t.same(done.body, expected.body);
});

const start = (file: string, options: JobProcess) =>
  spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });

const ended = (process: ChildProcess): Promise<void> =>
  new Promise((told) => {
    if (process.exitCode !== null || process.signalCode !== null) told();
    else process.once('exit', () => told());
  });

/** How many patients are written down as done. */
async function progressOf(app: TestApp): Promise<number> {
  const { rows } = await app.database.db.pool.query<{ progress: string }>(
    "select progress from job where status = 'running'",
  );
  const [row] = rows;
  return row && row.progress !== '' ? JSON.parse(row.progress).done : 0;
}
