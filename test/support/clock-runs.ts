import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { Test } from 'tap';
import type { ClockProcess } from './clock-process.ts';

/** Bundles the process that does what is due; gives its file, which goes with the test. */
export async function clockProcess(t: Test): Promise<string> {
  const outfile = `dist/clock-process-${process.pid}-${Date.now()}.mjs`;
  await build({
    entryPoints: ['test/support/clock-process.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  t.teardown(() => rm(outfile, { force: true }));
  return outfile;
}

/** Runs the process, and kills it as soon as it has begun so many things; gives the signal that ended it. */
export function endOfClock(file: string, options: ClockProcess, kill: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [file, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let begun = 0;
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('begins')) begun += 1;
        if (begun >= kill) child.kill('SIGKILL');
      });
    }
    child.on('error', reject);
    child.on('exit', (_code, signal) => resolve(signal));
  });
}
