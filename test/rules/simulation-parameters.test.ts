import t from 'tap';
import type { Report } from '../../src/rules/finding.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { TERMS } from '../../src/rules/resources/codes.ts';
import { type Question, simulate } from '../../src/rules/simulation.ts';
import { type Asked, simulationParameters } from '../../src/rules/simulation-parameters.ts';
import { NO_TALLY, tallyOf } from '../../src/rules/simulation-tally.ts';
import { DEFAULT_SITE, serviceHoursBetween } from '../../src/rules/site.ts';
import { graded, plan, report } from './builders.ts';
import { ask, CLOSE, open, past, weekly } from './simulated.ts';

const ASKED: Asked = {
  candidate: plan([open(2)]),
  digest: '',
  against: null,
  beside: [],
  within: {},
  endAsked: false,
  mattered: [],
  site: DEFAULT_SITE,
  baseUrl: 'https://vigie.example/fhir',
  labels: allLabels(),
};

t.test(
  'tallies are told as Parameters: what is monitored of a form with it, a version of CTCAE with its code',
  async (t) => {
    const counts = { before: 1, after: 1, added: 0, removed: 0, moved: 0 };
    const terms = {
      'monitoring missing-report@https://example.org/Questionnaire/x|1 1': counts,
      'ctcae anemia@5.0 1-3': counts,
    };
    const { parameter = [] } = simulationParameters(
      { ...NO_TALLY, terms },
      {
        ...ASKED,
      },
    );
    const told = parameter.filter(({ name }) => name === 'term').map(({ part }) => part?.slice(0, 3));
    t.match(told, [
      [{ valueCoding: { system: TERMS.ctcae, version: '5.0', code: 'anemia' } }, { name: 'grade', valueString: '1-3' }],
      [
        { valueCoding: { code: 'missing-report', version: undefined } },
        { name: 'form', valueCanonical: 'https://example.org/Questionnaire/x|1' },
        { name: 'grade', valueString: '1' },
      ],
    ]);
    for (const name of ['per100Responses', 'load'])
      t.notOk(
        parameter.some((one) => one.name === name),
        `no ${name}`,
      );
  },
);

t.test('load is told per hour of service in the period that was asked for', async (t) => {
  // Weekdays from nine to five in Paris, but for New Year's Day.
  const week = { start: '2026-01-04T23:00:00.000Z', end: '2026-01-11T23:00:00.000Z' };
  const said = (reports: Report[], within: Question['within'], endAsked: boolean, raised = 0): unknown => {
    const simulated = simulate(past(reports), ask([], [open(2), CLOSE], { within }));
    const tally = tallyOf('a', simulated, within);
    const told = simulationParameters({ ...tally, after: { ...tally.after, raised } }, { ...ASKED, within, endAsked });
    const load = told.parameter?.find(({ name }) => name === 'load')?.part;
    return load?.map(({ valueDecimal }) => valueDecimal);
  };
  const single = report('01-08', graded(2));
  const cases: [name: string, told: unknown, expected: number[] | undefined][] = [
    ['a single report of a week', said([single], week, true), [40, 0, 0.025]],
    [
      'reports of an hour of a week',
      said([single, report('2026-01-08T08:30:00.000Z', graded(2))], week, true),
      [40, 0, 0.025],
    ],
    [
      'two of two days, neither end asked for: from the one to the other',
      said(weekly(2, 2), {}, false),
      [32, 0, 0.0313],
    ],
    [
      'from the start on, up to the last report',
      said([single], { start: week.start, end: '2026-03-01T00:00:00.000Z' }, false),
      [24, 0, 0.0417],
    ],
    ['from the first report on, up to the end', said([single], { end: week.end }, true), [16, 0, 0.0625]],
    ['a single report of an open period', said([single], { end: week.end }, false), undefined],
    ['no report at all: what is raised all the same counts', said([], week, true, 1), [40, 0, 0.025]],
    ['no report, and no start', said([], { end: week.end }, true), undefined],
    [
      'a period without service',
      said([], { start: '2026-01-10T00:00:00.000Z', end: '2026-01-11T00:00:00.000Z' }, true),
      undefined,
    ],
  ];
  for (const [name, told, expected] of cases) t.same(told, expected, name);

  t.test('of ten years at most', async (t) => {
    const [begin, middle, end] = ['2016-01-08T00:00:00.000Z', '2021-01-08T00:00:00.000Z', '2026-01-08T00:00:00.000Z'];
    const hours = serviceHoursBetween(DEFAULT_SITE, begin, middle) + serviceHoursBetween(DEFAULT_SITE, middle, end);
    t.same(said([], { start: begin, end }, true), [hours, 0, 0]);
    t.equal(said([], { start: '2016-01-07T23:59:59.999Z', end }, true), undefined);
  });
});
