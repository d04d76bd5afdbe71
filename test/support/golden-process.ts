/** Replays the corpus in a process of its own, and tells of each record what came of it: one line of JSON. */
import { readdirSync, readFileSync } from 'node:fs';
import { canonicalJson, sha256 } from '../../src/rules/canonical-json.ts';
import { type Golden, replayGolden } from './golden.ts';

const [, , folder = 'test/golden'] = process.argv;
const told = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const golden: Golden = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
    const { outcome, differences } = replayGolden(golden);
    return { file, outcome, differences, digest: sha256(canonicalJson(golden.record)) };
  });
console.log(JSON.stringify({ node: process.version, zone: new Date(Date.UTC(2026, 2, 1)).getTimezoneOffset(), told }));
