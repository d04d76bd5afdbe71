import { readFileSync } from 'node:fs';
import t from 'tap';
import { CONTROLS } from './controls.ts';
import { testsCalled } from './test-names.ts';

const DOCUMENT = readFileSync('docs/safety.md', 'utf8');
const count = (text: string, part: string): number => text.split(part).length - 1;

t.test('every control is told in docs/safety.md under its hazard, with its test, and no other is', async (t) => {
  const told = DOCUMENT.split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const hazard = section.slice(0, section.indexOf('\n')).trim();
      const rows = section.matchAll(/^\| (S\d+) \| (.+?) \| `(.+?)` \| `(.+?)`: (.+?) \|$/gm);
      return [...rows].map(([, id, control, code, file, name]) => ({ id, hazard, control, code, file, name }));
    });
  t.same(
    told,
    [...CONTROLS]
      .sort((a, b) => told.findIndex(({ id }) => id === a.id) - told.findIndex(({ id }) => id === b.id))
      .map(({ id, hazard, control, code, test }) => ({
        id,
        hazard,
        control,
        code: code.file,
        file: test.file,
        name: test.name,
      })),
  );
});

t.test(
  'the code of every control stands where it is said, once, another takes its place, and its test surely runs',
  async (t) => {
    for (const { id, code, test } of CONTROLS) {
      t.equal(count(readFileSync(code.file, 'utf8'), code.from), 1, `${id}: its code in ${code.file}`);
      t.not(code.from, code.to, `${id}: what is taken out`);
      t.ok(testsCalled(readFileSync(test.file, 'utf8'), test.name).length > 0, `${id}: ${test.name}`);
    }
  },
);
