/**
 * Runs the tests: bundles the files of each folder of `test/` into one tap process (a process costs 1-2 s, a file
 * nothing), starts one PostgreSQL for all of them, and closes with the line `N passed, N failed`.
 *
 *     npm test                          everything
 *     npm test -- test/rules            one folder
 *     npm test -- test/rules/policy     files whose path begins so
 *
 * TEST_DATABASE_URL, when set, is used in place of a server of its own.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { type FinalResults, Parser } from 'tap-parser';
import { BRIEF } from '../test/support/node-flags.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist', `test-${process.pid}`);
const AT_ONCE = 4;
const MEMORY = '/dev/shm';
/** Bytes that the databases of a run come to, with room to spare. */
const ROOM = 6 * 2 ** 30;

/** Begun first, the longest before the others, so that all lanes are busy to the end. */
const LONGEST = [
  'save',
  'store',
  'season',
  'crash',
  'embedded',
  'routes',
  'evaluation',
  'fuzz',
  'rules',
  'jobs',
  'fhir',
  'processes',
  'demo',
];
/** Files directly in `test/` that start processes of their own and wait for them. The rest of them share a process. */
const SLOW = new Set(['crash', 'demo', 'embedded', 'processes', 'season']);
/** Folders that are too short to be worth a process, and whose they share. */
const JOINED: Readonly<Record<string, string>> = {
  transaction: 'save',
  journeys: 'evaluation',
  examples: 'fuzz',
  cohort: 'others',
  metrics: 'others',
  safety: 'others',
};
/** Folders that are long enough to be worth more than one process. */
const PARTS: Readonly<Record<string, number>> = { routes: 2 };

/** Young objects, of which one request makes megabytes, are collected less often, and what is kept is first marked when there is much of it. */
const FLAGS = ['--max-semi-space-size=32', '--initial-old-space-size=512', ...BRIEF];

/** What is loaded before the tests of a process. */
const BEFORE = 'before-tests';

/** What makes the databases that all tests begin with copies of, and says their names. */
const TEMPLATES = 'databases-to-copy';

interface Group {
  name: string;
  files: string[];
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Groups are the folders of `test/`, large ones in parts, and the files directly in it. */
function groups(prefixes: readonly string[]): Group[] {
  const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .filter((file) => prefixes.length === 0 || prefixes.some((prefix) => file.startsWith(prefix.replace(/^\.\//, ''))))
    .sort();
  const byName = new Map<string, Group>();
  for (const file of all) {
    const parts = file.split('/');
    const alone = file.replace(/^test\/|\.test\.ts$/g, '');
    const folder = parts.length > 2 ? `${parts[1]}` : SLOW.has(alone) ? alone : 'others';
    const name = JOINED[folder] ?? folder;
    const group = byName.get(name) ?? { name, files: [] };
    group.files.push(file);
    byName.set(name, group);
  }
  return [...byName.values()].sort((a, b) => turnOf(a) - turnOf(b)).flatMap(parted);
}

const turnOf = ({ name }: Group): number => {
  const at = LONGEST.indexOf(name);
  return at < 0 ? LONGEST.length : at;
};

/** The group, or its files dealt out in turn. */
function parted({ name, files }: Group): Group[] {
  const parts = Math.min(PARTS[name] ?? 1, files.length);
  if (parts < 2) return [{ name, files }];
  return Array.from({ length: parts }, (_, part) => ({
    name: `${name}-${part + 1}`,
    files: files.filter((_, at) => at % parts === part),
  }));
}

/** What is bundled, by name: the groups, what stands before each of them, and what makes the databases. */
function writeEntries(list: readonly Group[]): void {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const { name, files } of list) {
    writeFileSync(
      join(OUT, `${name}.entry.ts`),
      [
        ...files.map((file) => `import ${JSON.stringify(join(ROOT, file))};`),
        `import { last } from ${JSON.stringify(join(ROOT, 'test/support/last.ts'))};`,
        'last();',
      ].join('\n'),
    );
  }
  writeFileSync(
    join(OUT, `${TEMPLATES}.entry.ts`),
    `import { databasesToCopy } from ${JSON.stringify(join(ROOT, 'test/support/app.ts'))};\nconsole.log(JSON.stringify(await databasesToCopy()));\n`,
  );
  const before = ['src/navigator.ts', 'test/support/unhooked.ts', 'test/support/gathered.ts'].map(
    (file) => `import ${JSON.stringify(join(ROOT, file))};`,
  );
  writeFileSync(join(OUT, `${BEFORE}.entry.ts`), before.join('\n'));
}

async function bundle(names: readonly string[]): Promise<void> {
  await build({
    entryPoints: names.map((name) => join(OUT, `${name}.entry.ts`)),
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What many groups import is written once: a bundle each came to 76 MB.
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    // The sources lie where the map says.
    sourcesContent: false,
    logLevel: 'warning',
  });
}

function run(group: Group, env: NodeJS.ProcessEnv): Promise<Tally> {
  return new Promise((resolve) => {
    const started = Date.now();
    const program = (name: string): string => join(OUT, `${name}.entry.mjs`);
    const child: ChildProcess = spawn(
      process.execPath,
      [...FLAGS, `--import=${program(BEFORE)}`, program(group.name)],
      {
        cwd: ROOT,
        env: { ...process.env, ...env, TAP_TIMEOUT: '0', NODE_NO_WARNINGS: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
    const watch = (parser: Parser, path: string) => {
      let lastChild = false;
      parser.on('child', (inner: Parser) => {
        lastChild = true;
        watch(inner, path ? `${path} > ${inner.name}` : inner.name);
      });
      parser.on('assert', (result) => {
        // The line that closes a subtest repeats what its assertions said, and is not counted.
        const closesSubtest = lastChild;
        lastChild = false;
        if (result.skip || result.todo) {
          tally.skipped += 1;
          return;
        }
        if (!closesSubtest) tally[result.ok ? 'passed' : 'failed'] += 1;
        if (result.ok) return;
        console.log(`\nFAILED ${group.name}: ${path} > ${result.name}`);
        if (result.diag) console.log(mapped(JSON.stringify(result.diag, null, 1)));
      });
      parser.on('complete', (results: FinalResults) => {
        for (const failure of results.failures) {
          if ('tapError' in failure && failure.tapError)
            console.log(`\nFAILED ${group.name}: ${path}: ${failure.tapError}`);
        }
      });
    };
    const parser = new Parser();
    watch(parser, '');
    let final: FinalResults | undefined;
    parser.on('complete', (results: FinalResults) => {
      final = results;
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      parser.write(chunk);
    });
    child.on('close', (code, signal) => {
      parser.end();
      if ((code !== 0 || final?.ok !== true) && tally.failed === 0) {
        console.log(`\nFAILED ${group.name}: the process ended with ${signal ?? `code ${code}`}`);
        tally.failed += 1;
      }
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(
        `${group.name}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped (${seconds} s)`,
      );
      resolve(tally);
    });
  });
}

/** Places in a bundle, told as places in the sources. To let Node do so costs a tenth of the whole run: tap takes a stack for each assertion. */
function mapped(said: string): string {
  return said.replace(/(?:file:\/\/)?[\w./-]*?([\w-]+(?:\.entry)?\.mjs):(\d+):(\d+)/g, (place, file, line, column) => {
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    return entry && 'originalSource' in entry
      ? `${relative(ROOT, resolve(OUT, entry.originalSource))}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : place;
  });
}

const MAPS = new Map<string, SourceMap>();

/** Nothing for what is no file of the bundles. */
function mapOf(file: string): SourceMap | undefined {
  if (!existsSync(join(OUT, `${file}.map`))) return undefined;
  const map = MAPS.get(file) ?? new SourceMap(JSON.parse(readFileSync(join(OUT, `${file}.map`), 'utf8')));
  MAPS.set(file, map);
  return map;
}

/**
 * Where the databases of a run lie: in memory, where the machine has it to spare. Each is 370 files that live for seconds, and all that is
 * written and synced is thrown away; on disk the files alone cost a twentieth of a run, and seconds to remove.
 */
function placeOfData(): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ROOM && process.availableMemory() >= 2 * ROOM ? MEMORY : tmpdir();
}

/** Where tests write and start their own: beside the databases, where those lie in memory and programs may run there. */
function placeOfFiles(scratch: string): string {
  const [, , , options = ''] = mounts().find(([, place]) => place === MEMORY) ?? [];
  if (!scratch.startsWith(MEMORY) || options.split(',').includes('noexec')) return tmpdir();
  const files = join(scratch, 'files');
  mkdirSync(files);
  // As that of the system: anybody may write, and remove what is his own.
  chmodSync(files, 0o1777);
  return files;
}

const mounts = (): string[][] =>
  existsSync('/proc/mounts')
    ? readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' '))
    : [];

async function startServer(dataDir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const { startEmbedded } = await import('../src/embedded.ts');
  // A hundred small databases that live for seconds: to visit each of them in turn, and to pack each copy's log, is work for nothing.
  const settings = {
    autovacuum_naptime: '1h',
    wal_compression: 'off',
    max_wal_size: '2GB',
    checkpoint_timeout: '30min',
  };
  const { url, stop } = await startEmbedded({ dataDir, log: () => {}, settings });
  return {
    url,
    async stop() {
      const [pid] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
      const stopped = stop();
      // Its data are thrown away: to write them once more takes it twenty seconds.
      process.kill(Number(pid), 'SIGQUIT');
      await stopped;
    },
  };
}

/** What a program among the bundles says. Throws when it fails. */
async function output(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(OUT, `${name}.entry.mjs`)], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  return stdout;
}

const list = groups(process.argv.slice(2));
if (list.length === 0) {
  console.error('no test file matches');
  process.exit(2);
}
const scratch = mkdtempSync(join(placeOfData(), 'vigie-test-'));
// As root the server runs as an account that has to pass through here.
chmodSync(scratch, 0o711);
process.on('exit', () => {
  for (const folder of [scratch, OUT]) rmSync(folder, { recursive: true, force: true });
});
writeEntries(list);
const [own] = await Promise.all([
  process.env.TEST_DATABASE_URL ? undefined : startServer(join(scratch, 'data')),
  bundle([TEMPLATES]),
]);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void (own?.stop() ?? Promise.resolve()).finally(() => process.exit(1)));
}
const url = own?.url ?? process.env.TEST_DATABASE_URL;
// A server of our own ends with all its databases: to drop one costs a checkpoint.
const env = { TEST_DATABASE_URL: url, TMPDIR: placeOfFiles(scratch), ...(own ? { TEST_SERVER: 'own' } : {}) };
const [made] = await Promise.all([output(TEMPLATES, env), bundle([BEFORE, ...list.map(({ name }) => name)])]);
const { all, tables }: { all: string; tables: string } = JSON.parse(made);
const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const queue = [...list];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let group = queue.shift(); group; group = queue.shift()) {
      const tally = await run(group, { ...env, TEST_TEMPLATE_ALL: all, TEST_TEMPLATE_TABLES: tables });
      total.passed += tally.passed;
      total.failed += tally.failed;
      total.skipped += tally.skipped;
    }
  }),
);
if (own) await own.stop();
else {
  const { asAdmin } = await import('../test/support/database.ts');
  for (const name of [all, tables]) await asAdmin(`drop database if exists ${name}`);
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);
