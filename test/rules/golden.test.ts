import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import t from 'tap';
import { type Golden, replayGolden } from '../support/golden.ts';

const FOLDER = 'test/golden';
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

const read = (file: string): Golden => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));

t.test('every record of the corpus comes out again, byte for byte', async (t) => {
  t.ok(files.length >= 30, `${files.length} records`);
  for (const file of files) {
    const golden = read(file);
    t.match(replayGolden(golden), { outcome: 'equal', isSame: true, differences: [], engine: [] }, golden.name);
  }
});

t.test('also in a fresh process, whatever its time zone', async (t) => {
  const folder = mkdtempSync(join(resolve('dist'), 'golden-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'replay.mjs');
  await build({
    entryPoints: ['test/support/golden-process.ts'],
    outfile: program,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const zones: [zone: string, offset: number][] = [
    ['Pacific/Apia', -780],
    ['America/St_Johns', 210],
    ['Asia/Kathmandu', -345],
  ];
  await Promise.all(
    zones.map(async ([zone, offset]) => {
      const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { ...process.env, TZ: zone } });
      const { told, zone: minutes }: { told: { file: string; outcome: string }[]; zone: number } = JSON.parse(stdout);
      t.equal(minutes, offset, `${zone} was heeded`);
      t.equal(told.length, files.length);
      t.same(
        told.filter(({ outcome }) => outcome !== 'equal'),
        [],
        zone,
      );
    }),
  );
});

t.test('each thing that a record rests on is missed where it is another', async (t) => {
  const golden = read(files.find((file) => file.startsWith('an-episode')) ?? '');
  const [reference = ''] = Object.keys(golden.reports);
  const changed: [name: string, golden: Golden, path: string][] = [
    ['the record, under the same digest', { ...golden, record: { ...golden.record, baseline: true } }, 'digest'],
    ['the digest', { ...golden, digest: '0'.repeat(64) }, 'digest'],
    ['a policy that is gone', { ...golden, policies: [] }, '/policies/0'],
    ['a report that is gone', { ...golden, reports: {} }, 'source'],
    [
      'an answer of the report',
      {
        ...golden,
        reports: {
          ...golden.reports,
          [reference]: JSON.parse(
            JSON.stringify(golden.reports[reference]).replace(/"code":"(frequency|severity)-\d"/, '"code":"$1-2"'),
          ),
        },
      },
      '/terms/',
    ],
  ];
  for (const [name, other, path] of changed) {
    const { outcome, differences } = replayGolden(other);
    t.equal(outcome, 'differs', name);
    t.ok(
      differences.some((one) => one.path.startsWith(path)),
      `${name}: ${JSON.stringify(differences)}`,
    );
  }
});
