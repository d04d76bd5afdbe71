import t, { type Test } from 'tap';
import { playSeason } from '../../src/demo/patient-app.ts';
import { SEASON, type Week } from '../../src/demo/season.ts';
import { passTime } from '../../src/demo/time.ts';
import { tellTime } from '../../src/demo/time-story.ts';
import { listeningApp } from '../support/listening.ts';
import { sweep } from '../support/plans.ts';

/** A Friday afternoon in Paris: the work of it is due on Monday, a quarter past eleven. */
const FRIDAY = new Date('2026-11-06T14:15:00.000Z');

async function told(t: Test, season: readonly Week[]): Promise<string> {
  let now = FRIDAY;
  const { app, client } = await listeningApp({ now: () => now });
  t.teardown(() => app.close());
  const patient = await playSeason(client, season, FRIDAY);
  const passed = await passTime(client, patient, FRIDAY, async (to) => {
    now = to;
    await sweep(app);
  });
  return tellTime(passed).join('\n');
}

t.test('what time does is told: work that nobody answers, and a report that does not come', async (t) => {
  const story = await told(t, SEASON);
  for (const line of [
    /06 Nov 14:15 {2}requested, new\n +for the nurse, urgent, by 09 Nov 10:15/,
    /09 Nov 10:15 {2}requested, escalated: overdue since 2026-11-09T10:15:00.000Z\n +for the physician, asap, by 09 Nov 14:15/,
    /09 Nov 11:15 {2}completed, acknowledged\n +by the coordinating nurse: Advice given/,
    /Report missing: /,
    /05 Nov 23:00 {2}a report is expected/,
    /12 Nov 23:00 {2}none has come: missing; the Flag is active/,
    /for the nurse, routine, by 13 Nov 12:00/,
  ]) {
    t.match(story, line);
  }
  t.ok(
    story.split('\n').every((line) => line.length <= 110),
    'it fits a terminal',
  );
});

t.test('where nothing is open there is no work that is late', async (t) => {
  const story = await told(
    t,
    SEASON.map(({ weeksAgo }) => ({ weeksAgo, answers: { fatigue: [1, 1] } })),
  );
  t.notMatch(story, /escalated|completed/);
  t.match(story, /Report missing: /);
});
