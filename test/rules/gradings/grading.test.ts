import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { canonicalJson } from '../../../src/rules/canonical-json.ts';
import { contentHash, gradingLibrary } from '../../../src/rules/gradings/grading.ts';
import { GRADINGS } from '../../../src/rules/gradings/index.ts';
import { proCtcae } from '../../../src/rules/gradings/pro-ctcae.ts';
import { DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';

/** Of the item library and the composite table, as they stood when they were taken over. */
const TAKEN_OVER = {
  items: '8d483170b82250b7a1a372d0b420e1d4ea733a1b17b5115117e3878b8d32671b',
  composite: '7cd988213de6d00449a979195051ce2ad6ed704ad2686685801fef57b497671a',
};
const sha256 = (value: unknown) => createHash('sha256').update(canonicalJson(value)).digest('hex');

for (const [part, file] of [
  ['items', 'pro-ctcae.json'],
  ['composite', 'pro-ctcae-composite.json'],
] as const) {
  t.test(`${part} are the facts that were taken over`, async (t) => {
    t.equal(sha256(DATA[part]), TAKEN_OVER[part]);
    const shared = `../shared/clinical/${file}`;
    // Where the fact tables lie beside the project, they are compared themselves, so that a correction there is noticed.
    if (existsSync(shared)) t.strictSame(DATA[part], JSON.parse(readFileSync(shared, 'utf8')));
  });
}

t.test('the content hash does not depend on the order of keys', async (t) => {
  const { title, ...rest } = DATA;
  t.equal(contentHash({ title, ...rest }), contentHash({ ...rest, title }));
  t.not(contentHash({ ...DATA, version: '1.1' }), contentHash(DATA));
});

t.test('each grading is a Library whose content bears out its identifier', async (t) => {
  for (const grading of GRADINGS) {
    const library = gradingLibrary(grading);
    const content = Buffer.from(library.content?.[0]?.data ?? '', 'base64');
    t.equal(library.identifier?.[0]?.value, createHash('sha256').update(content).digest('hex'));
    t.strictSame(JSON.parse(content.toString('utf8')), grading.data);
    t.equal(library.relatedArtifact?.length, grading.sources.length);
  }
  t.match(gradingLibrary(proCtcae), {
    resourceType: 'Library',
    url: 'https://vigie.example/fhir/Library/grading-pro-ctcae',
    version: '1.0',
    status: 'active',
    relatedArtifact: [{ type: 'citation', citation: /ProAE/ }],
  });
});
