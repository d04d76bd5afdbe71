import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import type { Control } from './controls.ts';
import { testsCalled } from './test-names.ts';
import { chosen, type TestRun, verdict } from './verdict.ts';

const control = (id: string, from = 'a', to = 'b'): Control => ({
  id,
  hazard: 'Missed Flag',
  control: 'It holds',
  code: { file: 'src/a.ts', from, to },
  test: { file: 'test/a.test.ts', name: 'it holds' },
});

t.test('controls are chosen by their ids, all without any, and one that there is not is refused', async (t) => {
  const all = [control('S1'), control('S2'), control('S12')];
  t.same(chosen(all, []), all);
  t.same(chosen(all, ['S12', 'S1']), [all[0], all[2]]);
  t.throws(() => chosen(all, ['S1', 'S999']), new RangeError('No control is called S999; there are S1, S2, S12'));
});

t.test('a control that takes nothing out is refused', async (t) => {
  t.throws(() => chosen([control('S1'), control('S2', 'a', 'a')], ['S1']), /^Nothing is taken out by S2/);
  t.ok(chosen([control('S1', 'a', '')], []));
});

t.test('npm run test:safety with an id that there is not says so at once, with exit code 2', async (t) => {
  const run = promisify(execFile)(process.execPath, ['--import', 'tsx', 'test/safety/mutate.ts', 'S999']);
  await t.rejects(run, { code: 2, stdout: '', stderr: /^No control is called S999; there are S1, S2, / });
});

const PASSED: TestRun = { passed: true, said: 'rules: 12 passed, 0 failed, 0 skipped (1.0 s)\n12 passed, 0 failed\n' };
const failed = (...lines: string[]): TestRun => ({
  passed: false,
  said: lines.map((line) => `\n${line}\n{\n "at": "it holds"\n}\n`).join(''),
});

const verdicts: [name: string, whole: TestRun, without: TestRun, expected: string][] = [
  ['an assertion of the named test', PASSED, failed('FAILED rules: it holds > should be equal'), 'caught'],
  ['of it as a subtest', PASSED, failed('FAILED routes-1: outer > it holds > should be equal'), 'caught'],
  ['a subtest of it', PASSED, failed('FAILED rules: it holds > inner > should be equal'), 'caught'],
  ['the named test itself', PASSED, failed('FAILED rules:  > it holds'), 'caught'],
  ['nothing', PASSED, PASSED, 'NOT CAUGHT'],
  ['another test', PASSED, failed('FAILED rules: other > should be equal'), 'caught by another test only'],
  [
    'a test whose name begins so',
    PASSED,
    failed('FAILED rules: it holds, though late > should be equal'),
    'caught by another test only',
  ],
  ['no line at all', PASSED, { passed: false, said: 'Build failed' }, 'NOT CAUGHT: without it nothing could be run'],
  [
    'the named test, which fails with it too',
    failed('FAILED rules: it holds > should be equal'),
    failed('FAILED rules: it holds > should be equal'),
    'NOT CAUGHT: its test file fails with the control in place',
  ],
  [
    'the named test, while another of its file fails with it',
    failed('FAILED rules: other > should be equal'),
    failed('FAILED rules: it holds > should be equal'),
    'NOT CAUGHT: its test file fails with the control in place',
  ],
];
for (const [name, whole, without, expected] of verdicts) {
  t.test(`without the control there fails ${name}`, async (t) => {
    t.equal(verdict(testsCalled(`t.test('it holds', async () => {});`, 'it holds'), whole, without), expected);
  });
}

t.test('a named test that may be left out catches nothing', async (t) => {
  const named = testsCalled(`t.test('it holds', { skip: true }, async () => {});`, 'it holds');
  t.equal(verdict(named, PASSED, PASSED), 'NOT CAUGHT: the named test does not surely run');
});
