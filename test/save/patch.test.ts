import t from 'tap';
import { FhirError } from '../../src/fhir/errors.ts';
import { applyPatch, readPatch } from '../../src/patch.ts';

const stored = (content: string) => ({ type: 'Observation', id: 'o', content });
const OBSERVATION =
  '{"resourceType":"Observation","id":"o","status":"final","valueQuantity":{"value":1.50,"unit":"n7"},"note":[{"text":"a\\"1.50"},{"text":"b"}],"referenceRange":[{"low":{"value":0.10},"high":{"value":1e3}}]}';

const patched = (patch: unknown, content = OBSERVATION): string =>
  applyPatch(stored(content), readPatch(Buffer.from(typeof patch === 'string' ? patch : JSON.stringify(patch)))).text;

const applies: [name: string, patch: unknown, from: string, to: string][] = [
  ['replace', [{ op: 'replace', path: '/status', value: 'amended' }], '"final"', '"amended"'],
  ['add a member', [{ op: 'add', path: '/note/0/x', value: 1 }], '"a\\"1.50"', '"a\\"1.50","x":1'],
  ['add at the end', [{ op: 'add', path: '/note/-', value: {} }], '{"text":"b"}]', '{"text":"b"},{}]'],
  ['add at the index after the last', [{ op: 'add', path: '/note/2', value: {} }], '{"text":"b"}]', '{"text":"b"},{}]'],
  ['remove', [{ op: 'remove', path: '/note/0' }], '{"text":"a\\"1.50"},', ''],
  [
    'move',
    [{ op: 'move', from: '/note/1', path: '/note/0' }],
    '{"text":"a\\"1.50"},{"text":"b"}',
    '{"text":"b"},{"text":"a\\"1.50"}',
  ],
  [
    'copy keeps the text of numbers',
    [{ op: 'copy', from: '/valueQuantity/value', path: '/referenceRange/0/high/value' }],
    '1e3',
    '1.50',
  ],
  [
    'a number of the patch keeps its text',
    '[{"op":"replace","path":"/valueQuantity/value","value":2.00}]',
    '1.50',
    '2.00',
  ],
  ['a test of an equal number', '[{"op":"test","path":"/valueQuantity/value","value":1.5}]', '', ''],
  [
    'a test of an object in another order',
    '[{"op":"test","path":"/valueQuantity","value":{"unit":"n7","value":15e-1}}]',
    '',
    '',
  ],
  ['a test of the whole', `[{"op":"test","path":"","value":${OBSERVATION}}]`, '', ''],
  ['no operation', [], '', ''],
  [
    'members of an operation that are not known are left aside',
    [{ op: 'test', path: '/status', value: 'final', why: 1 }],
    '',
    '',
  ],
];
for (const [name, patch, from, to] of applies) {
  t.test(`applies: ${name}; numbers that it does not touch keep their text`, async (t) => {
    const expected = name.startsWith('replace') || from === '1.50' || from === '1e3' ? undefined : OBSERVATION;
    const result = patched(patch);
    // The first place behind the notes where a note's text holds the same.
    if (from === '1.50') t.equal(result, OBSERVATION.replace('"value":1.50', `"value":${to}`));
    else
      t.equal(
        result,
        OBSERVATION.replace(from, () => to),
      );
    if (expected) t.match(result, /"value":1\.50,.*"value":0\.10\},"high":\{"value":1e3/);
  });
}

t.test('escapes in a pointer, and strings that look like ours', async (t) => {
  const odd = '{"resourceType":"Observation","id":"o","a/b":{"m~n":"\\\\u0000n1.50"},"s":"x\\"\\\\u0000n7"}';
  t.equal(patched([{ op: 'test', path: '/a~1b/m~0n', value: '\\u0000n1.50' }], odd), odd);
});

const refused: [name: string, status: number, said: RegExp, patch: unknown][] = [
  ['no JSON', 400, /./, '[{'],
  ['no array', 400, /one array/, '{"op":"add"}'],
  ['an array and more', 400, /one array/, '[],"more":1'],
  ['a step that is no object', 400, /Operation 0/, '[1]'],
  ['a key twice', 400, /./, '[{"op":"remove","op":"add","path":"/status"}]'],
  [
    'an unknown op',
    400,
    /Operation 1: op/,
    [
      { op: 'remove', path: '/status' },
      { op: 'merge', path: '/status' },
    ],
  ],
  ['no op', 400, /Operation 0: op/, [{ path: '/status' }]],
  ['no path', 400, /Operation 0: path/, [{ op: 'remove' }]],
  ['a path that is no pointer', 400, /Operation 0: path/, [{ op: 'remove', path: 'status' }]],
  ['a bad escape', 400, /Operation 0: path/, [{ op: 'remove', path: '/a~2' }]],
  ['no from', 400, /Operation 0: from/, [{ op: 'copy', path: '/status' }]],
  ['no value', 400, /Operation 0: value/, [{ op: 'add', path: '/status' }]],
  ['too many operations', 400, /1000/, Array.from({ length: 1001 }, () => ({ op: 'test', path: '/id', value: 'o' }))],
  ['replace of nothing', 422, /Operation 0 \(replace\)/, [{ op: 'replace', path: '/method', value: {} }]],
  [
    'remove of nothing',
    422,
    /Operation 1/,
    [
      { op: 'test', path: '/id', value: 'o' },
      { op: 'remove', path: '/method' },
    ],
  ],
  ['a test that fails', 422, /Operation 0 \(test\)/, [{ op: 'test', path: '/status', value: 'amended' }]],
  ['a test of another type', 422, /Operation 0/, [{ op: 'test', path: '/valueQuantity/value', value: '1.5' }]],
  ['a parent that is not there', 422, /Operation 0/, [{ op: 'add', path: '/method/text', value: 'x' }]],
  ['an index beyond', 422, /Operation 0/, [{ op: 'add', path: '/note/3', value: {} }]],
  ['an index with a zero before', 422, /Operation 0/, [{ op: 'remove', path: '/note/01' }]],
  ['an index that is none', 422, /Operation 0/, [{ op: 'replace', path: '/note/length', value: 0 }]],
  ['the place after the last replaced', 422, /Operation 0/, [{ op: 'replace', path: '/note/-', value: {} }]],
  ['a member of a string', 422, /Operation 0/, [{ op: 'remove', path: '/status/length' }]],
  ['what every object has', 422, /Operation 0/, [{ op: 'add', path: '/__proto__/x', value: 1 }]],
  ['a constructor', 422, /Operation 0/, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }]],
  ['the whole removed', 422, /Operation 0/, [{ op: 'remove', path: '' }]],
  ['the whole replaced', 422, /Operation 0/, [{ op: 'replace', path: '', value: {} }]],
  ['moved into itself', 422, /Operation 0/, [{ op: 'move', from: '/note', path: '/note/0/text' }]],
  ['another id', 422, /the id/, [{ op: 'replace', path: '/id', value: 'p' }]],
  ['no id', 422, /the id/, [{ op: 'remove', path: '/id' }]],
  ['another type', 422, /the type/, [{ op: 'replace', path: '/resourceType', value: 'Patient' }]],
  [
    'what doubles itself',
    422,
    /too much/,
    Array.from({ length: 60 }, () => ({ op: 'copy', from: '/note', path: '/note/-' })),
  ],
  [
    'what nests without end',
    422,
    /./,
    Array.from({ length: 900 }, (_, i) => ({ op: i === 0 ? 'add' : 'move', from: '/note', path: '/note', value: [] }))
      .flatMap(() => [
        { op: 'add', path: '/next', value: { a: {} } },
        { op: 'move', from: '/note', path: '/next/a/b' },
        { op: 'move', from: '/next', path: '/note' },
      ])
      .slice(0, 999),
  ],
];
for (const [name, status, said, patch] of refused) {
  t.test(`refuses: ${name}`, async (t) => {
    try {
      patched(patch);
      t.fail('was applied');
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      t.equal(error.status, status);
      t.match(error.issues[0].diagnostics, said);
    }
  });
}

t.test('a long text and many numbers take no time to speak of', async (t) => {
  const long = `{"resourceType":"Observation","id":"o","s":"${'\\n"x'.replace('"', '\\"').repeat(150_000)}","n":[${'1.50,'.repeat(50_000)}1]}`;
  t.equal(patched([{ op: 'add', path: '/t', value: 1 }], long).length, long.length + 6);
});
