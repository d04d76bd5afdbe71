import type { Flag, OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import t from 'tap';
import { withPolicies } from '../src/metrics/begun.ts';
import type { ProcessMetric } from '../src/metrics/catalogue.ts';
import type { Family } from '../src/metrics/family.ts';
import { ofService, type ServiceFacts } from '../src/metrics/of-service.ts';
import { Metrics } from '../src/metrics.ts';
import { EXTENSION, priorityConcept } from '../src/rules/resources/codes.ts';

const policies = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `https://example.org/PlanDefinition/p${at}|1.0.0`);

const decidedBy = (policy: string): Flag =>
  ({
    resourceType: 'Flag',
    extension: [
      { url: EXTENSION.flagPriority, valueCodeableConcept: priorityConcept('PM') },
      {
        url: EXTENSION.gradedFinding,
        extension: [
          {
            url: 'decided-by',
            extension: [
              { url: 'policy', valueCanonical: policy },
              { url: 'action', valueString: 'Zebulon is worse' },
            ],
          },
        ],
      },
    ],
  }) as Flag;

const seriesOf = (metrics: Metrics, name: ProcessMetric): Family['series'] =>
  metrics.families.find((family) => family.name === name)?.series ?? [];

/** What has happened: without what is told as 0. */
const flagEvents = (metrics: Metrics): Family['series'] =>
  seriesOf(metrics, 'vigie_flag_events_total').filter(({ value }) => value !== 0);

const undecided = { term: 'fatigue', policy: 'https://example.org/PlanDefinition/odd one|1', action: 'open' };

const FACTS: ServiceFacts = {
  build: { version: '0', fhirpath: '0', node: '0' },
  workers: { set: 1, answering: 1, restarts: 0 },
  database: {
    policies: { active: 0, broken: 0 },
    backlog: {
      work: [
        { state: 'waiting', level: 'nurse', count: 3 },
        { state: 'taken', level: 'of-old', count: 1 },
      ],
      overdue: 0,
      outboxSeconds: 0,
      due: 0,
      parked: 0,
      jobs: [{ kind: 'simulate', status: 'done', count: 2 }],
    },
    words: {
      states: ['waiting', 'taken'],
      levels: ['nurse', 'physician'],
      kinds: ['simulate'],
      statuses: ['queued', 'done'],
    },
  },
};

const opened = (policy: string) => ({
  findings: [],
  undecided: [],
  flags: [{ event: 'opened' as const, reference: 'Flag/1', flag: decidedBy(policy) }],
});

t.test('a Flag is counted by the canonical of the active policy that decided it', async (t) => {
  const metrics = new Metrics();
  const [policy = ''] = policies(1);
  metrics.evaluated(opened(policy), () => [policy]);
  t.same(flagEvents(metrics), [{ labels: { policy, event: 'opened', priority: 'PM' }, value: 1 }]);
});

t.test('policies are told by name up to a number; more, retired ones and odd names are other', async (t) => {
  const metrics = new Metrics();
  const active = policies(60);
  for (const policy of active) metrics.evaluated(opened(policy), () => active);
  const told = new Set(flagEvents(metrics).map(({ labels }) => labels.policy));
  t.equal(told.size, 51);
  t.ok(told.has('other'));

  const odd = new Metrics();
  for (const name of [
    'https://example.org/Mrs Zebulon|1',
    `https://example.org/${'a'.repeat(300)}|1`,
    'a|b|c',
    'x\n|1',
  ])
    odd.evaluated(opened(name), () => [name]);
  odd.evaluated(opened('https://example.org/retired|1'), () => []);
  t.same(flagEvents(odd), [{ labels: { policy: 'other', event: 'opened', priority: 'PM' }, value: 5 }]);
});

t.test('a Flag that no policy decided is counted all the same', async (t) => {
  const metrics = new Metrics();
  const flag = { resourceType: 'Flag' } as Flag;
  metrics.evaluated(
    { findings: [], undecided: [], flags: [{ event: 'not-evaluated', reference: 'Flag/1', flag }] },
    () => [],
  );
  t.same(flagEvents(metrics), [{ labels: { policy: 'none', event: 'not-evaluated', priority: 'none' }, value: 1 }]);
});

t.test(
  'what an alert asks for is told as 0 before it happens, and its first time is a rise of that series',
  async (t) => {
    const metrics = new Metrics();
    const count = (name: ProcessMetric): number => seriesOf(metrics, name).length;
    const total = (name: ProcessMetric, labels: object): Family['series'] =>
      seriesOf(metrics, name).filter((one) =>
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      );
    const policy = 'none';
    const flag = {
      resourceType: 'Flag',
      extension: [{ url: EXTENSION.flagPriority, valueCodeableConcept: priorityConcept('PH') }],
    } as Flag;
    const issue = (code: OperationOutcomeIssue['code']): OperationOutcome => ({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code }],
    });
    const happens: [name: ProcessMetric, labels: Record<string, string>, times: number, happen: () => void][] = [
      [
        'vigie_flag_events_total',
        { policy, event: 'not-evaluated', priority: 'PH' },
        1,
        () =>
          metrics.evaluated(
            { findings: [], undecided: [], flags: [{ event: 'not-evaluated', reference: 'Flag/1', flag }] },
            () => [],
          ),
      ],
      [
        'vigie_refused_issues_total',
        { status: '422', code: 'business-rule' },
        1,
        () => metrics.refused(422, issue('business-rule')),
      ],
      [
        'vigie_refused_issues_total',
        { status: '422', code: 'processing' },
        1,
        () => metrics.refused(422, issue('processing')),
      ],
      ['vigie_answers_total', { status: '5xx' }, 1, () => metrics.answered('GET', undefined, 503, 1)],
      ['vigie_answers_total', { status: '2xx' }, 1, () => metrics.answered('GET', undefined, 200, 1)],
      [
        'vigie_undecided_conditions_total',
        { policy: 'other' },
        2,
        () => metrics.evaluated({ findings: [], flags: [], undecided: [undecided, undecided] }, () => []),
      ],
    ];
    for (const [name, labels, times, happen] of happens) {
      const before = count(name);
      t.same(
        total(name, labels).map(({ value }) => value),
        [0],
        `${name} ${JSON.stringify(labels)}`,
      );
      happen();
      t.same(
        total(name, labels).map(({ value }) => value),
        [times],
      );
      t.equal(count(name), before, 'no series has come of it');
    }
  },
);

t.test(
  'of active policies what could not be decided is told as 0, by those names that a policy is told by',
  async (t) => {
    const family = (...names: string[]): Family => ({
      name: 'vigie_undecided_conditions_total',
      series: names.map((policy) => ({ labels: { policy }, value: 2 })),
    });
    const told = (families: readonly Family[], active: readonly string[]) =>
      withPolicies(families, active).flatMap(({ series }) => series.map(({ labels, value }) => [labels.policy, value]));
    const all = policies(60);
    const [first = '', second = ''] = all;
    t.same(told([family('other')], [first]), [
      ['other', 2],
      [first, 0],
    ]);
    t.same(
      told([family(first)], [first, second]),
      [
        [first, 2],
        [second, 0],
      ],
      'what is counted stays',
    );
    t.same(told([family()], ['https://example.org/Mrs Zebulon|1']), []);
    t.equal(told([family()], all).length, 50);
    t.equal(told([family('other')], all).length, 51);
    t.equal(told([family(...all.slice(0, 49))], all).length, 50);
    t.equal(told([family(...all.slice(0, 50))], all).length, 50);
    const flags: Family = { name: 'vigie_flag_events_total', series: [] };
    t.same(withPolicies([flags], all), [flags], 'no other metric');
  },
);

t.test('the words of open work and of jobs are told as 0 where nothing is counted under them', async (t) => {
  const at = (name: string) => {
    const family = ofService(FACTS, new Date(0)).find((one) => one.name === name);
    return family?.series.map(({ labels, value }) => [...Object.values(labels), value]);
  };
  t.same(at('vigie_work_open'), [
    ['waiting', 'physician', 0],
    ['taken', 'nurse', 0],
    ['taken', 'physician', 0],
    ['waiting', 'nurse', 3],
    ['taken', 'of-old', 1],
  ]);
  t.same(at('vigie_jobs'), [
    ['simulate', 'queued', 0],
    ['simulate', 'done', 2],
  ]);
  const { database: _, ...away } = FACTS;
  const names = ofService(away, new Date(0)).map(({ name }) => name);
  t.notOk(names.includes('vigie_work_open') || names.includes('vigie_jobs'), 'what is not known is not told');
});

t.test('what is due, and how long a report takes, is told from when it is known that it may be', async (t) => {
  const metrics = new Metrics();
  t.same(seriesOf(metrics, 'vigie_due_done_total'), []);
  t.same(seriesOf(metrics, 'vigie_request_duration_seconds'), []);
  metrics.does(['slot']);
  metrics.serves('POST', '/fhir/QuestionnaireResponse');
  t.same(
    seriesOf(metrics, 'vigie_due_done_total').map(({ labels: { kind, outcome }, value }) => [kind, outcome, value]),
    ['slot', 'other'].flatMap((kind) => ['done', 'failed', 'postponed'].map((outcome) => [kind, outcome, 0])),
  );
  metrics.answered('POST', '/fhir/QuestionnaireResponse', 201, 3);
  t.match(seriesOf(metrics, 'vigie_request_duration_seconds'), [{ value: { count: 1 } }]);
});

t.test('a method that is none of HTTP is other, a path that is not served none', async (t) => {
  const metrics = new Metrics();
  metrics.answered('ZEBULON', undefined, 404, 1);
  const [requests] = metrics.families;
  t.same(requests?.series, [{ labels: { route: 'none', method: 'other', status: '4xx' }, value: 1 }]);
});

t.test('a process tells its CPU, its memory and, once it looks, how late its event loop is', async (t) => {
  const metrics = new Metrics();
  const names = () => metrics.families.filter(({ series }) => series.length > 0).map(({ name }) => name);
  t.notOk(names().includes('vigie_event_loop_lag_seconds'));
  metrics.start();
  t.teardown(() => metrics.stop());
  while (!names().includes('vigie_event_loop_lag_seconds')) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { name, series } of metrics.families) {
    for (const { value } of series) t.ok(typeof value === 'number' ? value >= 0 : value.count === 0, name);
  }
});
