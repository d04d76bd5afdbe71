/**
 * The bench of `PlanDefinition/$simulate`: stored responses that it judges per second (each twice), the memory of the service meanwhile, and what
 * becomes of the writers beside it. Run by `npm run bench:simulate`; asked for: 2,000 per second, flat memory, writers at most 20 % slower.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Patient, PlanDefinition, Questionnaire } from '@medplum/fhirtypes';
import type pg from 'pg';
import { FORM } from './bodies.ts';
import { memoryOf } from './process-stat.ts';
import { startServiceProcess } from './service.ts';
import { makeStand } from './stand.ts';
import { wholeNumbers } from './whole-numbers.ts';
import { measure } from './worker.ts';

const DIST = join(import.meta.dirname, '..');
const LOAD = join(DIST, 'bench', 'load.js');
/** Patients who are written through the service; the others are their copies. */
const SEED = 100;
const WARM_UP_SECONDS = 45;

const { responses, each, seconds, connections } = wholeNumbers({
  responses: 100_000,
  each: 20,
  seconds: 15,
  connections: 16,
});

const tell = (line: string): boolean => process.stdout.write(`${line}\n`);

const stand = await makeStand();
const service = await startServiceProcess(join(DIST, 'main.js'), { DATABASE_URL: stand.url });
try {
  const { base, origin, pid } = service;
  tell(
    `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; storing ${SEED * each} responses of ${SEED} patients`,
  );
  await post(base, FORM);
  const patients: string[] = [];
  for (let n = 0; n < SEED; n += 1)
    patients.push(await post(base, { resourceType: 'Patient', birthDate: '1961-05-04' }));
  let next = 0;
  const now = Date.now();
  const write = async (until: { amount: number } | { seconds: number; warmUp?: number }) => {
    const amount = 'amount' in until ? until.amount : undefined;
    const done = await measure(LOAD, {
      origin,
      connections,
      warmUp: 'warmUp' in until ? until.warmUp : 0,
      seconds: 'seconds' in until ? until.seconds : 0,
      ...(amount === undefined ? {} : { amount }),
      post: { path: '/fhir/QuestionnaireResponse', patients, now, from: next, once: false },
    });
    next = done.next;
    return done.measured;
  };
  await write({ amount: SEED * each });
  const copies = Math.max(0, Math.ceil(responses / (SEED * each)) - 1);
  tell(`copying them ${copies} times`);
  const client = await stand.client();
  try {
    await copyPatients(client, copies);
  } finally {
    await client.end();
  }

  const idle = memoryOf(pid)?.now ?? 0;
  const alone = await simulate(base);
  const after = memoryOf(pid)?.now ?? 0;
  tell(
    `simulation alone: ${per(alone.responses, alone.seconds)} stored responses a second (${alone.responses} in ${alone.seconds.toFixed(1)} s)`,
  );
  tell(
    `memory of the service: ${idle.toFixed(0)} MB before, at most ${alone.memory.toFixed(0)} MB in its first half, ${alone.later.toFixed(0)} MB in its second, ${after.toFixed(0)} MB after it`,
  );

  // In turns: a machine that slows down meanwhile slows both.
  const [without, beside] = [[], []] as [number[], number[]];
  const rates: number[] = [];
  await write({ seconds: 1, warmUp: WARM_UP_SECONDS });
  for (let turn = 0; turn < 2; turn += 1) {
    without.push((await write({ seconds })).rate);
    const stop = new AbortController();
    const running = simulateUntil(base, stop.signal);
    beside.push((await write({ seconds })).rate);
    stop.abort();
    rates.push(await running);
  }
  const [a, b] = [mean(without), mean(beside)];
  tell(
    `writers alone: ${a.toFixed(0)} responses a second; beside a simulation: ${b.toFixed(0)} (${((1 - b / a) * 100).toFixed(0)} % fewer)`,
  );
  tell(`simulation beside them: ${mean(rates).toFixed(0)} stored responses a second`);
} finally {
  await service.stop();
  await stand.remove();
}

function mean(all: readonly number[]): number {
  return all.reduce((a, b) => a + b, 0) / Math.max(1, all.length);
}

function per(count: number, time: number): string {
  return (count / Math.max(time, 0.001)).toFixed(0);
}

/** The demonstration with a threshold one lower, over everyone; tells when its first and its last page were done. */
async function simulate(base: string): Promise<{ responses: number; seconds: number; memory: number; later: number }> {
  const url = await begin(base);
  const began = performance.now();
  const seen: number[] = [];
  for (;;) {
    const answer = await fetch(url);
    const text = await answer.text();
    seen.push(memoryOf(service.pid)?.now ?? 0);
    if (answer.status === 200) {
      const half = Math.ceil(seen.length / 2);
      return {
        responses: JSON.parse(text).parameter.find(({ name }: { name: string }) => name === 'responses').valueInteger,
        seconds: (performance.now() - began) / 1000,
        memory: Math.max(...seen.slice(0, half)),
        later: Math.max(...seen.slice(half - 1)),
      };
    }
    if (answer.status !== 202) throw new Error(text);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** One simulation after the other until the signal; gives how many stored responses a second were judged, by the patients that were done. */
async function simulateUntil(base: string, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  let done = 0;
  while (!signal.aborted) {
    const url = await begin(base);
    let last = 0;
    let ended = false;
    while (!signal.aborted && !ended) {
      const answer = await fetch(url);
      await answer.text();
      last = Number(/^(\d+) of/.exec(answer.headers.get('x-progress') ?? '')?.[1] ?? last);
      ended = answer.status !== 202;
      if (!ended) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    done += ended ? Math.ceil(responses / each) : last;
    if (!ended) await fetch(url, { method: 'DELETE' });
  }
  return (done * each) / ((performance.now() - began) / 1000);
}

async function begin(base: string): Promise<string> {
  const plan: PlanDefinition = JSON.parse(
    readFileSync(join(DIST, '..', 'profiles/policies/demonstration.json'), 'utf8'),
  );
  const text = JSON.stringify({ ...plan, version: '99', status: 'draft' }).replaceAll(
    '%finding.min >= 3',
    '%finding.min >= 2',
  );
  const answer = await fetch(`${base}/PlanDefinition/$simulate`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', prefer: 'respond-async' },
    body: JSON.stringify({
      resourceType: 'Parameters',
      parameter: [{ name: 'policy', resource: JSON.parse(text) }],
    }),
  });
  if (answer.status !== 202) throw new Error(await answer.text());
  return answer.headers.get('content-location') ?? '';
}

/** Copies of all patients with their reports and what stands of their Flags, under ids of their own, spread over the shards. */
async function copyPatients(client: pg.Client, copies: number): Promise<void> {
  const shard = (of: string): string => `((${of}.shard + k * 97) % 32768)::int2`;
  const statements = [
    `insert into patient_state (tenant, shard, patient, n, state)
     select tenant, ${shard('p')}, patient || '-' || k, p.n, state from patient_state p, generate_series(1, $1::int) k`,
    `insert into report (tenant, shard, patient, source_type, source_id, at, content)
     select tenant, ${shard('r')}, patient || '-' || k, source_type, source_id, at, content from report r, generate_series(1, $1::int) k`,
    `insert into episode (tenant, shard, patient, flag_id, version, term, origin, status, started, ended, signature)
     select tenant, ${shard('e')}, patient || '-' || k, flag_id || '-' || k, version, term, origin, status, started, ended, signature
     from episode e, generate_series(1, $1::int) k`,
    `insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
     select tenant, ${shard('v')}, type, id || '-' || k, version, ts, deleted, content
     from resource_version v, generate_series(1, $1::int) k where type = 'Patient'`,
    `insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, code1, lo, hi, patient, present, registry, tok)
     select tenant, ${shard('c')}, type, id || '-' || k, version, ts, deleted, derived, key1, code1, lo, hi, patient || '-' || k, present, registry, tok
     from resource_current c, generate_series(1, $1::int) k where type = 'Patient'`,
  ];
  for (const statement of statements) await client.query(statement, [copies]);
  await client.query('analyze');
}

async function post(base: string, resource: Questionnaire | Patient): Promise<string> {
  const answer = await fetch(`${base}/${resource.resourceType}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`POST ${resource.resourceType} answers ${answer.status}: ${text}`);
  return JSON.parse(text).id;
}
