/**
 * Shows that each control of docs/safety.md is what keeps its hazard away: takes it out of a copy of the sources, and runs the test that is
 * named for it, which must fail.
 *
 *     npm run test:safety               every control
 *     npm run test:safety -- S3 S7      some of them
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CONTROLS, type Control } from './controls.ts';

const COPIED = ['src', 'test', 'tools', 'profiles', 'migrations', 'docs', 'package.json', 'tsconfig.json', 'README.md'];

const wanted = process.argv.slice(2);
const controls = CONTROLS.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
const folder = mkdtempSync(join(tmpdir(), 'vigie-safety-'));
let survived = 0;
try {
  for (const name of COPIED) cpSync(resolve(name), join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  for (const control of controls) {
    const told = await withoutControl(control);
    if (told !== 'caught') survived += 1;
    console.log(`${control.id} ${told}: ${control.control}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${controls.length - survived} of ${controls.length} controls are missed when they are taken out`);
process.exit(survived > 0 ? 1 : 0);

/** `caught` when the named test failed and the file passes with the control in place. */
async function withoutControl({ code, test }: Control): Promise<string> {
  const file = join(folder, code.file);
  const whole = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    whole.replace(code.from, () => code.to),
  );
  const output = await testRun(test.file);
  writeFileSync(file, whole);
  const failed = output.split('\n').filter((line) => line.startsWith('FAILED'));
  if (failed.some((line) => line.includes(test.name))) return 'caught';
  return failed.length > 0 ? 'caught by another test only' : 'NOT CAUGHT';
}

/** What the tests of a file say, whether they pass or not. */
function testRun(file: string): Promise<string> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(folder, 'tools/test.ts'), file],
      { cwd: folder, maxBuffer: 1e8 },
      (_error, stdout, stderr) => done(`${stdout}${stderr}`),
    );
  });
}
