import t from 'tap';
import { CATALOGUE, OF_PROCESS } from '../../src/metrics/catalogue.ts';
import { exposition, formatOf } from '../../src/metrics/exposition.ts';
import { Counter, Histogram } from '../../src/metrics/family.ts';
import { readExposition, sumOf } from '../support/exposition.ts';

t.test('a counter is told with its labels, as each format wants it', async (t) => {
  const counter = new Counter('vigie_requests_total', OF_PROCESS.vigie_requests_total.labels);
  counter.add(['/fhir/Patient/:id', 'GET', '2xx']);
  counter.add(['/fhir/Patient/:id', 'GET', '2xx'], 2);
  counter.add(['a"b\\c\nd', 'GET', '4xx']);
  const samples: Record<string, string[]> = {
    vigie_requests_total: [
      'vigie_requests_total{route="/fhir/Patient/:id",method="GET",status="2xx"} 3',
      'vigie_requests_total{route="a\\"b\\\\c\\nd",method="GET",status="4xx"} 1',
    ],
  };
  const lines = Object.entries(CATALOGUE).flatMap(([name, { type, help }]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...(samples[name] ?? []),
  ]);
  t.equal(exposition([counter.family], 'text'), `${lines.join('\n')}\n`);
  const open = exposition([counter.family], 'openmetrics');
  t.match(open, /^# HELP vigie_requests /);
  t.match(open, /\n# TYPE vigie_requests counter\nvigie_requests_total\{/);
  t.match(open, /\n# EOF\n$/);
  t.equal(readExposition(open).samples[1]?.labels.route, 'a"b\\c\nd');
});

t.test('a histogram counts what is at most each bound, both sides of the edge', async (t) => {
  const { labels, bounds } = OF_PROCESS.vigie_decision_duration_seconds;
  const histogram = new Histogram('vigie_decision_duration_seconds', labels, bounds);
  for (const value of [0.001, 0.0011, 1, 1.5]) histogram.observe([], value);
  const { samples } = readExposition(exposition([histogram.family], 'text'));
  const at = (le: string) => sumOf(samples, 'vigie_decision_duration_seconds_bucket', { le });
  t.equal(at('0.001'), 1);
  t.equal(at('0.0025'), 2);
  t.equal(at('1.0'), 3);
  t.equal(at('+Inf'), 4);
  t.equal(sumOf(samples, 'vigie_decision_duration_seconds_count'), 4);
  t.equal(sumOf(samples, 'vigie_decision_duration_seconds_sum').toFixed(4), '2.5021');
});

t.test('what has begun is told as 0 until it is counted, and what is counted stays when it begins again', async (t) => {
  const counter = new Counter('vigie_due_done_total', OF_PROCESS.vigie_due_done_total.labels);
  const { labels, bounds } = OF_PROCESS.vigie_decision_duration_seconds;
  const histogram = new Histogram('vigie_decision_duration_seconds', labels, bounds);
  const told = (): number[] => {
    const { samples } = readExposition(exposition([counter.family, histogram.family], 'text'));
    return ['vigie_due_done_total', 'vigie_decision_duration_seconds_count', 'vigie_decision_duration_seconds_bucket']
      .map((name) => samples.filter((one) => one.name === name))
      .map((all) => (all.length === 0 ? Number.NaN : sumOf(all, all[0]?.name ?? '')));
  };
  t.same(told(), [Number.NaN, Number.NaN, Number.NaN]);
  for (const [times, expected] of [
    [0, [0, 0, 0]],
    // A value of 2 lies above every bound but the last one, which is none.
    [1, [1, 1, 1]],
  ] as const) {
    for (let time = 0; time < times; time += 1) {
      counter.add(['slot', 'failed']);
      histogram.observe([], 2);
    }
    counter.begin(['slot', 'failed']);
    histogram.begin([]);
    t.same(told(), expected);
  }
});

t.test(
  'families of one name, of several processes, are one; what has no series is told by its help and type',
  async (t) => {
    const one = { name: 'vigie_pool_waiting', series: [{ labels: { worker: '1' }, value: 0 }] };
    const other = { name: 'vigie_pool_waiting', series: [{ labels: { worker: '2' }, value: 3 }] };
    const { types, samples } = readExposition(exposition([one, { name: 'vigie_jobs', series: [] }, other], 'text'));
    t.same(
      [...types],
      Object.entries(CATALOGUE).map(([name, { type }]) => [name, type]),
    );
    t.same(
      samples.map(({ labels, value }) => [labels.worker, value]),
      [
        ['1', 0],
        ['2', 3],
      ],
    );
  },
);

const accepts: [accept: string | undefined, format: string][] = [
  [undefined, 'text'],
  ['*/*', 'text'],
  ['text/plain', 'text'],
  ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1', 'openmetrics'],
  ['application/openmetrics-text;q=0, text/plain', 'text'],
];
for (const [accept, format] of accepts) {
  t.test(`Accept: ${accept} is answered in ${format}`, async (t) => {
    t.equal(formatOf(accept), format);
  });
}

t.test('every metric is named as Prometheus wants it', async (t) => {
  for (const [name, { type, help, labels }] of Object.entries(CATALOGUE)) {
    t.match(name, /^vigie_[a-z0-9_]+$/);
    t.equal(name.endsWith('_total'), type === 'counter', name);
    t.ok(help.length > 10 && !help.endsWith('.'), name);
    for (const label of labels) t.match(label, /^[a-z]+$/);
    t.notOk((labels as readonly string[]).includes('worker'), `${name}: added where it is told`);
  }
});
