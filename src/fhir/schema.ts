import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';

/**
 * A JSON Schema in our vocabulary, see `keywords.ts`: `type` and `$ref` are JSON Schema's own, the rest say what FHIR
 * demands of JSON and plain JSON Schema says slowly or not at all.
 */
export interface FhirSchema {
  $id?: string;
  $ref?: string;
  type?: 'object';
  /** The elements an object may have, by JSON name; no others. */
  elements?: Record<string, FhirSchema>;
  /** Choice elements: stem to JSON names, of which one may come. */
  choices?: Record<string, string[]>;
  /** Elements and choice stems that must be there (a `_` sibling will do for a primitive). */
  needs?: string[];
  /** An element rather than a resource: an id alone is not content. */
  element?: boolean;
  /** An array that is not empty. */
  list?: FhirSchema;
  /** The list beside this one (`given` and `_given`): null is allowed where that one has something. */
  padded?: string;
  /** The primitive that this `_name` stands beside; where that has no value, an extension must be here. */
  sibling?: string;
  primitive?: string;
  /** Canonical of a ValueSet of which the code must be one. */
  codes?: string;
  /** Canonical of a ValueSet of which the Coding, or one of the CodeableConcept's, must be one. */
  codings?: string;
  /** Types that a Reference may point at. */
  targets?: string[];
  /** Keys of invariants, see `invariants.ts`. */
  invariants?: string[];
  /** Keys of constraints that are advice only. The validators do not ask them, see `advice.ts`. */
  advice?: string[];
  /** Canonical of a ValueSet that is bound as extensible. The validators do not ask it either. */
  extensible?: string;
  /** One of these resource types; other R4 types are checked loosely. */
  resources?: Record<string, FhirSchema>;
}

/** What the generator knows beyond one StructureDefinition. */
export interface SchemaContext {
  /** Whether the required binding to this ValueSet can be enumerated. */
  isEnumerable(valueSet: string): boolean;
  /** Whether a closure exists for this constraint of severity error. */
  hasInvariant(key: string): boolean;
  /** Whether a closure exists for this constraint of severity warning. */
  hasAdvice?(key: string): boolean;
}

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/**
 * The schemas of one StructureDefinition with a snapshot: that of the type itself and one for each backbone element, named
 * by its path (`Questionnaire.item`). They refer to each other and to the data types by `$ref`.
 * Source: FHIR R4 (4.0.1), section 5.3 (StructureDefinition) and 2.6.2 (JSON representation).
 */
export function toSchemas(definition: StructureDefinition, context: SchemaContext): FhirSchema[] {
  const elements = definition.snapshot?.element ?? [];
  const name = definition.derivation === 'constraint' ? (definition.name ?? '') : (definition.type ?? '');
  const parents = new Set(elements.map(({ path = '' }) => path.slice(0, Math.max(0, path.lastIndexOf('.')))));
  return elements
    .filter(({ path }) => parents.has(path ?? ''))
    .map((element) => objectSchema(element, elements, definition, name, context));
}

/** Every name that a schema refers to. */
export function referencesOf(schema: FhirSchema): string[] {
  const inner = [...Object.values(schema.elements ?? {}), ...(schema.list ? [schema.list] : [])];
  return [
    ...(schema.$ref ? [schema.$ref] : []),
    ...Object.keys(schema.resources ?? {}),
    ...inner.flatMap((child) => referencesOf(child)),
  ];
}

function objectSchema(
  own: ElementDefinition,
  all: readonly ElementDefinition[],
  definition: StructureDefinition,
  name: string,
  context: SchemaContext,
): FhirSchema {
  const path = own.path ?? '';
  const isRoot = !path.includes('.');
  const isResource = isRoot && definition.kind === 'resource';
  const schema: FhirSchema = { $id: isRoot ? name : path, type: 'object', elements: {} };
  const elements: Record<string, FhirSchema> = isResource ? { resourceType: {} } : {};
  const choices: Record<string, string[]> = {};
  const needs: string[] = [];
  for (const child of all) {
    const childPath = child.path ?? '';
    if (!childPath.startsWith(`${path}.`) || childPath.indexOf('.', path.length + 1) >= 0 || child.max === '0')
      continue;
    const stem = childPath.slice(path.length + 1);
    const isChoice = stem.endsWith('[x]');
    const plain = isChoice ? stem.slice(0, -3) : stem;
    if ((child.min ?? 0) > 0) needs.push(plain);
    for (const { code, type } of typesOf(child)) {
      const jsonName = isChoice ? plain + code.charAt(0).toUpperCase() + code.slice(1) : plain;
      if (isChoice) choices[plain] = [...(choices[plain] ?? []), jsonName];
      addElement(elements, jsonName, child, type, context);
    }
  }
  schema.elements = elements;
  if (Object.keys(choices).length > 0) schema.choices = choices;
  if (needs.length > 0) schema.needs = needs;
  if (!isResource && name !== 'Element') schema.element = true;
  addConstraints(schema, own, context);
  return schema;
}

function addElement(
  into: Record<string, FhirSchema>,
  name: string,
  element: ElementDefinition,
  type: string,
  context: SchemaContext,
): void {
  const schema = valueSchema(element, type, context);
  const repeats = element.max !== '1';
  if (schema.primitive === undefined) {
    into[name] = repeats ? { list: schema } : schema;
    return;
  }
  into[name] = repeats ? { list: schema, padded: `_${name}` } : schema;
  // Element.id and Extension.url are plain JSON strings; no `_` sibling is defined for xhtml either.
  if (type === 'xhtml' || element.type?.[0]?.code?.startsWith('http://hl7.org/fhirpath/')) return;
  into[`_${name}`] = repeats
    ? { list: { $ref: 'Element' }, padded: name, sibling: name }
    : { $ref: 'Element', sibling: name };
}

function valueSchema(element: ElementDefinition, type: string, context: SchemaContext): FhirSchema {
  if (type === 'Resource') return { $ref: 'Resource' };
  const schema: FhirSchema = /^[a-z]/.test(type) ? { primitive: formatOf(element, type) } : { $ref: type };
  const { strength, valueSet } = element.binding ?? {};
  const binding = valueSet?.split('|')[0];
  const isCoded = type === 'CodeableConcept' || type === 'Coding';
  if (binding && strength === 'required' && context.isEnumerable(binding)) {
    if (type === 'code') schema.codes = binding;
    else if (isCoded) schema.codings = binding;
  }
  if (binding && strength === 'extensible' && isCoded) schema.extensible = binding;
  if (type === 'Reference') {
    const targets = (element.type ?? [])
      .filter(({ code }) => code === 'Reference')
      .flatMap(({ targetProfile }) => targetProfile ?? [])
      .map((profile) => profile.replace(CORE, ''));
    if (targets.length > 0 && !targets.includes('Resource')) schema.targets = targets;
  }
  // A backbone element's own schema asks them.
  if (!type.includes('.')) addConstraints(schema, element, context);
  return schema;
}

/**
 * The types of an element: `code` as it stands in the JSON name of a choice (`rateQuantity`), `type` as the schema is named
 * (`SimpleQuantity`). Types that are spelled out in the same StructureDefinition get the path as their name.
 */
function typesOf(element: ElementDefinition): { code: string; type: string }[] {
  const { contentReference } = element;
  if (contentReference) return [{ code: '', type: contentReference.slice(contentReference.indexOf('#') + 1) }];
  const found = new Map<string, { code: string; type: string }>();
  for (const { code = '', profile, extension } of element.type ?? []) {
    let type = code;
    if (isBackbone(code)) type = element.path ?? '';
    else if (code.startsWith('http://hl7.org/fhirpath/')) {
      type = extension?.find(({ url }) => url === FHIR_TYPE)?.valueUrl ?? 'string';
    } else if (profile?.[0]?.startsWith(CORE)) type = profile[0].slice(CORE.length);
    found.set(type, { code, type });
  }
  return [...found.values()];
}

const isBackbone = (code: string): boolean => code === 'BackboneElement' || code === 'Element';

/** Formats that one element has of its own. Resource ids are ids though the definitions call them strings. */
function formatOf(element: ElementDefinition, type: string): string {
  if (element.base?.path === 'Resource.id') return 'id';
  if (element.path === 'Reference.reference') return 'reference';
  if (element.path === 'ElementDefinition.max') return 'max';
  return type;
}

function addConstraints(schema: FhirSchema, element: ElementDefinition, context: SchemaContext): void {
  const path = element.path ?? '';
  const invariants: string[] = [];
  const advice: string[] = [];
  for (const { key = '', severity } of element.constraint ?? []) {
    // Every element of type Extension repeats what the type itself demands.
    if (key === 'ext-1' && path !== 'Extension') continue;
    if (severity === 'warning' && context.hasAdvice?.(key)) advice.push(key);
    if (severity !== 'error') continue;
    const own = `${path}:${key}`;
    if (context.hasInvariant(own)) invariants.push(own);
    else if (context.hasInvariant(key)) invariants.push(key);
  }
  if (invariants.length > 0) schema.invariants = invariants;
  if (advice.length > 0) schema.advice = advice;
}
