import t from 'tap';
import type { Episode, FoldState } from '../../src/rules/episode.ts';
import { EMPTY, fold } from '../../src/rules/episodes.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { readState, writeState } from '../../src/rules/state-packed.ts';
import { demonstration, graded, report } from './builders.ts';
import { chance } from './clinic.ts';

const source = (id: string) => ({ type: 'QuestionnaireResponse' as const, id, version: 2 });
const episode: Episode = {
  term: 'PROCTCAE_16_COMP',
  status: 'open',
  origin: 'a',
  start: '2026-01-01T08:00:00.000Z',
  startAuthored: '2026-01-01T09:00:00+01:00',
  opening: source('a'),
  latest: source('b'),
  kind: 'composite',
  system: 'pro-ctcae',
  systemVersion: '1.0',
  outcome: { kind: 'at-least', min: 1, max: 3, missing: ['severity'] },
  said: { worst: true, dataQuality: ['clock-ahead'], measured: { value: 1, unit: 'g/L' }, unvalidatedWording: true },
  openingLevel: 3,
  previousGrade: 1,
  priority: 'PH',
  raised: { source: source('b'), why: [0, 3] },
  openedBy: [
    { policy: 'p|1', action: 'x' },
    { policy: 'p|1', action: 'y' },
  ],
  decidedBy: [{ policy: 'p|1', action: 'y' }],
  calmDays: 1,
  lastCalmDay: '2026-01-02',
  reports: 2,
  again: { at: '2026-01-08T08:00:00.000Z', day: '2026-01-08', after: ['2 wk', '7 d'] },
};
const full: FoldState = {
  upTo: { at: '2026-01-08T08:00:00.000Z', id: 'b' },
  terms: {
    PROCTCAE_16_COMP: {
      previous: { grade: 1, at: '2026-01-08T08:00:00.000Z', day: '2026-01-08', source: source('b') },
      baseline: { grade: 0, at: '2026-01-01T08:00:00.000Z', source: source('a') },
      episode,
    },
    PROCTCAE_9_COMP: {
      previous: { grade: 0, at: '2026-01-08T08:00:00.000Z', day: '2026-01-08', source: source('b') },
    },
    PROCTCAE_8_COMP: {},
  },
};

t.test('what is kept is read back as it was', async (t) => {
  t.strictSame(readState(writeState(full)), full);
  t.strictSame(readState(writeState(EMPTY)), EMPTY);
  t.strictSame(readState(writeState({ ...full, stale: true })), { ...full, stale: true });
});

t.test('a report that many terms point to is written once', async (t) => {
  t.equal(writeState(full).split('"QuestionnaireResponse","b",2').length - 1, 1);
});

t.test('a text that points beyond its tables is refused', async (t) => {
  t.throws(() => readState('{"reports":[],"times":[],"actions":[],"terms":{"X":{"p":[1,0,0]}}}'), RangeError);
});

t.test('the past of a term, what is expected and what has ended are read back as they were', async (t) => {
  const time = (day: string) => ({ at: `${day}T08:00:00.000Z`, day });
  const state: FoldState = {
    upTo: { at: '2026-01-08T08:00:00.000Z', id: 'b', type: 'Observation' },
    terms: {
      PROCTCAE_16_COMP: {
        episode: {
          ...episode,
          outcome: { kind: 'graded', grade: 2 },
          reopens: { origin: 'o', start: time('2025-12-01').at, end: time('2025-12-09').at },
        },
        closed: { origin: 'o', start: time('2025-12-01').at, end: time('2025-12-09').at },
        recent: {
          grades: [
            { grade: 0, ...time('2026-01-01') },
            { grade: 3, ...time('2026-01-08') },
          ],
          since: ['2026-01-08', undefined, undefined],
        },
        burden: { area: 10.5, days1: 0, since: time('2026-01-01').at },
        expected: { level: 2, until: '2026-02-01T00:00:00.000Z', at: time('2026-01-02').at, source: source('x') },
      },
      'creatinine_increased@6.0': {
        episode: {
          ...episode,
          term: 'creatinine_increased@6.0',
          origin: 'other',
          kind: 'ladder',
          system: 'ctcae',
          systemVersion: '6.0',
          reopens: { origin: 'p', start: time('2025-11-01').at, end: time('2025-11-09').at },
        },
        recent: { grades: [{ grade: 4, ...time('2026-01-08') }], since: [undefined, undefined, undefined] },
      },
    },
    baselines: { '2160-0': { value: 0.8, unit: 'mg/dL', high: 1.1, at: time('2026-01-01').at, source: source('l') } },
  };
  t.strictSame(readState(writeState(state)), state);
  t.equal(writeState(readState(writeState(state))), writeState(state), 'one state has one text');
});

t.test('a state of the first format is read, and not gone on from', async (t) => {
  const first =
    '{"upTo":{"at":"2026-01-08T08:00:00.000Z","id":"b"},"reports":[["QuestionnaireResponse","b",2]],' +
    '"times":[["2026-01-08T08:00:00.000Z","2026-01-08"]],"actions":[["p|1","x"]],"terms":{"PROCTCAE_9_COMP":{"p":[3,0,0],' +
    '"e":{"status":"open","origin":"b","start":"2026-01-08T08:00:00.000Z","kind":"composite","system":"pro-ctcae","systemVersion":"1.0",' +
    '"outcome":{"kind":"graded","grade":3},"openingLevel":3,"priority":"PH","calmDays":0,"reports":1,"opening":0,"latest":0,' +
    '"openedBy":[0],"decidedBy":[0]}}}}';
  const { stale, terms, upTo } = readState(first);
  t.equal(stale, true, 'the next report folds the patient anew');
  t.same(upTo, { at: '2026-01-08T08:00:00.000Z', id: 'b' });
  t.match(terms, {
    PROCTCAE_9_COMP: {
      previous: { grade: 3, day: '2026-01-08' },
      recent: undefined,
      burden: undefined,
      episode: {
        start: '2026-01-08T08:00:00.000Z',
        outcome: { kind: 'graded', grade: 3 },
        opening: { id: 'b' },
        openedBy: [{ policy: 'p|1', action: 'x' }],
      },
    },
  });
  t.equal(
    readState('{"reports":[],"times":[],"actions":[],"terms":{}}').stale,
    undefined,
    'an empty one has no past to miss',
  );
});

t.test('the state of a patient with 14 terms stays small after two years of weekly reports', async (t) => {
  const policies = [compilePolicy(demonstration())];
  const next = chance(3);
  const reports = Array.from({ length: 104 }, (_, week) => {
    const at = new Date(Date.UTC(2024, 0, 1, 8) + week * 7 * 86_400_000).toISOString();
    const findings = Array.from({ length: 14 }, (_, term) => ({
      ...graded(next(3) === 0 ? next(4) : next(2)),
      term: `PROCTCAE_${term + 1}_COMP`,
    }));
    const id = `0192f3a0-7b1c-8000-8000-${String(week).padStart(12, '0')}`;
    return report(at, findings, { id, baseline: week === 0 });
  });
  const { state } = fold(reports, policies, {});
  t.ok(Object.values(state.terms).filter(({ episode }) => episode).length >= 3, 'with episodes that are open');
  t.ok(writeState(state).length < 6000, `${writeState(state).length} characters`);
});
