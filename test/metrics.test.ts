import type { Flag } from '@medplum/fhirtypes';
import t from 'tap';
import type { Family } from '../src/metrics/family.ts';
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

const flagEvents = (metrics: Metrics): Family['series'] =>
  metrics.families.find(({ name }) => name === 'vigie_flag_events_total')?.series ?? [];

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
    for (const { value } of series) t.ok(typeof value === 'number' && value >= 0, name);
  }
});
