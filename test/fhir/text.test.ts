import t from 'tap';
import { FhirError } from '../../src/fhir/errors.ts';
import { readText, splice, spliceOwn } from '../../src/fhir/text.ts';

const nested = (depth: number): string => `{"resourceType":"Basic","a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
const body = (members: string): string => `{"resourceType":"Basic",${members}}`;

const refused: [name: string, body: string | Buffer, code: string, says: RegExp, expression?: string][] = [
  ['an empty body', '', 'invalid', /Malformed JSON at line 1, column 1/],
  ['white space only', ' \n ', 'invalid', /line 2, column 2/],
  ['a text that stops midway', '{"resourceType":"Basic",\n "id"', 'invalid', /line 2, column 6: expected a colon/],
  ['a comma too many', body('"id":"a",'), 'invalid', /property name in double quotes/],
  ['single quotes', "{'a':1}", 'invalid', /property name in double quotes/],
  ['two roots', '{}{}', 'invalid', /nothing more/],
  ['a leading zero', body('"a":01'), 'invalid', /a comma or }/],
  ['a number without digits', body('"a":-'), 'invalid', /a value/],
  ['NaN', body('"a":NaN'), 'invalid', /a value/],
  ['a control character in a string', body('"a":"\u0001"'), 'invalid', /control character/],
  ['an unknown escape', body('"a":"\\x"'), 'invalid', /escape/],
  ['an array as the root', '[]', 'structure', /an array came/],
  ['null as the root', 'null', 'structure', /null came/],
  ['a string as the root', '"Patient"', 'structure', /a string came/],
  ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), 'invalid', /UTF-8/],
  ['an overlong UTF-8 sequence', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), 'invalid', /UTF-8/],
  ['a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 'invalid', /UTF-8/],
  ['a byte order mark', '\uFEFF{}', 'invalid', /byte order mark/],
  ['a key twice', body('"id":"a","id":"b"'), 'structure', /twice/, 'Basic.id'],
  ['a key twice with the same value', body('"id":"a","id":"a"'), 'structure', /twice/, 'Basic.id'],
  ['a key twice, once escaped', body('"id":"a","\\u0069d":"b"'), 'structure', /twice/, 'Basic.id'],
  ['a key twice deep inside', body('"x":[{},{"y":1,"y":2}]'), 'structure', /twice/, 'Basic.x[1].y'],
  ['resourceType twice', body('"resourceType":"Patient"'), 'structure', /twice/, 'Patient.resourceType'],
  ['a key __proto__', body('"__proto__":{"a":1}'), 'structure', /__proto__/],
  ['an escaped __proto__', body('"x":{"\\u005f_proto__":1}'), 'structure', /__proto__/],
  ['nesting of 65', nested(64), 'structure', /deeper than 64/],
  ['nesting of 5,000', nested(5000), 'structure', /deeper than 64/],
  ['nesting of 400,000', nested(400_000), 'structure', /deeper than 64/],
  ['nesting of 400,000 that never ends', '['.repeat(400_000), 'structure', /deeper than 64/],
  ['1e999', body('"a":1e999'), 'structure', /out of range/, 'Basic.a'],
  ['-1e999 in an array', body('"a":[1,-1e999]'), 'structure', /out of range/, 'Basic.a[1]'],
  ['400 digits', body(`"a":${'9'.repeat(400)}`), 'structure', /out of range/, 'Basic.a'],
  ['1e-400, which would become 0', body('"a":1e-400'), 'structure', /out of range/, 'Basic.a'],
  ['1E+309', body('"a":0.1E+309'), 'structure', /out of range/, 'Basic.a'],
  ['a high surrogate alone', body('"a":"\\ud800"'), 'structure', /surrogate/, 'Basic.a'],
  ['a low surrogate alone', body('"a":"\\udc00"'), 'structure', /surrogate/, 'Basic.a'],
  ['two high surrogates', body('"a":"\\ud800\\ud800"'), 'structure', /surrogate/, 'Basic.a'],
  ['a high surrogate before a letter', body('"a":"\\ud800x"'), 'structure', /surrogate/, 'Basic.a'],
  ['a lone surrogate in a key', body('"\\ud800":1'), 'structure', /surrogate/],
  ['U+0000', body('"a":"x\\u0000"'), 'structure', /U\+0000/, 'Basic.a'],
];
for (const [name, text, code, says, expression] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    try {
      readText(Buffer.from(text));
      t.fail('was accepted');
    } catch (thrown) {
      t.ok(thrown instanceof FhirError);
      const { issues, status } = thrown as FhirError;
      t.equal(status, 400);
      t.equal(issues[0].code, code);
      t.match(issues[0].diagnostics, says);
      if (expression) t.equal(issues[0].expression, expression);
    }
  });
}

const kept: [name: string, received: string, text?: string][] = [
  ['nothing but the type', '{"resourceType":"Basic"}'],
  ['decimals as written', body('"a":[1.50,1e2,-0,-0.0,10000000000000001,1E+5,1e-308,0.10]')],
  ['escapes as written', body('"a":"\\u00e9\\/\\ud83d\\ude00\\"\\\\","\\u0062":1')],
  ['letters outside ASCII', body('"a":"é 😀"')],
  ['white space inside strings', body('"a b":" \\n x "')],
  ['true, false and null', body('"a":[true,false,null]')],
  ['keys that JavaScript knows', body('"constructor":1,"prototype":2,"toString":3,"hasOwnProperty":4')],
  ['nesting of 64', nested(63)],
  [
    'white space outside',
    ' {\t"resourceType" :\r\n "Basic" , "a" : [ 1.50 , { } , [ ] ] } \n',
    '{"resourceType":"Basic","a":[1.50,{},[]]}',
  ],
  ['an empty object', '{ }', '{}'],
];
for (const [name, received, text] of kept) {
  t.test(`kept: ${name}`, async (t) => {
    const read = readText(Buffer.from(received));
    t.equal(read.text, text ?? received);
    t.same(read.value, JSON.parse(received));
  });
}

const META = '"meta":{"versionId":"7","lastUpdated":"L"';
const spliced: [name: string, received: string, stored: string][] = [
  ['into a bare resource', '{"resourceType":"Basic"}', `{"resourceType":"Basic","id":"i",${META}}}`],
  ['before what follows', body('"n":1.50'), `{"resourceType":"Basic","id":"i",${META}},"n":1.50}`],
  ['in place of the sent id', body('"id":"old","n":1'), `{"resourceType":"Basic","id":"i",${META}},"n":1}`],
  [
    'when the type comes last',
    '{"n":1e2,"id":"old","resourceType":"Basic"}',
    `{"resourceType":"Basic","id":"i",${META}},"n":1e2}`,
  ],
  [
    'between members in any order',
    ' { "a" : 1 , "meta" : { } , "b" : 2.0 , "resourceType" : "Basic" , "c" : 3 , "id" : "x" , "d" : 4 } ',
    `{"resourceType":"Basic","id":"i",${META}},"a":1,"b":2.0,"c":3,"d":4}`,
  ],
  ['over an escaped key', '{"\\u0069d":"old","resourceType":"Basic"}', `{"resourceType":"Basic","id":"i",${META}}}`],
  [
    'keeping what is the client’s in meta, to the digit',
    body(
      '"meta":{"versionId":"1","_versionId":{"id":"v"},"source":"urn:x","lastUpdated":"2001-01-01T00:00:00Z","profile":["p"],"extension":[{"url":"u","valueDecimal":1.50}],"tag":[{"code":"é"}]}',
    ),
    `{"resourceType":"Basic","id":"i",${META},"source":"urn:x","profile":["p"],"extension":[{"url":"u","valueDecimal":1.50}],"tag":[{"code":"é"}]}}`,
  ],
  [
    'not into an inner id or meta',
    body('"contained":[{"id":"c","meta":{"versionId":"3"}}]'),
    `{"resourceType":"Basic","id":"i",${META}},"contained":[{"id":"c","meta":{"versionId":"3"}}]}`,
  ],
  [
    'behind letters outside ASCII',
    '{"é":"😀","resourceType":"Basic","z":"é","id":"o","y":1}',
    `{"resourceType":"Basic","id":"i",${META}},"é":"😀","z":"é","y":1}`,
  ],
];
for (const [name, received, stored] of spliced) {
  t.test(`id and meta are spliced in ${name}`, async (t) => {
    const { head, tail } = splice(readText(Buffer.from(received)), { id: 'i', versionId: '7' });
    t.equal(`${head}L${tail}`, stored);
    t.doesNotThrow(() => JSON.parse(`${head}L${tail}`));
  });
}

const A = { system: 's', code: 'a' };
const tagged: [name: string, meta: string, tags: unknown][] = [
  ['where there is no meta', '', [A]],
  ['where there is no tag', '"meta":{"profile":["p"]}', [A]],
  ['where the list is empty', '"meta":{"tag":[]}', [A]],
  ['beside another', '"meta":{"tag":[{"system":"s","code":"b"}],"profile":["p"]}', [{ system: 's', code: 'b' }, A]],
  ['once only', '"meta":{"tag":[{"system":"s","code":"a","display":"x"}]}', [{ ...A, display: 'x' }]],
];
for (const [name, meta, tags] of tagged) {
  t.test(`a tag is added ${name}`, async (t) => {
    const received = readText(Buffer.from(meta ? body(meta) : '{"resourceType":"Basic"}'));
    const { head, tail } = splice(received, { id: 'i', versionId: '1', addTags: [A] });
    t.same(JSON.parse(`${head}L${tail}`).meta.tag, tags);
  });
}

t.test('our own resources are stamped alike', async (t) => {
  const { head, tail } = spliceOwn(
    { resourceType: 'Basic', id: 'x', meta: { versionId: '1', profile: ['p'] }, code: { text: 't' } },
    { id: 'i', versionId: '7', addTags: [A] },
  );
  t.equal(
    `${head}L${tail}`,
    `{"resourceType":"Basic","id":"i",${META},"profile":["p"],"tag":[{"system":"s","code":"a"}]},"code":{"text":"t"}}`,
  );
});

t.test('what a client typed as a key is not repeated', async (t) => {
  t.throws(() => readText(Buffer.from(body('"Jane Doe":{"b":1,"b":2}'))), { message: /^(?!.*Jane)/ });
  try {
    readText(Buffer.from(body('"Jane Doe":{"b":1,"b":2}')));
  } catch (thrown) {
    t.notMatch(JSON.stringify((thrown as FhirError).issues), /Jane/);
  }
});
