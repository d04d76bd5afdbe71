import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { CATALOGUE, OF_PROCESS } from '../src/metrics/catalogue.ts';

const read = (name: string): string => readFileSync(`docs/ops/${name}`, 'utf8');

/** What Prometheus adds itself to all that it scrapes. */
const OF_PROMETHEUS = new Set(['instance', 'job', 'le']);

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; legendFormat: string }[];
}

/** Metrics and labels of a PromQL expression, each label with the metrics that it is asked of. */
function asked(expr: string): { metrics: string[]; labels: string[] } {
  const metrics = [...expr.matchAll(/\bvigie_\w+/g)].map(([name]) => name);
  const selected = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
    [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) =>
    inner.split(',').map((label) => label.trim()),
  );
  return { metrics, labels: [...selected, ...grouped] };
}

/** A metric that is exposed under this name; of a histogram its three kinds of series. */
function specOf(name: string) {
  const family = name.replace(/_(bucket|sum|count)$/, '');
  const histogram = CATALOGUE[family];
  if (family !== name && histogram?.type === 'histogram') return { name: family, ...histogram };
  const plain = CATALOGUE[name];
  return plain && plain.type !== 'histogram' ? { name, ...plain } : undefined;
}

const labelsOf = (name: string, labels: readonly string[]): string[] => [
  ...labels,
  ...(name in OF_PROCESS ? ['worker'] : []),
];

function wellFormed(t: Test, expr: string): void {
  const { metrics, labels } = asked(expr);
  const specs = metrics.map((name) => {
    const spec = specOf(name);
    t.ok(spec, `${name} is exposed`);
    return spec;
  });
  for (const label of labels) {
    const known = specs.every((spec) => spec && labelsOf(spec.name, spec.labels).includes(label));
    t.ok(known || OF_PROMETHEUS.has(label), `${label} is a label of ${metrics.join(', ')}`);
  }
  for (const [open, close] of ['()', '{}', '[]'].map((pair) => [...pair])) {
    t.equal(expr.split(open ?? '').length, expr.split(close ?? '').length, expr);
  }
  // A counter means nothing but by its rate.
  for (const spec of specs) {
    if (spec && spec.type !== 'gauge') t.match(expr, /\b(?:rate|increase)\(/, expr);
  }
}

t.test('metrics.md tells every metric with its type, labels and meaning, and no other', async (t) => {
  const rows = [...read('metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)].map(
    ([, name, type, labels, meaning]) => [name, type, labels, meaning],
  );
  const expected = Object.entries(CATALOGUE).map(([name, { type, labels, help }]) => [
    name,
    type,
    labelsOf(name, labels)
      .map((label) => `\`${label}\``)
      .join(', '),
    help,
  ]);
  t.same(rows, expected);
});

t.test('the dashboard shows metrics that exist, by labels that they have', async (t) => {
  const dashboard = JSON.parse(read('grafana.json'));
  const panels: Panel[] = dashboard.panels;
  t.ok(dashboard.title && dashboard.schemaVersion >= 36);
  t.same(
    dashboard.templating.list.map(({ name, type }: { name: string; type: string }) => [name, type]),
    [['datasource', 'datasource']],
  );
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'each panel has an id of its own');
  for (const { title, type, gridPos, targets = [] } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title);
    t.equal(targets.length > 0, type !== 'row', title);
    for (const { expr, legendFormat } of targets) {
      wellFormed(t, expr);
      const kept = asked(expr).labels;
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        t.ok(!/\bby \(/.test(expr) || kept.includes(label), `${title}: ${label} is left by ${expr}`);
      }
    }
  }
  const shown = new Set(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => asked(expr).metrics)));
  const missing = Object.keys(CATALOGUE).filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`));
  t.same(missing, [], 'every metric has its place');
  for (const one of panels) {
    for (const other of panels) {
      if (one.id < other.id) t.notOk(overlap(one.gridPos, other.gridPos), `${one.title} and ${other.title}`);
    }
  }
});

t.test('each alert asks for metrics that exist, and says why it is one', async (t) => {
  const text = read('alerts.yml');
  t.notMatch(text, /\t/);
  const alerts = text.split(/^ {6}- alert: /m).slice(1);
  t.ok(alerts.length > 10);
  const names = alerts.map((alert) => /^(\w+)\n/.exec(alert)?.[1] ?? '');
  t.equal(new Set(names).size, names.length);
  for (const [at, alert] of alerts.entries()) {
    const name = names[at] ?? '';
    const expr = /^ {8}expr: (.+)$/m.exec(alert)?.[1] ?? '';
    t.ok(expr, name);
    // As YAML would read it: a plain scalar that begins with no sign of its own and holds no comment and no key.
    t.match(expr, /^[a-z]/);
    t.notMatch(expr, /: | #/);
    wellFormed(t, expr);
    t.match(alert, /^ {8}labels: \{ severity: (?:page|ticket) \}$/m, name);
    t.match(alert, /^ {10}summary: \w/m, name);
    const reason = /^ {10}reason: (?:>-\n {12})?(.+)/m.exec(alert)?.[1] ?? '';
    t.ok(reason.length > 30, name);
    for (const said of alert.matchAll(/^ {10}(?:summary|reason): (?!>-)(.+)$/gm)) t.notMatch(said[1], /: | #/, name);
    const wait = /^ {8}for: (.+)$/m.exec(alert)?.[1];
    t.ok(wait === undefined || /^\d+[smhd]$/.test(wait), name);
  }
});

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
