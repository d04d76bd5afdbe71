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
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type FinalResults, Parser } from 'tap-parser';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist', `test-${process.pid}`);
const AT_ONCE = 2;

interface Group {
  name: string;
  files: string[];
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Groups are the folders of `test/`; files directly in it are one group each, since they start processes of their own. */
function groups(prefixes: readonly string[]): Group[] {
  const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .filter((file) => prefixes.length === 0 || prefixes.some((prefix) => file.startsWith(prefix.replace(/^\.\//, ''))))
    .sort();
  const byName = new Map<string, Group>();
  for (const file of all) {
    const parts = file.split('/');
    const name = parts.length > 2 ? `${parts[1]}` : file.replace(/^test\/|\.test\.ts$/g, '');
    const group = byName.get(name) ?? { name, files: [] };
    group.files.push(file);
    byName.set(name, group);
  }
  return [...byName.values()];
}

async function bundle(list: readonly Group[]): Promise<void> {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const { name, files } of list) {
    writeFileSync(
      join(OUT, `${name}.entry.ts`),
      files.map((file) => `import ${JSON.stringify(join(ROOT, file))};\n`).join(''),
    );
  }
  await build({
    entryPoints: list.map(({ name }) => join(OUT, `${name}.entry.ts`)),
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
}

function run(group: Group, env: NodeJS.ProcessEnv): Promise<Tally> {
  return new Promise((resolve) => {
    const started = Date.now();
    const child: ChildProcess = spawn(
      process.execPath,
      ['--enable-source-maps', join(OUT, `${group.name}.entry.mjs`)],
      {
        cwd: ROOT,
        env: { ...process.env, ...env, TAP_TIMEOUT: '0', NODE_NO_WARNINGS: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
    const watch = (parser: Parser, path: string) => {
      parser.on('child', (inner: Parser) => watch(inner, path ? `${path} > ${inner.name}` : inner.name));
      parser.on('assert', (result) => {
        // A subtest's own line repeats what its assertions said; only an empty one speaks for itself.
        if (result.ok && !result.skip && !result.todo) return;
        if (result.skip || result.todo) return;
        console.log(`\nFAILED ${group.name}: ${path} > ${result.name}`);
        if (result.diag) console.log(JSON.stringify(result.diag, null, 1));
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
    const leaves = new Parser();
    countLeaves(leaves, tally);
    parser.on('complete', (results: FinalResults) => {
      final = results;
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      parser.write(chunk);
      leaves.write(chunk);
    });
    child.on('close', (code, signal) => {
      parser.end();
      leaves.end();
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

/** Counts assertions that are not the closing line of a subtest. */
function countLeaves(parser: Parser, tally: Tally): void {
  let lastChild = false;
  parser.on('child', (inner: Parser) => {
    lastChild = true;
    countLeaves(inner, tally);
  });
  parser.on('assert', (result) => {
    const closesSubtest = lastChild;
    lastChild = false;
    if (result.skip || result.todo) tally.skipped += 1;
    else if (!result.ok) tally.failed += closesSubtest ? 0 : 1;
    else if (!closesSubtest) tally.passed += 1;
  });
}

const list = groups(process.argv.slice(2));
if (list.length === 0) {
  console.error('no test file matches');
  process.exit(2);
}
await bundle(list);
const scratch = mkdtempSync(join(tmpdir(), 'vigie-test-'));
// As root the server runs as an account that has to pass through here.
chmodSync(scratch, 0o711);
let stop = async (): Promise<void> => {};
let url = process.env.TEST_DATABASE_URL;
if (!url && existsSync(join(ROOT, 'src/embedded.ts'))) {
  const { startEmbedded } = await import('../src/embedded.ts');
  const server = await startEmbedded({ dataDir: join(scratch, 'data'), log: () => {} });
  url = server.url;
  stop = server.stop;
}
const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const queue = [...list];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let group = queue.shift(); group; group = queue.shift()) {
      const tally = await run(group, url ? { TEST_DATABASE_URL: url } : {});
      total.passed += tally.passed;
      total.failed += tally.failed;
      total.skipped += tally.skipped;
    }
  }),
);
await stop();
rmSync(scratch, { recursive: true, force: true });
rmSync(OUT, { recursive: true, force: true });
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);
