import t from 'tap';
import { isNamed, testsCalled, testsOf } from './test-names.ts';

const runs: [name: string, source: string, called: string][] = [
  ['a test', `t.test('it holds', async (t) => {});`, 'it holds'],
  ['a subtest', `t.test('outer', async (t) => { await t.test('it holds', async () => {}); });`, 'it holds'],
  ['with options', `t.test('it holds', { timeout: 0 }, async (t) => {});`, 'it holds'],
  ['a body that is a function', `t.test('it holds', async function (t) {});`, 'it holds'],
  ['a text of another kind', 't.test(`it holds`, async (t) => {});', 'it holds'],
  [
    'a case of a table',
    `const cases: Case[] = [['one', 1], ['it holds', 2]];
     for (const [name, value] of cases) t.test(name, async (t) => t.ok(value));`,
    'it holds',
  ],
  [
    'a case with words around it, by its own',
    `const cases = [['it holds', 1]];
     for (const [name] of cases) { t.test(\`refused: \${name} at last\`, async (t) => {}); }`,
    'it holds',
  ],
  [
    'the same, by its whole name',
    `const cases = [['it holds', 1]];
     for (const [name] of cases) { t.test(\`refused: \${name} at last\`, async (t) => {}); }`,
    'refused: it holds at last',
  ],
  ['a list in the loop', `for (const name of ['it holds'] as const) t.test(name, async (t) => {});`, 'it holds'],
  ['a case as an object', `for (const { name } of [{ name: 'it holds' }]) t.test(name, async (t) => {});`, 'it holds'],
  [
    'a renamed member of it',
    `for (const { says: name } of [{ says: 'it holds' }]) t.test(name, async (t) => {});`,
    'it holds',
  ],
  [
    'a member of an object',
    `t.test('outer', async (t) => {
       const ways: Record<string, () => void> = { first: () => {}, 'it holds': () => {} };
       for (const [name, way] of Object.entries(ways)) await t.test(name, async (t) => way());
     });`,
    'it holds',
  ],
  [
    'the nearest table of that name',
    `const cases = [['far']];
     t.test('outer', async (t) => { const cases = [['it holds']]; for (const [name] of cases) t.test(name, async () => {}); });`,
    'it holds',
  ],
  [
    'words beside what is known only when it runs',
    `for (const what of kinds()) t.test(\`a failure in \${what} never loses it\`, async (t) => {});`,
    'never loses it',
  ],
];
for (const [name, source, called] of runs) {
  t.test(`a test surely runs: ${name}`, async (t) => {
    t.equal(testsCalled(source, called).length, 1);
  });
}

const doesNotRun: [name: string, source: string][] = [
  ['in a comment', `// t.test('it holds', async (t) => {});\n/* t.test('it holds', async (t) => {}); */`],
  ['renamed, with the old name in a comment', `// it holds\nt.test('it stands', async (t) => {});`],
  ['in a text', `t.test('other', async (t) => { t.equal(told, 'it holds'); });`],
  ['as the name of an assertion', `t.test('other', async (t) => { t.ok(true, 'it holds'); });`],
  ['a longer name', `t.test('it holds, though late', async (t) => {});`],
  ['a shorter name', `t.test('it', async (t) => {});`],
  ['skip', `t.test('it holds', { skip: true }, async (t) => {});`],
  ['skip for a reason', `t.test('it holds', { skip: !existsSync(TABLE) }, async (t) => {});`],
  ['skip after the body', `t.test('it holds', async (t) => {}, { skip: true });`],
  ['todo', `t.test('it holds', { todo: 'later' }, async (t) => {});`],
  ['a name in quotes', `t.test('it holds', { 'skip': true }, async (t) => {});`],
  ['options from elsewhere', `t.test('it holds', options, async (t) => {});`],
  ['options from elsewhere among others', `t.test('it holds', { timeout: 0, ...options }, async (t) => {});`],
  ['t.skip', `t.skip('it holds', async (t) => {});`],
  ['t.todo', `t.todo('it holds', async (t) => {});`],
  ['without a body', `t.test('it holds');`],
  ['a pattern of that name', `t.test('other', async (t) => { const found = pattern.test('it holds'); });`],
  ['in one that is skipped', `t.test('outer', { skip: true }, async (t) => { t.test('it holds', async (t) => {}); });`],
  ['in one that is t.skip', `t.skip('outer', async (t) => { t.test('it holds', async (t) => {}); });`],
  ['if it may be', `if (process.env.SLOW) t.test('it holds', async (t) => {});`],
  ['a case that nobody goes through', `const cases = [['it holds']];`],
  [
    'a case of a table that is skipped',
    `for (const [name] of [['it holds']]) t.test(name, { skip: true }, async (t) => {});`,
  ],
  [
    'a case that is in a comment',
    `for (const [name] of [\n// ['it holds'],\n['other']]) t.test(name, async (t) => {});`,
  ],
  [
    'another member of a case',
    `for (const [name, says] of [['other', 'it holds']]) t.test(name, async (t) => t.ok(says));`,
  ],
  [
    'a case of another table',
    `const a = [['it holds']];\nconst b = [['other']];\nfor (const [name] of b) t.test(name, async (t) => {});`,
  ],
  ['a name of which nothing is known', `for (const name of names()) t.test(name, async (t) => {});`],
  [
    'a name from around, in a loop of its own',
    `for (const name of ['it holds']) { for (const name of names()) t.test(name, async (t) => {}); }`,
  ],
];
for (const [name, source] of doesNotRun) {
  t.test(`no test surely runs: ${name}`, async (t) => {
    t.same(testsCalled(source, 'it holds'), []);
  });
}

t.test('what has failed is named by whole names, with what is known only when it runs in its place', async (t) => {
  const tests = testsOf(
    `for (const one of all()) t.test(\`(\${one}) holds.\`, async (t) => {}); t.test('it is', async () => {});`,
  );
  for (const [name, expected] of [
    ['(this) holds.', true],
    ['(this) holds!', false],
    ['() holds.', false],
    ['so (this) holds.', false],
    ['it is', true],
    ['it is so', false],
  ] as const) {
    t.equal(isNamed(tests, name), expected, name);
  }
});
