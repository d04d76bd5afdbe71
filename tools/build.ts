/**
 * Builds `dist/`: one bundle per entry point, packages left outside. Takes well under a second when the generated parts
 * are current, so every npm script begins with it and nobody runs an old build.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { generateIfChanged } from './generated.ts';

const ROOT = join(import.meta.dirname, '..');
const entries: Record<string, string> = {
  main: 'src/main.ts',
  migrate: 'src/migrate.ts',
  demo: 'src/demo.ts',
  form: 'src/form.ts',
  cohort: 'src/cohort.ts',
  'bench/run': 'bench/run.ts',
  'bench/load': 'bench/load.ts',
  'bench/bare-pg': 'bench/bare-pg.ts',
  'bench/bare-http': 'bench/bare-http.ts',
  'bench/fold': 'bench/fold.ts',
};

await generateIfChanged();
await build({
  entryPoints: Object.fromEntries(
    Object.entries(entries)
      .map(([name, file]) => [name, join(ROOT, file)] as const)
      .filter(([, file]) => existsSync(file)),
  ),
  outdir: join(ROOT, 'dist'),
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});
