import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { readCommand } from '../../src/cohort/command.ts';
import { START } from '../../src/cohort/entry.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

t.test('what is not said is the cohort of 500 for half a year, at the usual address', async (t) => {
  t.same(readCommand([], NOW), {
    cohort: { patients: 500, weeks: 26, seed: 1, start: START },
    base: 'http://127.0.0.1:8080/fhir',
    connections: 16,
  });
  t.match(readCommand(['--base', 'https://x.example/fhir/', '--out', 'a.ndjson'], NOW), {
    base: 'https://x.example/fhir',
    out: 'a.ndjson',
  });
  t.equal(readCommand(['--help'], NOW), undefined);
});

const faults: [name: string, args: string[], message: RegExp][] = [
  ['no patients', ['--patients', '0'], /--patients takes a whole number from 1/],
  ['too few weeks for what is planted', ['--weeks', '4'], /--weeks takes a whole number from 5/],
  ['half a patient', ['--patients', '1.5'], /--patients/],
  ['a day that is none', ['--start', 'yesterday'], /--start takes a day/],
  ['a month that is none', ['--start', '2025-13-01'], /--start takes a day/],
  ['30 February, which is not 2 March', ['--start', '2025-02-30'], /--start takes a day of the calendar such as 2025-/],
  ['29 February of a year without one', ['--start', '2025-02-29'], /--start takes a day/],
  ['31 April', ['--start', '2025-04-31'], /--start takes a day/],
  ['day 0', ['--start', '2025-02-00'], /--start takes a day/],
  ['a moment of a day', ['--start', '2025-02-03T00:00:00Z'], /--start takes a day/],
  ['reports of the future', ['--start', '2026-11-01'], /would end in the future/],
  ['an option that is not there', ['--what'], /--what/],
];
for (const [name, args, message] of faults) {
  t.test(`refused: ${name}`, async (t) => void t.throws(() => readCommand(args, NOW), { message }));
}

for (const day of ['2024-02-29', '2025-02-28', '2025-03-01', '2025-04-30', '2024-12-31']) {
  t.test(`taken: ${day} as the day of the start`, async (t) => {
    t.equal(readCommand(['--start', day], NOW)?.cohort.start, day);
  });
}

t.test('the last cohort that fits, and one week more', async (t) => {
  const weeks = (count: number): string[] => ['--weeks', String(count), '--start', '2026-01-05'];
  t.ok(readCommand(weeks(38), NOW));
  t.throws(() => readCommand(weeks(39), NOW), /future/);
});

t.test('npm run cohort writes a file, one resource a line, with what was planted beside it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-cohort-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['dist/cohort.js', ...args], { encoding: 'utf8' });
  const out = join(folder, 'cohort.ndjson');
  await run('--patients', '4', '--weeks', '5', '--out', out);
  const resources = lines(out);
  t.equal(resources.filter(({ resourceType }) => resourceType === 'Patient').length, 4);
  t.ok(resources.every(({ resourceType, id }) => resourceType && id));
  const planted = lines(`${out}.planted`);
  t.equal(planted.length, 4);
  for (const { source } of planted) t.ok(resources.some(({ id }) => id === source));
  await t.rejects(run('--weeks', '1'), { code: 2, stderr: /--weeks takes .*\n\nPosts a cohort/s });
  t.match((await run('--help')).stdout, /npm run cohort/);
});

const lines = (file: string): Record<string, string>[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
