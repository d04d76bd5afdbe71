/**
 * The season: patients report, nurses work and time passes, three times over: undisturbed, with processes killed by signal 9, and by two processes
 * on one database. All three have to come to the same.
 *
 *     npm run test:season -- --patients 500 --weeks 26 --kills 40 --seed 7 --keep
 */
import { parseArgs } from 'node:util';
import { seasonTest } from './season.ts';

const { values } = parseArgs({
  options: {
    patients: { type: 'string', default: '500' },
    weeks: { type: 'string', default: '26' },
    kills: { type: 'string', default: '40' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    start: { type: 'string', default: '2025-10-06' },
    keep: { type: 'boolean', default: false },
  },
});
console.log(`seed ${values.seed}`);
const runs = await seasonTest({
  patients: Number(values.patients),
  weeks: Number(values.weeks),
  kills: Number(values.kills),
  seed: Number(values.seed),
  start: values.start,
  keep: values.keep,
  tell: (line) => console.log(line),
});
for (const { name, differences, violations, refused, ...told } of runs) {
  console.log(`${name}: ${JSON.stringify(told)}`);
  for (const line of refused.slice(0, 10)) console.log(`  REFUSED ${line}`);
  for (const line of violations.slice(0, 20)) console.log(`  VIOLATION ${line}`);
  for (const line of differences.slice(0, 40)) console.log(`  DIFFERENT ${line}`);
}
const wrong = runs.reduce((sum, { differences, violations }) => sum + differences.length + violations.length, 0);
console.log(`${wrong === 0 ? 'all came to the same' : `${wrong} differences and violations`} (seed ${values.seed})`);
process.exit(wrong === 0 ? 0 : 1);
