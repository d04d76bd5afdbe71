/**
 * Builds `dist/`: one bundle per entry point, packages left outside. Takes well under a second when the generated parts
 * are current, so every npm script begins with it and nobody runs an old build.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { generateIfChanged } from './generated.ts';
import { oneByte } from './one-byte.ts';

const ROOT = join(import.meta.dirname, '..');
const entries: Record<string, string> = {
  main: 'src/main.ts',
  migrate: 'src/migrate.ts',
  demo: 'src/demo.ts',
  form: 'src/form.ts',
  cohort: 'src/cohort.ts',
  simulation: 'src/simulation.ts',
  'bench/run': 'bench/run.ts',
  'bench/load': 'bench/load.ts',
  'bench/bare-pg': 'bench/bare-pg.ts',
  'bench/bare-http': 'bench/bare-http.ts',
  'bench/fold': 'bench/fold.ts',
  'bench/policies': 'bench/policies.ts',
  'bench/simulate': 'bench/simulate.ts',
  'bench/sweep': 'bench/sweep.ts',
  'season/process': 'test/season/process.ts',
};

/** Packages of many small modules that Node takes longer to find and open, one by one, than to run: they become part of the bundle. */
const BUNDLED = [
  'kysely',
  'saxes',
  'xmlchars',
  'rfc6902',
  // With all that it asks for.
  'ajv',
  'fast-deep-equal',
  'fast-uri',
  'json-schema-traverse',
  'require-from-string',
];

/** Every other package stays in node_modules. */
const packages: Plugin = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || BUNDLED.some((name) => path === name || path.startsWith(`${name}/`))
        ? undefined
        : { path, external: true },
    );
  },
};

/** Data as one text, which is read twice as fast as the same written as code. */
const data: Plugin = {
  name: 'data',
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, ({ path }) => ({
      contents: `export default JSON.parse(${JSON.stringify(JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))))});`,
      loader: 'js',
    }));
  },
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
  plugins: [packages, data, oneByte],
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});
