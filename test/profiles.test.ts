import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeSystem, Resource, SearchParameter, StructureDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL, TAG } from '../src/fhir/canonical.ts';
import type { Tick } from '../src/rules/finding.ts';
import { MONITORING_TERMS } from '../src/rules/gradings/monitoring-data.ts';
import { SCORE_GRADINGS } from '../src/rules/gradings/scores/index.ts';
import { WITHOUT_SIMULATION } from '../src/rules/resources/activation.ts';
import { CLINICAL_FACTS } from '../src/rules/resources/clinical-facts.ts';
import { EXTENSION, PROFILE, SYSTEM, TERMS, UNVALIDATED_WORDING } from '../src/rules/resources/codes.ts';
import { MOMENT } from '../src/rules/resources/moment.ts';
import { faults } from './rules/resources/r4.ts';

type Canonical = Resource & { url?: string; version?: string; status?: string };

/** Every FHIR resource in `profiles/`; the gradings are data, not FHIR. */
const FILES = readdirSync('profiles', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.json') && !file.startsWith('gradings/'))
  .sort()
  .map((file) => ({ file, resource: JSON.parse(readFileSync(join('profiles', file), 'utf8')) as Canonical }));

const ofType = <T extends Resource>(type: T['resourceType']): T[] =>
  FILES.filter(({ resource }) => resource.resourceType === type).map(({ resource }) => resource as T);
const byUrl = (url: string) => FILES.find(({ resource }) => resource.url === url)?.resource;

for (const { file, resource } of FILES) {
  t.test(`${file} is a valid resource with url, version and status, named for what it is`, async (t) => {
    const { id, ...rest } = resource;
    t.same(faults(rest as Resource), []);
    t.ok(resource.url?.startsWith(`${CANONICAL}/${resource.resourceType}/`), 'url lies under our canonical base');
    t.ok(/^\d+\.\d+\.\d+$/.test(resource.version ?? ''), 'version');
    t.ok(['active', 'draft'].includes(resource.status ?? ''), 'status');
    if (id) t.equal(resource.url, `${CANONICAL}/${resource.resourceType}/${id}`);
    if (!file.includes('/')) t.equal(file, `${resource.resourceType}-${resource.url?.split('/').at(-1)}.json`);
  });
}

t.test('no two files have the same url', async (t) => {
  const urls = FILES.map(({ resource }) => resource.url);
  t.equal(new Set(urls).size, urls.length);
});

t.test('each profile and extension of ours that the engine writes is defined, on the right type', async (t) => {
  for (const url of Object.values(EXTENSION).filter((url) => url.startsWith(CANONICAL))) {
    const definition = byUrl(url) as StructureDefinition | undefined;
    t.equal(definition?.type, 'Extension', url);
    const fixed = definition?.differential?.element.find(({ path }) => path === 'Extension.url')?.fixedUri;
    t.equal(fixed, url, 'fixed url');
    t.ok(definition?.context?.length, 'context');
  }
  t.match(byUrl(PROFILE.flag), { type: 'Flag', derivation: 'constraint' });
  t.match(byUrl(PROFILE.observation), { type: 'Observation', derivation: 'constraint' });
});

t.test('definitions of HL7 are not shipped as ours', async (t) => {
  for (const { resource } of FILES) t.notOk(/^https?:\/\/([a-z]+\.)?hl7\./.test(resource.url ?? ''), `${resource.url}`);
});

t.test('each element of a differential is identified within its type', async (t) => {
  for (const { name, type, differential } of ofType<StructureDefinition>('StructureDefinition')) {
    const elements = differential?.element ?? [];
    const ids = elements.map(({ id }) => id);
    t.equal(new Set(ids).size, ids.length, `${name}: ids`);
    for (const { id, path } of elements) {
      t.equal(id?.replace(/:[^.]+/g, ''), path, `${name}: ${id}`);
      t.ok(path === type || path?.startsWith(`${type}.`), `${name}: ${path}`);
    }
  }
});

const conceptsOf = (url: string) => (byUrl(url) as CodeSystem | undefined)?.concept?.map(({ code }) => code);
const systems: [name: string, url: string, codes: readonly (string | undefined)[]][] = [
  ['tags', TAG, [UNVALIDATED_WORDING.code, WITHOUT_SIMULATION.code]],
  [
    'data quality',
    SYSTEM.dataQuality,
    [
      'contradictory',
      'needs-review',
      'ambiguous-item',
      'clock-ahead',
      'unit-unknown',
      'value-unclear',
      'value-implausible',
      'limit-missing',
      'limit-implausible',
      'baseline-missing',
      'needs-clinician',
    ],
  ],
  ['moments', MOMENT, ['snooze-ended', 'ask-again'] satisfies Tick['why'][]],
  ['policy actions', `${CANONICAL}/CodeSystem/policy-action`, ['open', 'escalate', 'de-escalate', 'close']],
  [
    'grading systems',
    SYSTEM.gradingSystem,
    ['pro-ctcae', 'ctcae', 'emergency', 'monitoring', ...SCORE_GRADINGS.map(({ data }) => data.system)],
  ],
  ['the reporting itself', TERMS.monitoring, MONITORING_TERMS.map(({ code }) => code)],
  ['Flag codes', SYSTEM.flagCode, ['not-evaluated', 'policy-budget', 'policy-error']],
  [
    'inputs of a grade',
    SYSTEM.gradedInput,
    ['value', 'canonical-value', 'lower-limit', 'upper-limit', 'baseline', 'beside'],
  ],
  ['clinical facts', SYSTEM.clinicalFact, Object.keys(CLINICAL_FACTS)],
  ['kinds of treatment', SYSTEM.treatment, ['systemic', 'cell-therapy']],
];
for (const [name, url, codes] of systems) {
  t.test(`the CodeSystem of ${name} has the codes that the engine knows, and no other`, async (t) => {
    t.same(conceptsOf(url), codes);
  });
}

t.test('each CodeSystem counts its concepts, and no code is there twice', async (t) => {
  for (const { name, count, concept = [] } of ofType<CodeSystem>('CodeSystem')) {
    t.equal(count, concept.length, `${name}`);
    t.equal(new Set(concept.map(({ code }) => code)).size, concept.length, `${name}`);
  }
});

t.test('the display of our tag is the one of its CodeSystem', async (t) => {
  t.equal((byUrl(TAG) as CodeSystem).concept?.[0]?.display, UNVALIDATED_WORDING.display);
  t.equal((byUrl(TAG) as CodeSystem).concept?.[1]?.display, WITHOUT_SIMULATION.display);
});

t.test('Flag and Observation are searched by what FHIR R4 does not say', async (t) => {
  t.same(
    ofType<SearchParameter>('SearchParameter').map(({ code, type, base }) => `${base?.join(', ')}: ${code} ${type}`),
    [
      'Flag: category token',
      'Flag: code token',
      'Flag: detail reference',
      'Flag: priority token',
      'Flag: status token',
      'Observation, Flag: graded-term token',
    ],
  );
});
