import { readFileSync } from 'node:fs';
import t from 'tap';
import { lowest } from '../../../src/rules/finding.ts';
import { find, inWords, PRINTED, type Printed, q } from './limits-by-hand.ts';

for (const { entry, version, side, number, unit, loinc, facts } of PRINTED) {
  t.test(`${entry.id} v${version}: a limit of normal against the printed ${number} ${unit}`, async (t) => {
    // By a hundredth: away from normal, and toward it.
    const [beyond, within] = side === 'low' ? [0.99, 1.01] : [1.01, 0.99];
    const told = (value: number, limit: number) =>
      find(entry.id, version, loinc, q(value, unit), {
        facts,
        limits: side === 'low' ? [limit, undefined, unit] : [undefined, limit, unit],
      });
    const normal = number * within;
    t.equal(inWords(told(normal, number)), '0', 'the limit is the printed number');
    // Grades 1 and 2 of too little potassium share one range.
    t.match(inWords(told(normal, number * within ** 2)), /^1(-2)?$/, 'there is room for grade 1');
    const doubted = told(normal, number * beyond);
    t.match(inWords(doubted), /^0-[12] \?$/, 'none is possible: never grade 0');
    t.match(doubted.outcome, { missing: [side === 'low' ? 'lower-limit' : 'upper-limit'] });
    t.equal(doubted.measured?.[side], undefined, 'it is not told as one that was compared with');
    const graded = told(number * beyond, number * beyond ** 2);
    t.ok((lowest(graded.outcome) ?? 0) >= 1, 'what is printed needs no limit');
    t.strictSame(graded.outcome, told(number * beyond, number * within ** 2).outcome, 'and stays what it is');
  });
}

t.test('the documentation names each number that a limit may contradict, and no other', async (t) => {
  const text = readFileSync('docs/grading-ctcae.md', 'utf8');
  const section = /## Limits of normal that are not believed\n(.*?)\n## /s.exec(text)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `([a-z_]+)` \| (.+?) \| (.+?) \|$/gm)].map(([, id, versions, numbers]) => {
    return `${id} ${versions}: ${numbers}`;
  });
  const byEntry = new Map<string, Printed[]>();
  for (const one of PRINTED) byEntry.set(one.entry.id, [...(byEntry.get(one.entry.id) ?? []), one]);
  const expected = [...byEntry].map(([id, all]) => {
    const versions = [...new Set(all.map(({ version }) => version))].join(', ');
    const said = all.map(({ side, number, unit, loinc }) => {
      const sample = loinc === '1994-3' ? ' (ionised)' : '';
      return `${side === 'low' ? 'lower below' : 'upper above'} ${number} ${unit.replace('*', '\\*')}${sample}`;
    });
    return `${id} ${versions}: ${[...new Set(said)].join('; ')}`;
  });
  t.strictSame(rows, expected);
});
