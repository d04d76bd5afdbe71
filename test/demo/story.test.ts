import t from 'tap';
import { readChart } from '../../src/demo/chart.ts';
import { playSeason } from '../../src/demo/patient-app.ts';
import { inOrderOfArrival, SEASON, type Week } from '../../src/demo/season.ts';
import { tellStory } from '../../src/demo/story.ts';
import { listeningApp } from '../support/listening.ts';

t.test('the story is that of the answers', async (t) => {
  const { app, client } = await listeningApp();
  t.teardown(() => app.close());
  const told = async (season: readonly Week[]): Promise<string> =>
    tellStory(await readChart(client, await playSeason(client, season, new Date()))).join('\n');

  t.test('as it is played', async (t) => {
    const story = await told(SEASON);
    for (const line of [
      /F4 S3 = 3 .*S2 I2 = 2/,
      /late, after \d\d [A-Z][a-z]{2}$/m,
      /F1 = 1 .*amended$/m,
      /Nausea: closed, .* to /,
      /opened, medium priority .*F3 S2, grade 2/,
      /since rise of 2 or more since the previous gradable report/,
      /escalated to high priority .*F4 S3, grade 3/,
      /since two calm days/,
      /Fatigue: open since /,
      /Diarrhea: retracted/,
      /Policy .*PlanDefinition\/demonstration version 1\.0\.0/,
    ]) {
      t.match(story, line);
    }
    const lines = story.split('\n');
    t.ok(lines.length >= 40 && lines.length <= 75, `it is ${lines.length} lines long`);
    t.ok(
      lines.every((line) => line.length <= 110),
      'that fit a terminal',
    );
  });

  t.test('a calm season tells of no Flag', async (t) => {
    const story = await told(SEASON.map(({ weeksAgo }) => ({ weeksAgo, answers: { fatigue: [1, 1] } })));
    t.match(story, /No Flag was opened/);
    t.notMatch(story, /Nausea: /);
  });

  t.test('a correction that is not sent retracts nothing', async (t) => {
    const story = await told(SEASON.map(({ corrected: _corrected, ...week }) => week));
    t.match(story, /Diarrhea: open since /);
    t.notMatch(story, /retracted|amended/);
  });

  t.test('pain in place of nausea is a Flag of pain', async (t) => {
    const story = await told([
      { weeksAgo: 2, answers: {} },
      { weeksAgo: 1, answers: { pain: [4, 4, 4] } },
    ]);
    t.match(story, /General pain: open since /);
    t.match(story, /F4 S4 I4 = 3/);
  });
});

t.test('a late report arrives after the one that follows it, several of them together', async (t) => {
  const week = (weeksAgo: number, late?: true): Week => ({ weeksAgo, answers: {}, ...(late ? { late } : {}) });
  const arrived = (...weeks: Week[]): number[] => inOrderOfArrival(weeks).map(({ weeksAgo }) => weeksAgo);
  t.same(arrived(week(3), week(2, true), week(1)), [3, 1, 2]);
  t.same(arrived(week(4), week(3, true), week(2, true), week(1)), [4, 1, 3, 2]);
  t.same(arrived(week(2), week(1, true)), [2, 1], 'the last one at the end');
});
