import { readFileSync } from 'node:fs';
import t from 'tap';
import { SETTINGS } from '../src/config.ts';

const readme = readFileSync('README.md', 'utf8');

t.test('the table of settings is that of the code, both ways', async (t) => {
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$/gm)].map(([, name, standard, description]) => [
    name,
    standard,
    description,
  ]);
  const expected = Object.entries(SETTINGS).map(([name, setting]) => [
    name,
    'default' in setting && setting.default !== '' ? `\`${setting.default}\`` : '',
    setting.description,
  ]);
  t.same(rows, expected);
});

t.test('a signal that npm is sent reaches the process that stops cleanly', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  // npm hands it to its shell alone, so the shell must have become that process.
  for (const name of ['start', 'dev', 'demo']) t.match(scripts[name], / && exec node /, name);
});

t.test('every script that the README names is there', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [, name = ''] of readme.matchAll(/npm run (?:--silent )?([a-z][a-z:]*)/g))
    t.ok(name in scripts, `npm run ${name}`);
});
