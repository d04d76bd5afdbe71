import t from 'tap';
import { crashTest } from './crash/crash.ts';

/** CI kills ten times, `npm run test:crash` a hundred times. */
const KILLS = Number(process.env.CRASH_KILLS ?? 4);

t.test(
  'kills of service and database lose nothing that was acknowledged, and leave no half',
  { timeout: 0 },
  async (t) => {
    const report = await crashTest({ kills: KILLS, seed: 12, writers: 16, main: 'dist/main.js' });
    t.strictSame(report.violations, []);
    t.equal(report.kills.length, KILLS);
    const during = report.kills.filter(({ duringCommit }) => duringCommit).length;
    t.ok(during >= Math.floor(KILLS / 5), `${during} of the kills fell into a commit of an evaluation`);
    t.ok(report.acknowledged > 0);
  },
);
