import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
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

/** Other releases of Node that the corpus is made again by: paths of their programs, parted as those of PATH are. */
const OTHERS = (process.env.OTHER_NODES ?? '').split(delimiter).filter(Boolean);

/** What `golden-process.ts` tells. */
interface Told {
  node: string;
  zone: number;
  told: { file: string; outcome: string; digest: string }[];
}

t.test('also in a fresh process, whatever its time zone and release of Node', async (t) => {
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
  const toldBy = async (node: string, zone: string): Promise<Told> => {
    // What was set for this Node another may not know.
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const { stdout } = await promisify(execFile)(node, [program], { env: { ...env, TZ: zone } });
    return JSON.parse(stdout);
  };
  const nodes = [process.execPath, ...OTHERS];
  const releases = new Set<string>();
  for (const node of nodes) {
    await Promise.all(
      zones.map(async ([zone, offset]) => {
        const { node: release, told, zone: minutes } = await toldBy(node, zone);
        const name = `Node ${release}, ${zone}`;
        releases.add(release);
        t.equal(minutes, offset, `${name} was heeded`);
        t.same(
          told.map(({ file }) => file),
          [...files].sort(),
          name,
        );
        for (const { file, outcome, digest } of told) {
          t.equal(outcome, 'equal', `${name}: ${file}`);
          t.equal(digest, read(file).digest, `${name}: ${file}`);
        }
      }),
    );
  }
  // The same Node under two names would show nothing.
  t.equal(releases.size, nodes.length, `releases: ${[...releases].join(', ')}`);
});

const named = { skip: OTHERS.length === 0 && 'OTHER_NODES names no other release of Node: only this one was run' };

t.test('other releases of Node were asked', named, async (t) => {
  for (const node of OTHERS) t.ok(existsSync(node), node);
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
