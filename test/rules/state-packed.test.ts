import t from 'tap';
import type { Episode, FoldState } from '../../src/rules/episode.ts';
import { EMPTY } from '../../src/rules/episodes.ts';
import { readState, writeState } from '../../src/rules/state-packed.ts';

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
  openingLevel: 3,
  previousGrade: 1,
  priority: 'PH',
  openedBy: [
    { policy: 'p|1', action: 'x' },
    { policy: 'p|1', action: 'y' },
  ],
  decidedBy: [{ policy: 'p|1', action: 'y' }],
  calmDays: 1,
  lastCalmDay: '2026-01-02',
  reports: 2,
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
