import { readdirSync, readFileSync } from 'node:fs';
import fhirpath from 'fhirpath';
import t from 'tap';
import { EXPRESSION_TREES } from '../../../src/rules/generated/expressions.js';
import { parse } from '../../../src/rules/policy/syntax.ts';
import { expressionsOf } from '../../../tools/expressions.ts';

const POLICIES = 'profiles/policies';

t.test('every condition that ships has the tree that the library makes of it, from the build', (t) => {
  const { fhirpath: version, trees } = JSON.parse(EXPRESSION_TREES);
  t.equal(version, fhirpath.version, 'made by the library that is installed');
  const expressions = readdirSync(POLICIES).flatMap((file) =>
    expressionsOf(JSON.parse(readFileSync(`${POLICIES}/${file}`, 'utf8'))),
  );
  t.ok(expressions.length > 30);
  for (const expression of new Set(expressions)) {
    const tree = fhirpath.parse(expression);
    t.same(trees[expression], tree, expression);
    t.same(parse(expression), { tree });
  }
  t.same(Object.keys(trees).sort(), [...new Set(expressions)].sort(), 'and no other is kept');
  t.end();
});

t.test('a condition that does not ship is read when it comes, and a faulty one says where', (t) => {
  t.same(parse('%finding.min >= 3 and 1 = 1'), { tree: fhirpath.parse('%finding.min >= 3 and 1 = 1') });
  const faulty = parse('%finding.min >=\n  and');
  t.match('fault' in faulty ? faulty.fault : undefined, { code: 'invalid', line: 2 });
  t.notOk('fault' in parse('constructor'), 'also by the name of what every object has');
  t.end();
});
