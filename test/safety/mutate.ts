/**
 * Shows that each control of docs/safety.md is what keeps its hazard away: takes it out of a copy of the sources, and runs the test that is
 * named for it, which must fail, while all tests of that file pass with the control in place.
 *
 *     npm run test:safety               every control
 *     npm run test:safety -- S3 S7      some of them
 *
 * Exit code 1 when one is not missed, 2 when it is asked for one that there is not.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CONTROLS, type Control } from './controls.ts';
import { testsCalled } from './test-names.ts';
import { chosen, type TestRun, verdict } from './verdict.ts';

const COPIED = ['src', 'test', 'tools', 'profiles', 'migrations', 'docs', 'package.json', 'tsconfig.json', 'README.md'];

/** What each test file came to with all controls in place: it is run once. */
const whole = new Map<string, TestRun>();

const controls = wanted(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), 'vigie-safety-'));
let survived = 0;
try {
  for (const name of COPIED) cpSync(resolve(name), join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  for (const control of controls) {
    const told = await shown(control);
    if (told !== 'caught') survived += 1;
    console.log(`${control.id} ${told}: ${control.control}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${controls.length - survived} of ${controls.length} controls are missed when they are taken out`);
process.exit(survived > 0 ? 1 : 0);

function wanted(ids: readonly string[]): readonly Control[] {
  try {
    return chosen(CONTROLS, ids);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** What the test of a control shows: with it, then with the control taken out, which is put back. */
async function shown({ code, test }: Control): Promise<string> {
  const before = whole.get(test.file) ?? (await testRun(test.file));
  whole.set(test.file, before);
  const file = join(folder, code.file);
  const source = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    source.replace(code.from, () => code.to),
  );
  const after = await testRun(test.file);
  writeFileSync(file, source);
  return verdict(testsCalled(readFileSync(join(folder, test.file), 'utf8'), test.name), before, after);
}

function testRun(file: string): Promise<TestRun> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(folder, 'tools/test.ts'), file],
      { cwd: folder, maxBuffer: 1e8 },
      (error, stdout, stderr) => done({ passed: error === null, said: `${stdout}${stderr}` }),
    );
  });
}
