import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { searchParametersOf } from '../../../src/fhir/definitions.ts';
import { resourceSpec } from '../../../src/fhir/resources.ts';
import { parseExpression } from '../../../src/fhir/search-parameters/expression.ts';
import { headsOf, isHead } from '../../../src/fhir/search-parameters/heads.ts';
import { searchRegistry } from '../../../src/fhir/search-parameters.ts';

const cases: [name: string, expression: string, heads: string[] | undefined][] = [
  ['a member', 'Observation.code', ['code or code<Type>']],
  ['the first of a path', 'Observation.component.code', ['component or component<Type>']],
  ['behind a condition', 'Observation.subject.where(resolve() is Patient)', ['subject or subject<Type>']],
  ['a cast choice', '(Observation.value as Quantity)', ['value', 'valueQuantity']],
  ['a cast as R4 writes it', 'Observation.value as DateTime', ['value', 'valueDateTime']],
  ['ofType', 'Observation.value.ofType(Period)', ['value', 'valuePeriod']],
  ['a cast further in', 'Observation.component.value as Quantity', ['component or component<Type>']],
  ['several', 'Observation.code | Observation.component.code', ['code or code<Type>', 'component or component<Type>']],
  ['the first of a list', 'Observation.note[0].text', ['note or note<Type>']],
  ['the first by name', 'Observation.note.first().text', ['note or note<Type>']],
  ['an extension', "Observation.extension('https://a.example').value", ['extension']],
  ['of every resource', 'Resource.meta.tag', ['meta or meta<Type>']],
  ['without the type', 'code.coding', ['code or code<Type>']],
  ['the resource itself', 'Observation', undefined],
  ['the resource under a condition', "Observation.where(status = 'final')", undefined],
  ['exists(), which is false where nothing is', 'Observation.note.exists()', undefined],
  ['a comparison, which is false where nothing is', 'Observation.deceased = true', undefined],
  ['one of several cannot be said', 'Observation.code | Observation.note.exists()', undefined],
];

for (const [name, expression, expected] of cases) {
  t.test(`heads: ${name}`, async (t) => {
    const heads = headsOf(parseExpression(expression), 'Observation');
    t.same(
      heads?.map(({ name, typed }) => (typed ? `${name} or ${name}<Type>` : name)),
      expected,
    );
  });
}

t.test('a choice is known by the name of its type behind it', async (t) => {
  const value = { name: 'value', typed: true };
  t.ok(isHead(value, 'value'));
  t.ok(isHead(value, 'valueQuantity'));
  t.notOk(isHead(value, 'values'));
  t.notOk(isHead(value, 'val'));
  t.notOk(isHead({ name: 'value', typed: false }, 'valueQuantity'));
});

t.test("in HL7's examples a parameter finds nothing where none of its heads is", async (t) => {
  const registry = searchRegistry(searchParametersOf, []);
  const folder = 'node_modules/hl7.fhir.r4.examples';
  const wrong: string[] = [];
  let left = 0;
  let asked = 0;
  for (const file of readdirSync(folder)) {
    const type = file.split('-')[0] ?? '';
    if (!file.endsWith('.json') || !resourceSpec(type)) continue;
    const resource: object = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
    const members = Object.keys(resource);
    for (const { code, heads, elements } of registry.get(type)?.values() ?? []) {
      asked += 1;
      if (!heads || heads.some((head) => members.some((member) => isHead(head, member)))) continue;
      left += 1;
      if (elements(resource).length > 0) wrong.push(`${file} ${code}`);
    }
  }
  t.same(wrong, []);
  t.ok(left > asked / 3, `${left} of ${asked} need not be asked`);
});
