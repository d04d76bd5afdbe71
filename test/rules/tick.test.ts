import t from 'tap';
import type { TermState } from '../../src/rules/episode.ts';
import { fold, type TermStep } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { foldWithMoments } from '../../src/rules/fold-moments.ts';
import {
  type Moment,
  momentAfter,
  momentName,
  momentOfWaking,
  momentsMoved,
  momentsOf,
  reportOfMoment,
} from '../../src/rules/moments.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { readState, writeState } from '../../src/rules/state-packed.ts';
import { often } from '../support/often.ts';
import {
  type ActionSpec,
  action,
  atLeast,
  contradictory,
  graded,
  notGradable,
  plain,
  plan,
  report,
  TERM,
} from './builders.ts';
import { chance, shuffled } from './clinic.ts';

const ZONE = 'Europe/Paris';

/** An action that wants to be asked again. */
const again = (value: number, code: 'h' | 'd' | 'wk', spec: ActionSpec) => {
  const { extension = [], ...rest } = action(spec);
  const valueDuration = { value, system: 'http://unitsofmeasure.org', code };
  const url = 'https://vigie.example/fhir/StructureDefinition/ask-again-after';
  return { ...rest, extension: [...extension, { url, valueDuration }] };
};

/** Opens at 1 (PL) and 3 (PH); rises to PM when 1 or more has stood for a week, without news for five days; closes after two calm days. */
const policies = [
  compilePolicy({
    ...plan([]),
    action: [
      action({ id: 'open', priority: 'PL', expression: '%finding.min >= 1' }),
      action({ id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' }),
      again(5, 'd', { id: 'stays', code: 'escalate', priority: 'PM', expression: '%persistence.days1 >= 7' }),
      action({ id: 'lower', code: 'de-escalate', priority: 'PN', expression: '%finding.max <= 0' }),
      action({ id: 'close', code: 'close', expression: '%episode.calmDays >= 2' }),
    ],
  }),
];

const source = (moment: Moment): Report['source'] => ({ type: 'Basic', id: momentName(moment.tick), version: 1 });
const tickAt = (moment: Moment, at = moment.at): Report => ({ ...reportOfMoment(moment, source(moment), []), at });

/** Five days after a report at 08:00 UTC. */
const fiveDaysAfter = (day: string): Moment =>
  momentAfter(TERM, { at: `2026-${day}T08:00:00.000Z`, day: `2026-${day}` }, '5 d', ZONE);

const expects = (day: string, level: number, until: string): Report => ({
  ...report(day, [], { id: `expects-${day}` }),
  source: { type: 'Observation', id: `expects-${day}`, version: 1 },
  expected: [{ term: TERM, level, until }],
});

/** The same without what persists. */
const LEVELS = compilePolicy(
  plan([
    { id: 'open', priority: 'PL', expression: '%finding.min >= 1' },
    { id: 'open-3', priority: 'PH', expression: '%finding.max >= 3' },
  ]),
);

const told = (reports: readonly Report[], by: readonly Policy[] = policies): TermStep[] => [
  ...fold(reports, by, {}).steps,
];
const priority = (reports: readonly Report[], by: readonly Policy[] = policies): string | undefined =>
  fold(reports, by, {}).state.terms[TERM]?.episode?.priority;

t.test('what persists is asked again at the moment', async (t) => {
  const first = report('03-01', graded(1));
  const second = report('03-04', graded(1));
  const moment = fiveDaysAfter('03-04');
  t.equal(moment.at, '2026-03-09T08:00:00.000Z');
  t.equal(moment.day, '2026-03-09');
  const cases: [name: string, reports: Report[], steps: number, priority: string | undefined][] = [
    ['reports alone do not raise it', [first, second], 2, 'PL'],
    ['the moment does: it has stood for eight days by then', [first, second, tickAt(moment)], 3, 'PM'],
    [
      'the moment of the first report means nothing after the second',
      [first, second, tickAt(fiveDaysAfter('03-01'))],
      2,
      'PL',
    ],
    ['too early in the week it is asked, and is not true', [first, tickAt(fiveDaysAfter('03-01'))], 2, 'PL'],
    ['a report between makes it mean nothing', [first, second, report('03-08', graded(1)), tickAt(moment)], 3, 'PM'],
    ['a report without a grade is no news', [first, second, report('03-08', notGradable()), tickAt(moment)], 4, 'PM'],
    ['nor is one that contradicts itself', [first, second, report('03-08', contradictory(1)), tickAt(moment)], 4, 'PM'],
    [
      'a report after it is judged with what it did',
      [first, second, tickAt(moment), report('03-10', graded(2))],
      4,
      'PM',
    ],
    [
      'asked once, it is not asked again',
      [first, second, tickAt(moment), tickAt(moment, '2026-03-09T09:00:00.000Z')].map((one, n) => ({
        ...one,
        source: { ...one.source, id: `${one.source.id} ${n}` },
      })),
      3,
      'PM',
    ],
    ['nothing is open, nothing is asked', [report('03-04', graded(0)), tickAt(moment)], 1, undefined],
    ['without a report before it there is nothing', [tickAt(moment)], 0, undefined],
  ];
  for (const [name, reports, steps, expected] of cases) {
    const made = told(reports);
    t.equal(made.length, steps, name);
    t.equal(priority(reports), expected, name);
  }
  const late = [first, second, report('03-06', graded(0)), tickAt(moment)];
  t.equal(priority(late), 'PN', 'a late report before it takes back what it did');
  const [, , step] = told([first, second, tickAt(moment)]);
  t.match(step, {
    at: moment.at,
    source: { type: 'Basic' },
    transition: 'worse',
    tick: { what: '5 d', on: { id: '03-04' } },
    previous: { grade: 1, source: { id: '03-01' } },
    conditions: [{ action: 'stays', value: true }],
    episodeAfter: { priority: 'PM', latest: { id: '03-04' }, calmDays: 0, decidedBy: [{ action: 'stays' }] },
  });
  t.equal(step?.conditions.length, 1, 'nothing else is asked');
});

t.test('a moment does nothing but raise', async (t) => {
  const policy = compilePolicy({
    ...plan([]),
    action: [
      action({ id: 'open', priority: 'PM', expression: '%finding.min >= 2' }),
      again(24, 'h', { id: 'low', code: 'escalate', priority: 'PL', expression: 'true' }),
      again(24, 'h', { id: 'same', code: 'open', priority: 'PM', expression: 'true' }),
      action({ id: 'lower', code: 'de-escalate', priority: 'PN', expression: '%finding.max <= 3' }),
      action({ id: 'close', code: 'close', expression: 'true' }),
    ],
  });
  const moment = momentAfter(TERM, { at: '2026-03-01T08:00:00.000Z', day: '2026-03-01' }, '24 h', ZONE);
  const reports = [report('03-01', graded(2)), tickAt(moment)];
  const { steps, state } = fold(reports, [policy], {});
  const alone = fold(reports.slice(0, 1), [policy], {}).state;
  t.equal(steps[1]?.transition, 'kept');
  t.same(
    steps[1]?.conditions.map(({ action, value }) => [action, value]),
    [['low', true]],
    'an open action that is not above the present priority is not asked, nor what lowers or closes',
  );
  const { previous, recent, burden, episode } = alone.terms[TERM] as TermState;
  t.same(
    plain(state.terms[TERM]),
    plain({ previous, recent, burden, episode: { ...episode, again: undefined } }),
    'all else stays',
  );
});

t.test('a moment is not a millisecond early', async (t) => {
  const asks = compilePolicy({
    ...plan([]),
    action: [
      action({ id: 'open', priority: 'PL', expression: '%finding.min >= 1' }),
      again(2, 'h', { id: 'later', code: 'escalate', priority: 'PH', expression: '%now >= @2026-03-01T10:00:00Z' }),
    ],
  });
  const { steps } = fold([report('03-01', graded(1))], [asks], {});
  const [moment] = momentsOf({ reports: [report('03-01', graded(1))], steps }, ZONE);
  t.equal(moment?.at, '2026-03-01T10:00:00.000Z');
  for (const [at, expected] of [
    ['2026-03-01T09:59:59.999Z', 'PL'],
    ['2026-03-01T10:00:00.000Z', 'PH'],
  ] as const) {
    const until = foldWithMoments([report('03-01', graded(1))], [asks], {}, { until: at, timeZone: ZONE });
    t.equal(until.state.terms[TERM]?.episode?.priority, expected, at);
  }
});

t.test('the end of a snooze', async (t) => {
  const until = '2026-03-10T12:00:00.000Z';
  const wake = momentOfWaking(TERM, until, ZONE);
  t.equal(wake.at, '2026-03-10T12:00:00.001Z', 'the moment itself still counts');
  const base = [report('03-01', graded(1)), expects('03-02', 3, until), report('03-03', graded(3))];
  const cases: [name: string, reports: Report[], priority: string | undefined, transition?: string][] = [
    ['what is held back stays so', base, 'PL'],
    ['at its end it is judged again', [...base, tickAt(wake)], 'PH', 'worse'],
    [
      'a report between that is no worse leaves nothing to raise',
      [...base, report('03-05', graded(1)), tickAt(wake)],
      'PL',
      'kept',
    ],
    [
      'another level that is expected since takes its place',
      [...base, expects('03-04', 3, '2026-03-20T12:00:00.000Z'), tickAt(wake)],
      'PL',
      'worse',
    ],
    [
      'what was held back after the last grade is judged',
      [
        report('03-01', graded(1)),
        expects('03-02', 3, until),
        report('03-03', atLeast(1, 3)),
        report('03-04', notGradable()),
        tickAt(wake),
      ],
      'PH',
      'worse',
    ],
  ];
  for (const [name, reports, expected, transition] of cases) {
    t.equal(priority(reports, [LEVELS]), expected, name);
    if (transition) t.equal(told(reports, [LEVELS]).at(-1)?.transition, transition, name);
  }
  const [, , woken] = told([...base, tickAt(wake)], [LEVELS]);
  t.match(woken, { tick: { what: 'snooze-ended', on: { id: '03-03' } }, told: { expected: { level: 3, until } } });
  t.equal(woken?.held, undefined);
  const pastEnd = [...base, tickAt(wake), report('03-11', graded(3))];
  t.equal(told(pastEnd, [LEVELS]).at(-1)?.transition, 'same', 'the report after it finds it raised');
});

t.test('while a level is expected, what persists is held back too', async (t) => {
  const reports = [
    report('03-01', graded(1)),
    report('03-04', graded(1)),
    expects('03-05', 1, '2026-03-20T00:00:00.000Z'),
  ];
  const moment = tickAt(fiveDaysAfter('03-04'));
  t.equal(told([...reports, moment]).at(-1)?.held, true);
  t.equal(priority([...reports, moment]), 'PL');
  const wake = tickAt(momentOfWaking(TERM, '2026-03-20T00:00:00.000Z', ZONE));
  t.equal(priority([...reports, moment, wake]), 'PM', 'and is judged at its end');
});

t.test('what a report sets and takes away', async (t) => {
  const names = (moments: readonly Moment[]) => moments.map(({ tick, at }) => `${tick.why} ${at.slice(5, 16)}`);
  const moved = (before: readonly Report[], one: Report) => {
    const { state } = fold(before, policies, {});
    const { steps } = fold([one], policies, {}, readState(writeState(state)));
    const { set, gone } = momentsMoved(one, steps, (term) => state.terms[term], ZONE);
    return { set: names(set), gone: names(gone) };
  };
  const first = report('03-01', graded(1));
  const snooze = expects('03-02', 2, '2026-03-10T12:00:00.000Z');
  t.same(moved([], first), { set: ['ask-again 03-06T08:00'], gone: [] }, 'what opens sets');
  t.same(
    moved([first], report('03-03', graded(1))),
    { set: ['ask-again 03-08T08:00'], gone: ['ask-again 03-06T08:00'] },
    'news moves',
  );
  t.same(moved([first], report('03-03', notGradable())), { set: [], gone: [] }, 'no news, no move');
  t.same(
    moved([first], report('03-07', graded(1))),
    { set: ['ask-again 03-12T08:00'], gone: [] },
    'a moment that has passed unheard stays',
  );
  t.same(
    moved([first, report('03-03', graded(0))], report('03-04', graded(0))),
    { set: [], gone: ['ask-again 03-08T08:00'] },
    'what closes takes away',
  );
  t.same(moved([first], snooze), { set: ['snooze-ended 03-10T12:00'], gone: [] }, 'a level that is expected ends');
  t.same(moved([], snooze), { set: [], gone: [] }, 'nothing is open: nothing is held back');
  t.same(
    moved([snooze], report('03-03', graded(1))),
    { set: ['ask-again 03-08T08:00', 'snooze-ended 03-10T12:00'], gone: [] },
    'until something opens',
  );
  t.same(
    moved([first, snooze], expects('03-04', 2, '2026-03-12T12:00:00.000Z')),
    { set: ['snooze-ended 03-12T12:00'], gone: ['snooze-ended 03-10T12:00'] },
    'another level takes its place',
  );
});

t.test('hours, days and weeks over a change of clock and a leap day', async (t) => {
  const cases: [name: string, at: string, day: string, after: string, expected: string, expectedDay: string][] = [
    [
      'days keep the hour when summer time begins',
      '2026-03-28T08:00:00.000Z',
      '2026-03-28',
      '1 d',
      '2026-03-29T07:00:00.000Z',
      '2026-03-29',
    ],
    ['hours do not', '2026-03-28T08:00:00.000Z', '2026-03-28', '24 h', '2026-03-29T08:00:00.000Z', '2026-03-29'],
    [
      'days keep the hour when it ends',
      '2026-10-24T22:30:00.000Z',
      '2026-10-25',
      '1 d',
      '2026-10-25T23:30:00.000Z',
      '2026-10-26',
    ],
    [
      'an hour that the clock passes over is the one after',
      '2026-03-28T01:30:00.000Z',
      '2026-03-28',
      '1 d',
      '2026-03-29T01:30:00.000Z',
      '2026-03-29',
    ],
    [
      'weeks are seven days',
      '2026-10-20T08:00:00.000Z',
      '2026-10-20',
      '1 wk',
      '2026-10-27T09:00:00.000Z',
      '2026-10-27',
    ],
    ['a leap day is a day', '2028-02-28T08:00:00.000Z', '2028-02-28', '2 d', '2028-03-01T08:00:00.000Z', '2028-03-01'],
    [
      'without one there is none',
      '2027-02-28T08:00:00.000Z',
      '2027-02-28',
      '1 d',
      '2027-03-01T08:00:00.000Z',
      '2027-03-01',
    ],
    [
      'the day is that of the report, counted on',
      '2026-03-01T23:30:00.000Z',
      '2026-03-01',
      '2 d',
      '2026-03-03T23:30:00.000Z',
      '2026-03-03',
    ],
    [
      'of hours it is never before that',
      '2026-03-01T12:00:00.000Z',
      '2026-03-02',
      '2 h',
      '2026-03-01T14:00:00.000Z',
      '2026-03-02',
    ],
  ];
  for (const [name, at, day, after, expected, expectedDay] of cases) {
    const moment = momentAfter(TERM, { at, day }, after, ZONE);
    t.equal(moment.at, expected, name);
    t.equal(moment.day, expectedDay, name);
  }
});

t.test('any order of arrival, and any time at which a moment is heard, comes to the same', async (t) => {
  let raised = 0;
  const seeds = often(60);
  for (let seed = 1; seed <= seeds; seed += 1) {
    const next = chance(seed);
    const season = seasonOf(next);
    const end = '2026-06-30T00:00:00.000Z';
    const expected = foldWithMoments(season, policies, {}, { until: end, timeZone: ZONE });
    raised += expected.steps.filter(({ tick, transition }) => tick && transition === 'worse').length;
    for (let round = 0; round < 3; round += 1) {
      const heard = arrive(shuffled(season, next), end, next);
      t.same(plain(heard.state), plain(expected.state), `seed ${seed}`);
      t.same(plain(heard.episodes), plain(expected.episodes), `seed ${seed}`);
    }
  }
  t.ok(raised > seeds / 3, `${raised} moments raised a priority`);
});

function seasonOf(next: (below: number) => number): Report[] {
  const findings: readonly (() => Finding)[] = [
    () => graded(0),
    () => graded(1),
    () => graded(2),
    () => graded(3),
    notGradable,
    () => atLeast(1, 3),
  ];
  return Array.from({ length: 14 }, (_, index) => {
    const day = new Date(Date.UTC(2026, 2, 1 + next(80), 8)).toISOString().slice(5, 10);
    if (next(100) < 15) {
      const until = new Date(Date.parse(`2026-${day}T12:00:00.000Z`) + next(20) * 86_400_000).toISOString();
      return {
        ...expects(day, next(4), until),
        source: { type: 'Observation', id: `o${index}`, version: 1 },
      };
    }
    const finding = findings[next(findings.length)]?.() ?? graded(1);
    return report(day, finding, { id: `r${index}` });
  });
}

/** Reports come one by one; now and then the clock is heard, and what is due by then is taken in. Some due things are found only by a refold. */
function arrive(reports: readonly Report[], end: string, next: (below: number) => number) {
  const due = new Map<string, Moment>();
  const here: Report[] = [];
  let state = fold([], policies, {}).state;
  const hear = (until: string): void => {
    for (;;) {
      const [first] = [...due.values()].filter(({ at }) => at <= until).sort((a, b) => (a.at < b.at ? -1 : 1));
      if (!first) return;
      due.delete(momentName(first.tick));
      const one = tickAt(first);
      const folded = fold([...here, one], policies, {});
      if (!folded.steps.some(({ source }) => source.id === one.source.id)) continue;
      here.push(one);
      state = folded.state;
      for (const moment of momentsOf({ reports: here, steps: folded.steps }, ZONE))
        due.set(momentName(moment.tick), moment);
    }
  };
  for (const one of reports) {
    if (next(100) < 30) hear(new Date(Date.UTC(2026, 2, 1 + next(100))).toISOString());
    const isInOrder = state.upTo === undefined || one.at > state.upTo.at;
    here.push(one);
    if (isInOrder) {
      const before = state;
      const folded = fold([one], policies, {}, readState(writeState(state)));
      const { set, gone } = momentsMoved(one, folded.steps, (term) => before.terms[term], ZONE);
      for (const moment of gone) due.delete(momentName(moment.tick));
      for (const moment of set) due.set(momentName(moment.tick), moment);
      state = folded.state;
    } else {
      const folded = fold(here, policies, {});
      for (const moment of momentsOf({ reports: here, steps: folded.steps }, ZONE))
        due.set(momentName(moment.tick), moment);
      state = folded.state;
    }
  }
  hear(end);
  return fold(here, policies, {});
}
