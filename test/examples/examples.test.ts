import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { RESOURCES, resourceSpec } from '../../src/fhir/resources.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { reasonFor } from './reasons.ts';
import { searchesFor } from './searches.ts';

const FOLDER = 'node_modules/hl7.fhir.r4.examples';
/** Types that others refer to come first. */
const FIRST = ['Organization', 'Practitioner', 'Patient', 'Device', 'CodeSystem', 'ValueSet', 'Questionnaire'];
/** Conformance resources are many and alike: of these, one in so many is taken, unless `EXAMPLES=all`. */
const SHARE: Readonly<Record<string, number>> = {
  CodeSystem: 40,
  ValueSet: 40,
  SearchParameter: 40,
  StructureDefinition: 6,
  ConceptMap: 20,
};

t.test('the published examples of the types served are stored, read back equal and found', async (t) => {
  const service = await testApp({ now: () => NOW });
  t.teardown(() => service.close());
  const served = new Set(RESOURCES.map(({ type }) => type));
  const all = process.env.EXAMPLES === 'all';
  const turn = new Map<string, number>();
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && served.has(typeOf(file)))
    .sort()
    .filter((file) => {
      const n = turn.get(typeOf(file)) ?? 0;
      turn.set(typeOf(file), n + 1);
      return all || n % (SHARE[typeOf(file)] ?? 1) === 0;
    })
    .sort((a, b) => rank(typeOf(a)) - rank(typeOf(b)));
  const patients = new Set(
    files
      .filter((file) => typeOf(file) === 'Patient')
      .map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')).id),
  );
  let stored = 0;
  for (const file of files) {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    const type = typeOf(file);
    if (!resourceSpec(type)?.interactions.includes('update')) continue;
    const resource = JSON.parse(text);
    const reason = reasonFor({ file, text, resource, patients });
    const put = await service.send('PUT', `/${type}/${resource.id}`, text);
    if (put.status !== 201) {
      const said = `${put.status} ${put.body?.issue?.[0]?.diagnostics}`;
      if (reason) t.match(said, reason.says, `${file} is refused because: ${reason.because}`);
      else t.fail(`${file} is refused: ${said}`);
      continue;
    }
    stored += 1;
    const wrong = reason
      ? `is stored, although ${reason.because}`
      : await wrongWith(service, type, resource, text, stored);
    if (wrong) t.fail(`${file} ${wrong}`);
  }
  t.ok(stored > (all ? 4000 : 300), `${stored} examples of ${served.size} types`);
});

/** What is wrong with a stored example when it is read and searched for; undefined when nothing is. */
async function wrongWith(
  service: TestApp,
  type: string,
  resource: { id: string },
  text: string,
  turn: number,
): Promise<string | undefined> {
  const read = await service.send('GET', `/${type}/${resource.id}`);
  if (withoutMeta(read.text) !== withoutMeta(text) || numbers(read.text) !== numbers(text))
    return 'is not read back as it was sent';
  for (const query of searchesFor(service.deps.registry, type, resource, turn)) {
    const found = await service.send('GET', `/${type}?${query}&_id=${resource.id}`);
    if (found.status !== 200) return `: ${query} answers ${found.status}: ${found.body?.issue?.[0]?.diagnostics}`;
    if (!found.body.entry?.some((entry: { resource: { id: string } }) => entry.resource.id === resource.id)) {
      return `is not found by ${query}`;
    }
  }
  return undefined;
}

/** As they are written, `1.0` apart from `1`: JSON.parse would not tell them apart. */
const numbers = (text: string): string =>
  String(
    text
      .replace(/"(?:[^"\\]|\\.)*"/g, '')
      .match(/[-\d][-+.\deE]*/g)
      ?.sort(),
  );

/** As it is compared: `meta` holds what the server adds, and everything else has to be the same. */
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

const typeOf = (file: string): string => file.split('-')[0] ?? '';
const rank = (type: string): number => (FIRST.includes(type) ? FIRST.indexOf(type) : FIRST.length);
