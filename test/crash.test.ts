import t from 'tap';
import { crashTest } from './crash/crash.ts';

t.test(
  'ten kills of service and database lose nothing that was acknowledged, and leave no half',
  { timeout: 0 },
  async (t) => {
    const report = await crashTest({ kills: 10, seed: 12, writers: 16, main: 'dist/main.js' });
    t.strictSame(report.violations, []);
    t.equal(report.kills.length, 10);
    const during = report.kills.filter(({ duringCommit }) => duringCommit).length;
    t.ok(during >= 2, `${during} of the kills fell into a commit of an evaluation`);
    t.ok(report.acknowledged > 0);
  },
);
