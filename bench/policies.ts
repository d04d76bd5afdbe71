/**
 * The whole write path with many policies against the demonstration policy alone: services side by side, each with a database of its own, asked in
 * turns with the same responses. Run by `npm run bench:policies`; asked for: with all policies active at most 25 % slower.
 */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Patient, PlanDefinition, Questionnaire } from '@medplum/fhirtypes';
import { FORM } from './bodies.ts';
import { type Measured, together } from './measured.ts';
import { ACTIVE, DEMONSTRATION, EVERYTHING } from './policy-sets.ts';
import { type ServiceProcess, startServiceProcess } from './service.ts';
import { makeStand, type Stand } from './stand.ts';
import { wholeNumbers } from './whole-numbers.ts';
import { measure } from './worker.ts';

const DIST = join(import.meta.dirname, '..');
const PATIENTS = 200;
const WARM_UP = 4;
const WARM_UP_FIRST = 30;
/** How much longer a response may take with all policies that ship and are active. The last set opens Flags for whatever is said, and is told for what it costs. */
const MOST = 1.25;

const { turns, seconds, connections } = wholeNumbers({ turns: 4, seconds: 10, connections: 16 });

const SETS: readonly [name: string, plans: readonly PlanDefinition[]][] = [
  ['the demonstration alone', DEMONSTRATION],
  ['all that ship and are active', ACTIVE],
  ['these, the drafts filled in, and the ten worked ones', EVERYTHING],
];

interface Side {
  name: string;
  plans: readonly PlanDefinition[];
  stand: Stand;
  service: ServiceProcess;
  patients: readonly string[];
  from: number;
  measured: Measured[];
}

const tell = (line: string): boolean => process.stdout.write(`${line}\n`);
const now = Date.now();
const sides: Side[] = [];
const stands: Stand[] = [];
const services: ServiceProcess[] = [];
try {
  tell(
    `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; ${turns} turns of ${seconds} s, ${connections} connections`,
  );
  for (const [name, plans] of SETS) sides.push(await sideWith(name, plans));
  for (let turn = 0; turn < turns; turn += 1) for (const side of sides) await take(side, turn === 0);
  const [alone] = sides;
  for (const { name, plans, measured } of sides) {
    const { rate, p50, p99, cpu, failures } = together(measured);
    const slower = (together(alone?.measured ?? measured).rate / rate - 1) * 100;
    tell(
      `${name}, ${plans.length} policies: ${rate.toFixed(0)}/s, p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms, CPU ms ` +
        `${cpu?.service?.toFixed(2)} + ${cpu?.database?.toFixed(2)}; ${slower.toFixed(0)} % slower than the first${Object.keys(failures).length > 0 ? `; NOT AS EXPECTED: ${JSON.stringify(failures)}` : ''}`,
    );
    const isTooSlow = plans === ACTIVE && slower > (MOST - 1) * 100;
    if (isTooSlow || Object.keys(failures).length > 0) process.exitCode = 1;
  }
} finally {
  for (const service of services) await service.stop();
  for (const stand of stands) await stand.remove();
}

/** A service that has these policies active, and no others. */
async function sideWith(name: string, plans: readonly PlanDefinition[]): Promise<Side> {
  const stand = await makeStand();
  stands.push(stand);
  const service = await startServiceProcess(join(DIST, 'main.js'), { DATABASE_URL: stand.url, DEMO_POLICY: '0' });
  services.push(service);
  for (const plan of plans) await send(service, { ...plan, status: 'active' });
  await send(service, FORM);
  const patients: string[] = [];
  for (let n = 0; n < PATIENTS; n += 1) {
    patients.push(
      await send(service, { resourceType: 'Patient', gender: n % 2 ? 'male' : 'female', birthDate: '1961-05-04' }),
    );
  }
  return { name, plans, stand, service, patients, from: 0, measured: [] };
}

async function take(side: Side, isFirst: boolean): Promise<void> {
  const { patients, from, service, stand } = side;
  const done = await measure(
    join(DIST, 'bench', 'load.js'),
    {
      origin: service.origin,
      connections,
      warmUp: isFirst ? WARM_UP_FIRST : WARM_UP,
      seconds,
      post: { path: '/fhir/QuestionnaireResponse', patients, now, from, once: false },
    },
    { service: service.pid, ...(stand.postmaster === undefined ? {} : { database: stand.postmaster }) },
  );
  side.from = done.next;
  side.measured.push(done.measured);
}

async function send({ base }: ServiceProcess, resource: PlanDefinition | Questionnaire | Patient): Promise<string> {
  const { id, ...rest } = resource;
  const url = `${base}/${resource.resourceType}`;
  const headers = { 'content-type': 'application/fhir+json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(rest) });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`POST ${url} answers ${response.status}: ${text}`);
  return JSON.parse(text).id;
}
