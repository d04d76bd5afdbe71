/** Replays the corpus in a process of its own, and tells of each record what came of it: one line of JSON. */
import { readdirSync, readFileSync } from 'node:fs';
import { replayGolden } from './golden.ts';

const [, , folder = 'test/golden'] = process.argv;
const told = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const { outcome, differences } = replayGolden(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
    return { file, outcome, differences };
  });
console.log(JSON.stringify({ zone: new Date(Date.UTC(2026, 2, 1)).getTimezoneOffset(), told }));
