import t from 'tap';
import { seasonTest } from './season/season.ts';

t.test(
  'a season of time and work comes to the same undisturbed, with processes killed, and by two processes',
  { timeout: 0 },
  async (t) => {
    const runs = await seasonTest({ patients: 5, weeks: 3, kills: 3, seed: 6, start: '2025-10-06' });
    t.equal(runs.length, 3);
    for (const { name, killed, spared, violations, differences, refused } of runs) {
      t.same(violations, [], `${name}: every request was answered as it must be`);
      t.same(differences, [], `${name}: the same Flags, Tasks, escalations, missing reports and moments`);
      t.same(refused, [], `${name}: no move was refused`);
      if (name === 'undisturbed') continue;
      t.ok(killed.sweep > 0 && killed.posts > 0 && killed.moves > 0, `${name}: kills fell where something happened`);
      t.equal(spared, 0);
    }
    const [undisturbed] = runs;
    for (const what of SEEN) t.ok((undisturbed?.counts[what] ?? 0) > 0, `there are ${what}`);
  },
);

/** Without any of these the season would show little. */
const SEEN = [
  'Flags',
  'Flags closed',
  'Flags retracted',
  'missing-report',
  'moments',
  'Tasks escalated',
  'Tasks overdue',
  'Tasks snoozed',
  'Tasks completed',
];
