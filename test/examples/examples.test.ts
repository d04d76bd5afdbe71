import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { RESOURCES, resourceSpec } from '../../src/fhir/resources.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { REFUSED } from './refused.ts';
import { searchesFor } from './searches.ts';

const FOLDER = 'node_modules/hl7.fhir.r4.examples';
/** Types that others refer to come first. */
const FIRST = ['Organization', 'Practitioner', 'Patient', 'Device', 'CodeSystem', 'ValueSet', 'Questionnaire'];
/** Conformance resources are many and alike: of these, one in so many is taken, unless `EXAMPLES=all`. */
const SHARE: Readonly<Record<string, number>> = {
  CodeSystem: 12,
  ValueSet: 12,
  SearchParameter: 12,
  StructureDefinition: 6,
  OperationDefinition: 3,
  ConceptMap: 6,
};

t.test('the published examples of the types served are stored, read back equal and found', async (t) => {
  const service = await testApp({ now: () => NOW });
  t.teardown(() => service.close());
  const served = new Set(RESOURCES.map(({ type }) => type));
  const all = process.env.EXAMPLES === 'all';
  const turn = new Map<string, number>();
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && served.has(file.split('-')[0] ?? ''))
    .sort()
    .filter((file) => {
      const type = file.split('-')[0] ?? '';
      const n = turn.get(type) ?? 0;
      turn.set(type, n + 1);
      return all || file in REFUSED || n % (SHARE[type] ?? 1) === 0;
    })
    .map((file) => ({ file, type: file.split('-')[0] ?? '' }))
    .sort((a, b) => rank(a.type) - rank(b.type));
  const refused = new Set<string>();
  let stored = 0;
  for (const { file, type } of files) {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    const outcome = await storedAndFound(service, type, text, stored);
    const known = REFUSED[file];
    if (outcome.refused === undefined) {
      stored += 1;
      if (outcome.wrong) t.fail(`${file}: ${outcome.wrong}`);
      continue;
    }
    refused.add(file);
    if (!known) t.fail(`${file} was refused: ${outcome.refused}`);
    else t.match(outcome.refused, known.says, `${file} is refused because: ${known.because}`);
  }
  t.same(
    [...refused].sort(),
    Object.keys(REFUSED).sort(),
    'no more and no fewer are refused than those that are listed',
  );
  t.ok(stored > (all ? 4000 : 900), `${stored} examples of ${served.size} types`);
});

async function storedAndFound(
  service: TestApp,
  type: string,
  text: string,
  turn: number,
): Promise<{ refused?: string; wrong?: string }> {
  const resource = JSON.parse(text);
  const readOnly = !resourceSpec(type)?.interactions.includes('update');
  if (readOnly) return {};
  const put = await service.send('PUT', `/${type}/${resource.id}`, text);
  if (put.status !== 201) return { refused: `${put.status} ${put.body?.issue?.[0]?.diagnostics}` };
  const read = await service.send('GET', `/${type}/${resource.id}`);
  if (withoutMeta(read.text) !== withoutMeta(text)) return { wrong: 'is not read back as it was sent' };
  for (const query of searchesFor(service.deps.registry, type, resource, turn)) {
    const found = await service.send('GET', `/${type}?${query}&_id=${resource.id}`);
    if (found.status !== 200)
      return { wrong: `${query} answers ${found.status}: ${found.body?.issue?.[0]?.diagnostics}` };
    if (!found.body.entry?.some((entry: { resource: { id: string } }) => entry.resource.id === resource.id)) {
      return { wrong: `is not found by ${query}` };
    }
  }
  return {};
}

/** As it is compared: `meta` holds what the server adds, and everything else has to be the same to the last digit. */
function withoutMeta(text: string): string {
  const { meta, ...rest } = JSON.parse(text, (_key, value) => value);
  const { versionId: _version, lastUpdated: _at, ...kept } = meta ?? {};
  return JSON.stringify(sorted({ ...rest, ...(Object.keys(kept).length > 0 ? { meta: kept } : {}) }));
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value;

const rank = (type: string): number => (FIRST.includes(type) ? FIRST.indexOf(type) : FIRST.length);
