import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import t from 'tap';

/**
 * Which part of src may import which. A part is a folder, or a file directly under src. Data files outside src (profiles)
 * are no part. What is not in a row is not allowed; a new part needs a row of its own.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  fhir: [],
  rules: ['fhir'],
  store: ['fhir'],
  embedded: [],
  'symptom-time.ts': ['fhir'],
  'turns.ts': ['fhir'],
  'rounds.ts': [],
  'forms.ts': ['fhir', 'rules'],
  'form-terms.ts': ['fhir', 'rules', 'forms.ts'],
  'held-profiles.ts': ['fhir', 'store'],
  'held-resources.ts': ['fhir', 'store'],
  'catalog.ts': ['fhir', 'rules', 'store', 'held-profiles.ts', 'held-resources.ts'],
  'indexing.ts': ['fhir', 'store', 'rounds.ts'],
  metrics: [],
  'metrics.ts': ['rules', 'metrics'],
  'deps.ts': ['fhir', 'rules', 'store', 'catalog.ts', 'metrics.ts', 'turns.ts', 'indexing.ts'],
  evaluation: ['fhir', 'rules', 'store', 'catalog.ts', 'deps.ts', 'symptom-time.ts'],
  'evaluation.ts': ['fhir', 'rules', 'store', 'evaluation', 'catalog.ts', 'deps.ts', 'symptom-time.ts'],
  'conditional.ts': ['fhir', 'store', 'deps.ts'],
  'patch.ts': ['fhir'],
  save: ['fhir', 'rules', 'store', 'evaluation', 'catalog.ts', 'deps.ts', 'evaluation.ts'],
  'save.ts': ['fhir', 'store', 'conditional.ts', 'deps.ts', 'patch.ts', 'save'],
  jobs: ['evaluation', 'fhir', 'rules', 'save', 'store', 'deps.ts', 'evaluation.ts', 'save.ts', 'rounds.ts'],
  'searchset.ts': ['fhir', 'store', 'deps.ts'],
  transaction: ['fhir', 'store', 'conditional.ts', 'deps.ts', 'patch.ts', 'save', 'save.ts'],
  'transaction.ts': ['fhir', 'save', 'store', 'deps.ts', 'transaction'],
  routes: [
    'evaluation',
    'fhir',
    'metrics',
    'rules',
    'store',
    'deps.ts',
    'form-terms.ts',
    'forms.ts',
    'patch.ts',
    'save.ts',
    'searchset.ts',
    'transaction',
    'transaction.ts',
  ],
  'app.ts': ['fhir', 'routes', 'config.ts', 'deps.ts', 'log.ts'],
  'bootstrap.ts': [
    'fhir',
    'rules',
    'store',
    'catalog.ts',
    'deps.ts',
    'metrics.ts',
    'save.ts',
    'shipped.ts',
    'turns.ts',
    'indexing.ts',
  ],
  'shipped.ts': ['rules', 'store'],
  demo: ['fhir', 'rules', 'config.ts', 'service.ts', 'start-failure.ts', 'log.ts'],
  cohort: ['fhir', 'rules'],
  'config.ts': [],
  'log.ts': [],
  'navigator.ts': [],
  'start-failure.ts': [],
  'embedded.ts': ['embedded'],
  'setting-files.ts': ['rules', 'config.ts'],
  'open-store.ts': ['store', 'config.ts', 'embedded.ts'],
  'service.ts': [
    'jobs',
    'store',
    'app.ts',
    'bootstrap.ts',
    'config.ts',
    'deps.ts',
    'open-store.ts',
    'routes',
    'setting-files.ts',
    'shipped.ts',
  ],
  processes: ['metrics', 'routes', 'store', 'config.ts', 'log.ts', 'open-store.ts', 'service.ts', 'setting-files.ts'],
};

/** What a user starts: they may import anything but each other, and nothing imports them. */
const PROGRAMS = ['main.ts', 'migrate.ts', 'form.ts', 'form-command.ts', 'demo.ts', 'cohort.ts', 'simulation.ts'];

/** Packages that would bring SQL, HTTP or a log into the pure parts. */
const IMPURE = /^(pg|kysely|fastify|pino|node:(fs|net|http|https|child_process|timers|process)(\/.*)?)$/;
const PURE = ['fhir', 'rules'];

interface Import {
  from: string;
  to: string;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort();
const imports = files.flatMap(importsOf);
const ours = imports.flatMap(({ from, to }): Import[] => {
  if (!to.startsWith('.')) return [];
  const target = posix.join(posix.dirname(from), to);
  return target.startsWith('../') ? [] : [{ from, to: target }];
});

t.test('every file under src is read', async (t) => {
  t.ok(files.length > 80, `${files.length} files`);
  t.ok(imports.length > 300, `${imports.length} imports`);
});

t.test('imports point one way', async (t) => {
  const against = ours
    .map(({ from, to }) => ({ from, to, part: partOf(from), target: partOf(to) }))
    .filter(({ part, target }) => part !== target && !allowed(part, target))
    .map(({ from, to }) => `${from} imports ${to}`);
  t.strictSame(against, []);
});

t.test('every part has a row, and every row is used', async (t) => {
  const parts = new Set(files.map(partOf));
  const unknown = [...parts].filter((part) => !ARROWS[part] && !PROGRAMS.includes(part));
  t.strictSame(unknown, [], 'a new part needs a row');
  const gone = Object.keys(ARROWS).filter((part) => !parts.has(part));
  t.strictSame(gone, [], 'a row without a part');
});

t.test('nothing imports a program', async (t) => {
  const found = ours.filter(({ from, to }) => PROGRAMS.includes(to) && !PROGRAMS.includes(from));
  t.strictSame(found, []);
});

t.test('no file imports itself through others', async (t) => {
  const graph = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { from, to } of ours) graph.get(from)?.push(to);
  t.strictSame(cycleIn(graph), []);
});

t.test('fhir and rules know no SQL, no HTTP, no disk and no process', async (t) => {
  const found = imports.filter(({ from, to }) => PURE.includes(partOf(from)) && IMPURE.test(to));
  t.strictSame(found, []);
});

t.test('only the store speaks SQL', async (t) => {
  const speakers = imports.filter(({ to }) => to === 'pg' || to === 'kysely').map(({ from }) => from);
  const elsewhere = speakers.filter((file) => !['store', 'embedded'].includes(partOf(file)));
  t.strictSame(elsewhere, []);
});

t.test('a cycle is found where there is one', async (t) => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  t.strictSame(cycleIn(graph), ['b', 'c', 'b']);
});

const partOf = (file: string): string => file.split('/')[0] ?? file;

function allowed(part: string, target: string): boolean {
  if (PROGRAMS.includes(part)) return true;
  return ARROWS[part]?.includes(target) === true;
}

/** Static imports, re-exports and `import()` with a literal; comments and texts that look like one are not met in our code. */
function importsOf(file: string): Import[] {
  const text = readFileSync(posix.join('src', file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return [...found].map(([, from, bare, dynamic]) => ({ from: file, to: from ?? bare ?? dynamic ?? '' }));
}

/** The files of one cycle, its first one repeated; empty without a cycle. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
