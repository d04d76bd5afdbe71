/**
 * The bench: what the service does per second, beside what `pg` and Fastify alone do with the same rows and bytes in the same run.
 * How to read it: docs/performance.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Bundle, Patient, Questionnaire } from '@medplum/fhirtypes';
import type pg from 'pg';
import { FORM, pulses } from './bodies.ts';
import { diskPerResponse, readDisk } from './disk.ts';
import { type Measured, median, together } from './measured.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { memoryOf } from './process-stat.ts';
import { bareRead, newestOf, type ReadRow, readRows } from './rows.ts';
import { type ServiceProcess, startServiceProcess } from './service.ts';
import { makeStand, type Stand } from './stand.ts';
import { diskFigures, type Figure, failures, type Row, tables } from './table.ts';
import { measure, startWorker, type Watched } from './worker.ts';
import { fillWorklist, worklistRow } from './worklist.ts';

const DIST = join(import.meta.dirname, '..');
const MAIN = join(DIST, 'main.js');
const fileOf = (name: string): string => join(DIST, 'bench', `${name}.js`);

const WARM_UP = 4;
/** The write path is long: V8 has compiled what is hot of it after some 5,000 responses (docs/performance.md), and a service runs for weeks. */
const WARM_UP_POST = 45;
const STARTS = 3;

async function bench(options: BenchOptions): Promise<{ rows: Row[]; figures: Figure[] }> {
  const rows: Row[] = [];
  const figures: Figure[] = [];
  const wanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const stand = await makeStand();
  let service: ServiceProcess | undefined;
  const start = async (env: Record<string, string>): Promise<ServiceProcess> => {
    service = await startServiceProcess(MAIN, env);
    return service;
  };
  try {
    const env = { DATABASE_URL: stand.url };
    const filled = await fill(stand, await start(env), options);
    figures.push(...filled.figures);
    if (wanted('transaction') && service) await storeTransactions(service, filled);
    await service?.stop();
    if (wanted('worklist')) await withClient(stand, fillWorklist);
    await stand.copy();
    if (wanted('start')) figures.push(await warmStart('with an external PostgreSQL', start, env));

    const running = await start(env);
    const watched: Watched = {
      service: running.pid,
      ...(stand.postmaster === undefined ? {} : { database: stand.postmaster }),
    };
    const idle = memoryOf(running.pid);
    const client = await stand.client();
    const reads = (await readRows(client, filled.patients)).filter(({ name }) => wanted(name));
    await client.end();
    if (wanted('worklist')) reads.push(await worklistRow(running.origin));
    const answers = await recorded(running.origin, reads);
    const parts: Parts = { options, stand, watched, origin: running.origin, answers };
    for (const row of reads) rows.push(await readRow(parts, row));
    const posts: Row[] = [];
    let next = options.rows;
    for (const once of [false, true]) {
      if (!wanted(once ? 'post-once' : 'post')) continue;
      const done = await postRow(parts, { patients: filled.patients, now: filled.now, from: next, once });
      next = done.next;
      posts.push(done.row);
    }
    if (wanted('workers')) {
      const done = await workersRows(parts, env, { patients: filled.patients, now: filled.now, from: next });
      next = done.next;
      posts.push(...done.rows);
      figures.push(done.figure);
    }
    rows.unshift(...posts);
    if (wanted('transaction')) rows.push(await transactionRow(parts, filled));
    if (wanted('paging')) figures.push(await pagingFigure(parts));
    if (wanted('many')) rows.push(await manyRow(parts, running.base));
    const loaded = memoryOf(running.pid);
    if (idle && loaded) {
      figures.push(
        {
          title: 'memory of the service after its start',
          value: `${Math.round(idle.now)} MB`,
          goal: '<= 150 MB',
          met: idle.now <= 150,
        },
        { title: 'highest memory under load', value: `${Math.round(loaded.highest)} MB`, goal: '' },
      );
    }
    await running.stop();
    if (wanted('cold')) {
      await stand.stopServer();
      figures.push(await coldFigure(await start({ DATA_DIR: stand.dataDir }), filled.patients));
      await service?.stop();
    }
    if (wanted('start')) {
      await stand.stopServer();
      figures.unshift(await warmStart('with the embedded PostgreSQL', start, { DATA_DIR: stand.dataDir }));
    }
  } finally {
    await service?.stop();
    await stand.remove();
  }
  return { rows, figures };
}

async function withClient(stand: Stand, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = await stand.client();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

interface Filled {
  patients: string[];
  now: number;
  figures: Figure[];
}

/** The form, the patients and their first responses, all through the service; tells what they take on disk. */
async function fill(stand: Stand, { origin, base }: ServiceProcess, options: BenchOptions): Promise<Filled> {
  tell(`storing ${options.rows} responses of ${options.patients} patients`);
  await post(base, FORM);
  const patients: string[] = [];
  for (let i = 0; i < options.patients; i += 1) {
    const birthDate = `19${40 + (i % 50)}-0${1 + (i % 9)}-11`;
    patients.push(await post(base, { resourceType: 'Patient', gender: i % 2 ? 'male' : 'female', birthDate }));
  }
  const client = await stand.client();
  const before = await readDisk(client);
  const now = Date.now();
  const job = { origin, connections: options.connections, warmUp: 0, seconds: 0, amount: options.rows };
  const { measured } = await measure(fileOf('load'), {
    ...job,
    post: { path: '/fhir/QuestionnaireResponse', patients, now, from: 0, once: false },
  });
  if (measured.count !== options.rows) throw new Error(`Storing failed: ${JSON.stringify(measured.failures)}`);
  const figures = diskFigures(diskPerResponse(before, await readDisk(client), options.rows));
  await client.end();
  return { patients, now, figures };
}

interface Parts {
  options: BenchOptions;
  stand: Stand;
  watched: Watched;
  origin: string;
  answers: Readonly<Record<string, string>>;
}

async function readRow(parts: Parts, { title, goal, least, most, paths, late }: ReadRow): Promise<Row> {
  const { options, watched } = parts;
  tell(title);
  const connections = most === undefined ? options.connections : 1;
  const job = { connections, warmUp: WARM_UP, seconds: options.seconds };
  const { measured } = await measure(fileOf('load'), { ...job, origin: parts.origin, get: paths }, watched);
  if (most !== undefined) return { title, service: measured, goal, met: measured.p99 < most };
  return {
    title,
    service: measured,
    ...(late ? {} : { pg: await barePg(parts, { read: bareRead(paths.map((path) => parts.answers[path] ?? '')) }) }),
    http: await bareHttp(parts, { get: paths }),
    goal,
    ...(least === undefined ? {} : { met: measured.rate >= least }),
  };
}

async function postRow(
  parts: Parts,
  post: { patients: readonly string[]; now: number; from: number; once: boolean },
): Promise<{ row: Row; next: number }> {
  const title = `POST QuestionnaireResponse, full pipeline${post.once ? ', If-None-Exist' : ''}`;
  tell(title);
  const { options, watched, origin } = parts;
  const { connections, seconds } = options;
  const send = { path: '/fhir/QuestionnaireResponse', ...post };
  let next = post.from;
  const slice = async (warmUp: number): Promise<Measured> => {
    const job = { connections, seconds, warmUp, origin, post: { ...send, from: next } };
    const done = await measure(fileOf('load'), job, watched);
    next = done.next;
    return done.measured;
  };
  if (post.once) return { row: { title, service: await slice(WARM_UP), goal: '' }, next };
  const service: Measured[] = [];
  const pg: Measured[] = [];
  const http: Measured[] = [];
  for (let turn = 0; turn < options.turns; turn += 1) {
    service.push(await slice(turn === 0 ? WARM_UP_POST : WARM_UP));
    pg.push(await barePg(parts, {}));
    http.push(await bareHttp(parts, { post: { ...send, from: 0 } }));
  }
  const row: Row = {
    title,
    service: together(service),
    pg: together(pg),
    http: together(http),
    goal: '>= 45 % of pg, p99 < 80 ms',
  };
  row.met = row.service.rate >= 0.45 * (row.pg?.rate ?? 0) && row.service.p99 < 80;
  return { row, next };
}

/**
 * The write path with one process and with two, in turns: both services run side by side on one database, and each is asked while the other
 * idles, so that a machine that slows down meanwhile slows both.
 */
async function workersRows(
  parts: Parts,
  env: Record<string, string>,
  post: { patients: readonly string[]; now: number; from: number },
): Promise<{ rows: Row[]; figure: Figure; next: number }> {
  const title = (processes: string): string => `POST QuestionnaireResponse, ${processes}`;
  tell(title('one process and two in turns'));
  const { options, stand } = parts;
  const { connections, seconds } = options;
  // As many connections to the database in all as the one process has.
  const two = await startServiceProcess(MAIN, { ...env, WORKERS: '2', DB_CONNECTIONS: '5' });
  try {
    const services = [
      { origin: parts.origin, pid: parts.watched.service, measured: [] as Measured[] },
      { origin: two.origin, pid: two.pid, measured: [] as Measured[] },
    ];
    let next = post.from;
    for (let turn = 0; turn < options.turns; turn += 1) {
      for (const { origin, pid, measured } of services) {
        const send = { path: '/fhir/QuestionnaireResponse', once: false, ...post, from: next };
        const watched: Watched = {
          ...(pid === undefined ? {} : { service: pid }),
          ...(stand.postmaster === undefined ? {} : { database: stand.postmaster }),
        };
        const warmUp = turn === 0 ? WARM_UP_POST : WARM_UP;
        const done = await measure(fileOf('load'), { connections, seconds, warmUp, origin, post: send }, watched);
        next = done.next;
        measured.push(done.measured);
      }
    }
    const [alone, both] = services.map(({ measured }) => together(measured));
    if (!alone || !both) throw new Error('two services were measured');
    return {
      rows: [
        { title: title('one process'), service: alone, goal: '' },
        { title: title('two processes (WORKERS=2)'), service: both, goal: '' },
      ],
      figure: {
        title: 'POST QuestionnaireResponse, two processes against one, on the cores that they share with the database',
        value: `${((100 * both.rate) / alone.rate).toFixed(0)} %`,
        goal: '',
      },
      next,
    };
  } finally {
    await two.stop();
  }
}

/** Transactions that `pg` alone repeats in the copy of the database; those that are measured come after them. */
const TRANSACTIONS = 200;

async function storeTransactions({ origin }: ServiceProcess, { patients, now }: Filled): Promise<void> {
  const post = { path: '/fhir', patients, now, from: 0, once: false, transaction: true };
  const job = { origin, connections: 4, warmUp: 0, seconds: 0, amount: TRANSACTIONS, post };
  const { measured } = await measure(fileOf('load'), job);
  if (measured.count !== TRANSACTIONS) throw new Error(`Storing failed: ${JSON.stringify(measured.failures)}`);
}

/** Transactions of fifteen resources. */
async function transactionRow(parts: Parts, { patients, now }: Filled): Promise<Row> {
  const title = 'POST transaction of 15 Observations';
  tell(title);
  const { options, watched, origin } = parts;
  const { connections, seconds } = options;
  const post = { path: '/fhir', patients, now, from: 0, once: false, transaction: true };
  let next = TRANSACTIONS;
  const service: Measured[] = [];
  const pg: Measured[] = [];
  for (let turn = 0; turn < options.turns; turn += 1) {
    const warmUp = turn === 0 ? WARM_UP_POST : WARM_UP;
    const job = { connections, seconds, warmUp, origin, post: { ...post, from: next } };
    const done = await measure(fileOf('load'), job, watched);
    next = done.next;
    service.push(done.measured);
    pg.push(await barePg(parts, { transaction: true }));
  }
  const measured = together(service);
  return {
    title,
    service: measured,
    pg: together(pg),
    http: await bareHttp(parts, { post }),
    goal: '>= 300/s',
    met: measured.rate >= 300,
  };
}

/**
 * Whether the service takes more and more memory while a client pages through every Observation: the highest of the second half of the pages
 * against the highest of the first. Within each V8 lets the heap grow until it collects all of it, which is not a trend.
 */
async function pagingFigure({ origin, watched }: Parts): Promise<Figure> {
  tell('paging through every Observation');
  const resident: number[] = [];
  for (let next: string | undefined = `${origin}/fhir/Observation?_count=200`; next; ) {
    const response = await fetch(next);
    if (!response.ok) throw new Error(`A page answers ${response.status}`);
    const bundle = (await response.json()) as Pick<Bundle, 'link'>; // what was asked for
    next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    resident.push(watched.service === undefined ? 0 : (memoryOf(watched.service)?.now ?? 0));
  }
  const half = Math.ceil(resident.length / 2);
  const [first, second] = [Math.max(...resident.slice(0, half)), Math.max(0, ...resident.slice(half))];
  return {
    title: `memory while paging through everything, ${resident.length} pages: highest of the first half, of the second`,
    value: `${Math.round(first)} MB, ${Math.round(second)} MB`,
    goal: 'flat (+ 20 % at most)',
    met: second <= first * 1.2,
  };
}

/** One patient with far more than others: a device that measures every quarter of an hour for a year and a half. */
const MANY = 50_000;
/** Of one transaction, whose body may have 1 MiB. */
const AT_ONCE = 1000;

async function manyRow(parts: Parts, base: string): Promise<Row> {
  tell(`storing ${MANY} Observations of one patient`);
  const patient = await post(base, { resourceType: 'Patient', gender: 'female', birthDate: '1950-01-01' });
  const now = Date.now();
  for (let from = 0; from < MANY; from += AT_ONCE) {
    const response = await fetch(base, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json', prefer: 'return=minimal' },
      body: pulses(patient, now, from, AT_ONCE),
    });
    if (!response.ok) throw new Error(`A transaction answers ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
  const day = new Date(now - 86_400_000).toISOString().slice(0, 10);
  const search = `/fhir/Observation?patient=Patient/${patient}&code=http://loinc.org|8867-4`;
  const row: ReadRow = {
    name: 'many',
    title: `GET the 20 newest of ${MANY.toLocaleString('en')} Observations of one patient`,
    goal: '',
    late: true,
    paths: [`${search}&_sort=-date&_count=20`, `${search}&date=ge${day}&_sort=-date&_count=20`],
  };
  return readRow({ ...parts, answers: await recorded(parts.origin, [row]) }, row);
}

/** What the first search of each patient takes after the database was started anew, asked one after the other. */
async function coldFigure({ origin }: ServiceProcess, patients: readonly string[]): Promise<Figure> {
  tell('searches with a cold cache');
  const dropped = dropCaches();
  const times: number[] = [];
  for (const path of newestOf(patients)) {
    const began = performance.now();
    const response = await fetch(origin + path);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(0);
  return {
    title: `first search of each of ${patients.length} patients after a restart of the database${dropped ? ", nothing in the system's cache" : ''}`,
    value: `median ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`,
    goal: '',
  };
}

/** Empties the system's cache of files, where we may. */
function dropCaches(): boolean {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

async function barePg({ options, stand, watched }: Parts, work: object): Promise<Measured> {
  const { database } = watched;
  const job = {
    url: stand.copyUrl,
    connections: options.connections,
    warmUp: WARM_UP,
    seconds: options.seconds,
    ...work,
  };
  const watch = { self: true, ...(database === undefined ? {} : { database }) };
  return (await measure(fileOf('bare-pg'), job, watch)).measured;
}

async function bareHttp({ options, stand, watched, answers }: Parts, work: object): Promise<Measured> {
  const child = startWorker(fileOf('bare-http'));
  const listening = new Promise<string>((resolve) => {
    child.once('message', (message: { origin: string }) => resolve(message.origin));
  });
  child.send({ answers, url: stand.copyUrl });
  const origin = await listening;
  const { database } = watched;
  const job = { origin, connections: options.connections, warmUp: WARM_UP, seconds: options.seconds, ...work };
  const watch = {
    ...(child.pid === undefined ? {} : { service: child.pid }),
    ...(database === undefined ? {} : { database }),
  };
  const { measured } = await measure(fileOf('load'), job, watch);
  child.disconnect();
  return measured;
}

/** What the service answers to each path, for Fastify alone to answer the same. */
async function recorded(origin: string, reads: readonly ReadRow[]): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const path of reads.flatMap(({ paths }) => paths)) {
    const response = await fetch(origin + path);
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    answers[path] = await response.text();
  }
  return answers;
}

/** The median of a few starts on a database that holds data. */
async function warmStart(
  what: string,
  start: (env: Record<string, string>) => Promise<ServiceProcess>,
  env: Record<string, string>,
): Promise<Figure> {
  tell(`warm start ${what}`);
  const times: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    const service = await start(env);
    times.push(service.readyAfter);
    await service.stop();
  }
  const middle = median(times);
  return {
    title: `warm start to ready ${what}`,
    value: `${(middle / 1000).toFixed(2)} s`,
    goal: '< 2 s',
    met: middle < 2000,
  };
}

async function post(base: string, resource: Questionnaire | Patient): Promise<string> {
  const response = await fetch(`${base}/${resource.resourceType}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`POST ${resource.resourceType} answers ${response.status}: ${text}`);
  return JSON.parse(text).id;
}

/** Puts `text` between the marks of a Markdown file. */
function writeInto(file: string, text: string): void {
  const before = readFileSync(file, 'utf8');
  const marks = /(<!-- measured -->\n)[\s\S]*(<!-- end of measured -->)/;
  if (!marks.test(before)) throw new Error(`${file} has no place for what was measured`);
  writeFileSync(
    file,
    before.replace(marks, (_, from: string, to: string) => `${from}\n${text}\n\n${to}`),
  );
}

const tell = (what: string): void => console.error(`bench: ${what}`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const load = loadavg()[0] ?? 0;
  const began = Date.now();
  const { rows, figures } = await bench(options);
  const text = [
    `${options.connections} connections, ${options.seconds} s per row, ${options.rows} responses of ${options.patients} patients; ` +
      `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}, load average before the run ${load.toFixed(1)}.`,
    '',
    tables(rows, figures),
  ].join('\n');
  console.log(text);
  if (options.write !== undefined) writeInto(options.write, text);
  tell(`took ${Math.round((Date.now() - began) / 1000)} s`);
  const failed = failures(rows);
  for (const line of failed) console.error(`NOT AS EXPECTED: ${line}`);
  if (failed.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof RangeError || error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
});
