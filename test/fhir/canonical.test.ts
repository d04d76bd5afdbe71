import t from 'tap';
import { splitCanonical } from '../../src/fhir/canonical.ts';

const cases: [name: string, canonical: string, expected: object][] = [
  ['a bare url', 'http://a/b', { url: 'http://a/b' }],
  ['url and version', 'http://a/b|1.0', { url: 'http://a/b', version: '1.0' }],
  ['an empty version is none', 'http://a/b|', { url: 'http://a/b' }],
  ['a fragment stands last', 'http://a/b|2#x', { url: 'http://a/b', version: '2', fragment: 'x' }],
];
for (const [name, canonical, expected] of cases) {
  t.test(name, async (t) => {
    t.strictSame(splitCanonical(canonical), expected);
  });
}
