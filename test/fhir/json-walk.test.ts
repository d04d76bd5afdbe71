import t from 'tap';
import { itemsOf, membersOf } from '../../src/fhir/json-walk.ts';
import { readText, receivedOf, subText } from '../../src/fhir/text.ts';

t.test('members and items of a compact text', async (t) => {
  const texts: [name: string, text: string][] = [
    ['nothing', '{}'],
    ['one of each kind', '{"a":1.50,"b":"x","c":true,"d":null,"e":[],"f":{},"g":-1e5}'],
    ['brackets, quotes and backslashes in strings', '{"a":"}]{[,:","b":"\\"","c":"\\\\","d":"\\\\\\"}","e":{"f":"]"}}'],
    ['escapes in a key', '{"a\\u0062":1,"c":{"d":[{"e":[[]]},"]"]}}'],
    ['characters beyond the first plane', '{"é":"😀","x":"漢"}'],
  ];
  for (const [name, text] of texts) {
    t.test(name, async (t) => {
      const value = JSON.parse(text);
      const members = membersOf(text, 0);
      t.same(
        Object.fromEntries(members.map(({ key, value, end }) => [key, JSON.parse(text.slice(value, end))])),
        value,
      );
      for (const { key, start, value } of members) t.equal(JSON.parse(text.slice(start, value - 1)), key);
      const list = `[${members.map(({ value, end }) => text.slice(value, end)).join(',')}]`;
      t.same(
        itemsOf(list, 0).map(({ start, end }) => JSON.parse(list.slice(start, end))),
        Object.values(value),
      );
    });
  }
  t.same(itemsOf('[]', 0), []);
});

t.test('a part of a text is as if it had been received alone', async (t) => {
  const inner = '{"meta":{"tag":[]},"resourceType":"Patient","x":1.0,"id":"é"}';
  const text = `{"a":[${inner}]}`;
  const alone = readText(Buffer.from(inner));
  t.same(subText(text, { start: 6, end: 6 + inner.length }, JSON.parse(inner)), alone);
  t.same(receivedOf(inner, JSON.parse(inner)), alone);
});
