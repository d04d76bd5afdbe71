import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { everyone } from '../src/fhir/compartment.ts';
import { KINDS } from '../src/jobs/kinds.ts';
import { longKinds } from '../src/jobs/long-kinds.ts';
import { Scheduler } from '../src/jobs/scheduler.ts';
import { CATALOGUE, OF_PROCESS } from '../src/metrics/catalogue.ts';
import { testApp } from './support/app.ts';
import { readExposition, type Sample } from './support/exposition.ts';

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

interface Selector {
  text: string;
  name: string;
  /** Whether a series of that name is asked for. */
  asksFor: (labels: Sample['labels']) => boolean;
}

/** What a PromQL expression selects, as Prometheus would: a label that a series does not have is empty, a pattern holds for the whole of it. */
function selectorsOf(expr: string): Selector[] {
  return [...expr.matchAll(/\b(vigie_\w+)(?:\{([^}]*)\})?/g)].map(([text, name = '', inner = '']) => {
    const conditions = [...inner.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label = '', operator = '', value = '']) => {
        const holds = operator.endsWith('~')
          ? (said: string) => new RegExp(`^(?:${value})$`).test(said)
          : (said: string) => said === value;
        return (labels: Sample['labels']) => holds(labels[label] ?? '') !== operator.startsWith('!');
      },
    );
    return { text, name, asksFor: (labels) => conditions.every((condition) => condition(labels)) };
  });
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

const dashboardExpressions = (): string[] => {
  const panels: Panel[] = JSON.parse(read('grafana.json')).panels;
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
};

const alertExpressions = (): string[] =>
  [...read('alerts.yml').matchAll(/^ {8}expr: (.+)$/gm)].map(([, expr = '']) => expr);

const selects: [name: string, selector: string, labels: Sample['labels'], asked: boolean][] = [
  ['no condition', 'vigie_x', { a: 'b' }, true],
  ['equal', 'vigie_x{a="b", c="d"}', { a: 'b', c: 'd', e: 'f' }, true],
  ['one of two is another', 'vigie_x{a="b", c="d"}', { a: 'b', c: 'e' }, false],
  ['unequal', 'vigie_x{a!="b"}', { a: 'b' }, false],
  ['a label that is not there is empty', 'vigie_x{a!="b"}', {}, true],
  ['a pattern', 'vigie_x{a=~".*/b"}', { a: '/fhir/b' }, true],
  ['a pattern is for the whole', 'vigie_x{a=~"b"}', { a: 'bc' }, false],
  ['not of a pattern', 'vigie_x{a!~"b.*"}', { a: 'bc' }, false],
];
for (const [name, selector, labels, expected] of selects) {
  t.test(`a series is asked for or not: ${name}`, async (t) => {
    t.same(
      selectorsOf(`sum(rate(${selector}[5m])) > 0`).map((one) => [one.name, one.asksFor(labels)]),
      [['vigie_x', expected]],
    );
  });
}

t.test('the first scrape of a service that has just begun', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  // As a service does before it listens.
  app.deps.metrics.start();
  t.teardown(() => app.deps.metrics.stop());
  new Scheduler(app.deps, KINDS);
  const lagIsKnown = () =>
    app.deps.metrics.families.some(({ name, series }) => name === 'vigie_event_loop_lag_seconds' && series.length > 0);
  while (!lagIsKnown()) await new Promise((resolve) => setTimeout(resolve, 20));
  const { body } = await app.app.inject({ url: '/metrics', headers: { host: 'localhost' } });
  const { samples, types } = readExposition(body);
  const seriesOf = ({ name, asksFor }: Selector): Sample[] =>
    samples.filter((one) => one.name === name && asksFor(one.labels));
  const pairsOf = (name: string, [first, second]: readonly [string, string]): string[] =>
    samples
      .filter((one) => one.name === name && one.value === 0)
      .map(({ labels }) => `${labels[first]} ${labels[second]}`);

  await t.test('has each metric with its help and type', async (t) => {
    t.same(
      [...types],
      Object.entries(CATALOGUE).map(([name, { type }]) => [name, type]),
    );
    for (const [name, { help }] of Object.entries(CATALOGUE)) t.match(body, `# HELP ${name} ${help}\n`);
  });

  await t.test('has a series for all that an alert or a panel selects', async (t) => {
    const alerts = alertExpressions().flatMap(selectorsOf);
    const panels = dashboardExpressions()
      .flatMap(selectorsOf)
      .filter(({ text }) => text.includes('{'));
    t.ok(alerts.length > 15 && panels.length > 5);
    for (const selector of [...alerts, ...panels]) t.ok(seriesOf(selector).length > 0, selector.text);
    const without = Object.keys(CATALOGUE).filter(
      (name) => !samples.some((one) => one.name === name || one.name === `${name}_count`),
    );
    t.same(
      without,
      ['vigie_requests_total', 'vigie_findings_total'],
      'what has words without end begins with what it counts, and no alert asks for it',
    );
  });

  await t.test('has at 0 what is counted: also under 422 each issue code that there is', async (t) => {
    for (const { text, ...selector } of alertExpressions().flatMap(selectorsOf)) {
      if (specOf(selector.name)?.type !== 'counter' || selector.name.startsWith('vigie_process_')) continue;
      for (const { value, labels } of seriesOf({ text, ...selector }))
        t.equal(value, 0, `${text} ${JSON.stringify(labels)}`);
    }
    const refused = samples.filter(({ name }) => name === 'vigie_refused_issues_total');
    t.equal(refused.length, 31, 'ValueSet issue-type of R4 has as many');
    t.ok(refused.every(({ labels }) => labels.status === '422'));
  });

  await t.test('has at 0 what each active policy could not decide, and that of one which becomes active', async (t) => {
    const told = (all: readonly Sample[]): string[] =>
      all
        .filter(({ name, value }) => name === 'vigie_undecided_conditions_total' && value === 0)
        .map(({ labels }) => labels.policy ?? '')
        .sort();
    const { policies } = await app.deps.catalog.at(everyone());
    t.ok(policies.length > 0);
    const before = ['other', ...policies.map(({ canonical }) => canonical)].sort();
    t.same(told(samples), before);

    const { id: _, ...demonstration } = JSON.parse(readFileSync('profiles/policies/demonstration.json', 'utf8'));
    const url = 'https://example.org/PlanDefinition/of-a-site';
    t.equal((await app.send('POST', '/PlanDefinition', { ...demonstration, url, version: '1.0.0' })).status, 201);
    // What was told within the last second is told again.
    let after: string[] = before;
    for (let tries = 0; tries < 100 && after.length === before.length; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { body } = await app.app.inject({ url: '/metrics', headers: { host: 'localhost' } });
      after = told(readExposition(body).samples);
    }
    t.same(after, [...before, `${url}|1.0.0`].sort());
  });

  await t.test(
    'has at 0 each state of work at each level, each kind and status of a job, and how each due thing goes',
    async (t) => {
      const crossed = (first: readonly string[], second: readonly string[]): string[] =>
        first.flatMap((one) => second.map((other) => `${one} ${other}`));
      const levels = app.deps.site.levels.map(({ code }) => code);
      t.same(pairsOf('vigie_work_open', ['state', 'level']), crossed(['waiting', 'taken', 'snoozed'], levels));
      t.same(
        pairsOf('vigie_jobs', ['kind', 'status']),
        crossed(Object.keys(longKinds('dist')), ['queued', 'running', 'done', 'failed', 'cancelled']),
      );
      t.same(
        pairsOf('vigie_due_done_total', ['kind', 'outcome']),
        crossed([...Object.keys(KINDS), 'other'], ['done', 'failed', 'postponed']),
      );
    },
  );
});

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
