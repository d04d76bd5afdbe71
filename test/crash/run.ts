/**
 * The crash test: writers post over HTTP while service and database are killed with signal 9, then every acknowledged write is looked for.
 *
 *     npm run test:crash -- --kills 100 --seed 7 --writers 16 --keep
 */
import { parseArgs } from 'node:util';
import { crashTest } from './crash.ts';
import { TARGETS } from './killer.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    writers: { type: 'string', default: '16' },
    main: { type: 'string', default: 'dist/main.js' },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const report = await crashTest({
  kills: Number(values.kills),
  seed,
  writers: Number(values.writers),
  main: values.main,
  keep: values.keep,
  tell: (line) => console.log(line),
});
const { kills, violations } = report;
for (const target of TARGETS) {
  const these = kills.filter((kill) => kill.target === target);
  const during = these.filter(({ duringCommit }) => duringCommit).length;
  console.log(`killed ${target}: ${these.length}, ${during} of them while a commit was under way`);
}
const during = kills.filter(({ duringCommit }) => duringCommit).length;
const busy = kills.filter(({ unanswered }) => unanswered > 0).length;
console.log(
  `${kills.length} kills, ${during} while a commit of an evaluation was seen under way, ${busy} with writes sent and not answered; ` +
    `${report.failedStarts} starts had to be tried again`,
);
console.log(`${report.acknowledged} writes acknowledged; audited: ${JSON.stringify(report.audited)}`);
const aimed = during * 5 >= kills.length;
if (!aimed) console.log('Fewer than a fifth of the kills fell into a commit: this run shows too little');
for (const violation of violations.slice(0, 40)) console.log(`VIOLATION ${violation}`);
if (values.keep) console.log(`kept in ${report.folder}`);
console.log(
  `${violations.length === 0 ? 'nothing lost, no half' : `${violations.length} violations`} (seed ${seed}, ${report.seconds} s)`,
);
process.exit(violations.length === 0 && aimed ? 0 : 1);
