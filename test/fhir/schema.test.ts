import { readFileSync } from 'node:fs';
import type { CapabilityStatement, TerminologyCapabilities } from '@medplum/fhirtypes';
import fhirpath from 'fhirpath';
import model from 'fhirpath/fhir-context/r4';
import t from 'tap';
import { capabilityStatement, normativeOnly } from '../../src/fhir/capability.ts';
import { elementOf, searchParametersOf } from '../../src/fhir/definitions.ts';
import { DEFINITIONS } from '../../src/fhir/generated/definitions.js';
import { INVARIANTS } from '../../src/fhir/invariants.ts';
import { R4_TYPES } from '../../src/fhir/loose.ts';
import { PRIMITIVES } from '../../src/fhir/primitives.ts';
import { type FhirSchema, referencesOf, toSchemas } from '../../src/fhir/schema.ts';
import { searchRegistry } from '../../src/fhir/search-parameters.ts';
import { terminologyCapabilities } from '../../src/fhir/terminology/capabilities.ts';
import { holdingsOf } from '../../src/fhir/terminology/holdings.ts';
import { VALIDATED_TYPES } from '../../src/fhir/validated-types.ts';
import { OPERATIONS } from '../../src/routes/operations/index.ts';
import { schemasOf } from '../../tools/validators.ts';
import { r4 } from './r4.ts';

const context = {
  isEnumerable: (url: string) => r4.enumerate(url) !== undefined,
  hasInvariant: (key: string) => key in INVARIANTS,
};
const all = new Map(schemasOf(r4, context).map((schema) => [schema.$id ?? '', schema]));
const of = (name: string): FhirSchema => all.get(name) ?? {};

t.test('elements, choices and cardinalities come from the definition', async (t) => {
  const schema = of('QuestionnaireResponse');
  t.same(schema.needs, ['status']);
  t.same(schema.elements?.status, {
    primitive: 'code',
    codes: 'http://hl7.org/fhir/ValueSet/questionnaire-answers-status',
  });
  t.same(schema.elements?._status, { $ref: 'Element', sibling: 'status' });
  t.same(schema.elements?.item, { list: { $ref: 'QuestionnaireResponse.item' } });
  t.same(schema.elements?.id, { primitive: 'id' });
  t.notOk(schema.elements?._id);
  t.same(of('QuestionnaireResponse.item').elements?.item, { list: { $ref: 'QuestionnaireResponse.item' } });
  t.equal(of('QuestionnaireResponse.item.answer').choices?.value?.length, 12);
  t.same(of('Observation').elements?.effectiveInstant, { primitive: 'instant' });
  t.same(
    of('Quantity').invariants,
    ['ele-1', 'qty-3'].filter((key) => of('Quantity').invariants?.includes(key)),
  );
});

t.test('a profile on a data type is a type of its own', async (t) => {
  t.same(of('Observation.referenceRange').elements?.low, { $ref: 'SimpleQuantity' });
  t.ok(of('SimpleQuantity').invariants?.includes('sqty-1'));
});

t.test('every reference leads somewhere, every primitive has a format', async (t) => {
  const visit = (schema: FhirSchema): void => {
    if (schema.primitive !== undefined && !PRIMITIVES[schema.primitive]) t.fail(`no format ${schema.primitive}`);
    for (const inner of [...Object.values(schema.elements ?? {}), ...(schema.list ? [schema.list] : [])]) visit(inner);
  };
  for (const [name, schema] of all) {
    for (const reference of referencesOf(schema)) {
      if (!all.has(reference)) t.fail(`${name} refers to ${reference}`);
    }
    visit(schema);
  }
  t.ok(all.size > 100);
});

t.test('every required binding is enumerated, but for those that no definition lists', async (t) => {
  const open = new Set<string>();
  for (const name of new Set([...all.keys()].map((name) => name.split('.')[0] ?? ''))) {
    for (const { binding } of r4.structures.get(name)?.snapshot?.element ?? []) {
      const url = binding?.valueSet?.split('|')[0];
      if (binding?.strength === 'required' && url && !r4.enumerate(url)) open.add(url.replace(/.*\//, ''));
    }
  }
  t.same([...open].sort(), ['currencies', 'mimetypes']);
});

t.test('the elements are those of a second source, and no others', async (t) => {
  const model = JSON.parse(readFileSync('node_modules/fhirpath/fhir-context/r4/path2Type.json', 'utf8')) as Record<
    string,
    string
  >;
  const common = /\.(?:id|extension|modifierExtension|meta|implicitRules|language|text|contained)$/;
  const unknown: string[] = [];
  for (const [type, rows] of Object.entries(DEFINITIONS.elements)) {
    for (const [path, row] of Object.entries(rows)) {
      const name = `${type}.${path}`;
      const known = path.endsWith('[x]')
        ? Object.keys(model).some((key) => key.startsWith(name.slice(0, -3)))
        : name in model || common.test(name) || row.same !== undefined;
      if (!known) unknown.push(name);
    }
  }
  t.same(unknown, []);
});

t.test('a definition without a snapshot gives nothing', async (t) => {
  t.same(
    toSchemas(
      {
        resourceType: 'StructureDefinition',
        url: 'u',
        name: 'N',
        status: 'draft',
        kind: 'resource',
        abstract: false,
        type: 'N',
      },
      context,
    ),
    [],
  );
});

t.test('search parameters and elements are found by type', async (t) => {
  const subject = searchParametersOf('Observation').find(({ code }) => code === 'subject');
  t.match(subject, { type: 'reference', url: 'http://hl7.org/fhir/SearchParameter/Observation-subject' });
  t.ok(subject?.target?.includes('Patient'));
  t.ok(searchParametersOf('Flag').some(({ code }) => code === '_lastUpdated'));
  t.same(searchParametersOf('constructor'), []);
  t.same(elementOf('Observation', 'component.value[x]')?.types.slice(0, 2), ['Quantity', 'CodeableConcept']);
  t.equal(elementOf('Questionnaire', 'item.item')?.same, 'item');
  t.equal(elementOf('Observation', 'nothing'), undefined);
  t.equal(elementOf('__proto__', 'x'), undefined);
  for (const type of VALIDATED_TYPES) t.ok(R4_TYPES.has(type));
});

t.test('what /metadata answers has the structure, the codes and the invariants of its own definition', async (t) => {
  const server = { baseUrl: 'https://vigie.example/fhir', version: '1.0.0', date: '2026-11-21T12:00:00.000Z' };
  const full = capabilityStatement(searchRegistry(searchParametersOf, []), OPERATIONS, server);
  const terminology = terminologyCapabilities(holdingsOf([], [], []), server);
  const wrongIn = (statement: CapabilityStatement | TerminologyCapabilities): string[] => {
    const definition = r4.structures.get(statement.resourceType);
    if (!definition) throw new Error(`no definition of ${statement.resourceType}`);
    const own = new Map(toSchemas(definition, context).map((schema) => [schema.$id ?? '', schema]));
    const wrong: string[] = [];
    const visit = (value: unknown, schema: FhirSchema, path: string): void => {
      if (schema.list) {
        if (!Array.isArray(value) || value.length === 0) wrong.push(`${path} is no list`);
        else for (const one of value) visit(one, schema.list, path);
        return;
      }
      if (schema.primitive !== undefined && !PRIMITIVES[schema.primitive]?.(value)) wrong.push(`${path}: format`);
      if (schema.codes && !r4.enumerate(schema.codes)?.some(([, code]) => code === value)) wrong.push(`${path}: code`);
      const inner = schema.$ref === undefined ? schema : (own.get(schema.$ref) ?? all.get(schema.$ref));
      if (!inner?.elements) return;
      for (const need of inner.needs ?? []) if (!(need in Object(value))) wrong.push(`${path}.${need} is missing`);
      for (const [key, child] of Object.entries(Object(value))) {
        const element = inner.elements[key];
        if (element) visit(child, element, `${path}.${key}`);
        else wrong.push(`${path}.${key} is unknown`);
      }
    };
    visit(statement, own.get(statement.resourceType) ?? {}, statement.resourceType);
    for (const { path = '', constraint = [] } of definition.snapshot?.element ?? []) {
      // What data types and Element demand is not these statements' own.
      for (const { key = '', expression, severity } of constraint.filter(({ key = '' }) => /^(?:cpb|tcp)-/.test(key))) {
        const holds =
          path === statement.resourceType
            ? `(${expression})`
            : `${path.slice(path.indexOf('.') + 1)}.all(${expression})`;
        const [told] = fhirpath.evaluate(statement, holds, { resource: statement }, model, {
          async: false,
        }) as unknown[];
        if (severity === 'error' && told === false) wrong.push(`${path}: ${key}`);
      }
    }
    return wrong;
  };
  for (const statement of [full, normativeOnly(full), terminology]) {
    t.same(wrongIn(statement), [], statement.resourceType);
  }
  const broken = { ...full, status: 'new', rest: undefined, messaging: undefined, document: undefined, colour: 'red' };
  t.same(wrongIn(JSON.parse(JSON.stringify(broken))), [
    'CapabilityStatement.status: code',
    'CapabilityStatement.colour is unknown',
    'CapabilityStatement: cpb-1',
  ]);
});
