import { fault, type Issue } from './errors.ts';
import { CONSTRAINTS, type StructureError, VALIDATORS, type Validator } from './generated/validators.js';
import { narrativeFault } from './narrative.ts';
import { FORMATS } from './primitives.ts';
import { safeName } from './text-fault.ts';

const MAX_ISSUES = 50;

/**
 * What is wrong with a resource's structure, all faults at once but no more than 50: element names, types, cardinality,
 * formats, required bindings, targets of references and the invariants of severity error. None when it is valid.
 * `expression` is a FHIRPath: choice elements without their type suffix (`Observation.component[2].value.code`). The
 * sentence names what was expected and what kind came, with codes and type names at most, never a text that was sent.
 * The nesting of the resource must be bounded, as `readText` does. Never throws.
 * Source: FHIR R4 (4.0.1), section 2.6.2 (JSON) and the StructureDefinitions.
 */
export function validateStructure(resource: unknown, expectedType?: string): Issue[] {
  if (typeof resource !== 'object' || resource === null || Array.isArray(resource)) {
    return [fault('structure', `Expected a resource, one JSON object; ${kindOf(resource)} came`)];
  }
  const type = (resource as { resourceType?: unknown }).resourceType;
  if (typeof type !== 'string') {
    return [
      fault(type === undefined ? 'required' : 'structure', 'Expected resourceType, a string', 'Resource.resourceType'),
    ];
  }
  if (expectedType !== undefined && type !== expectedType) {
    return [fault('invalid', `Expected a resource of type ${expectedType}; ${safeName(type)} came`, expectedType)];
  }
  const validator = Object.hasOwn(VALIDATORS, type) ? VALIDATORS[type] : undefined;
  if (!validator)
    return [fault('structure', `There is no resource type ${safeName(type)} here`, 'Resource.resourceType')];
  if (validator(resource)) return [];
  return issuesOf(validator, resource, type);
}

function issuesOf(validator: Validator, resource: object, type: string): Issue[] {
  const errors = validator.errors ?? [];
  // Other requests use the same validator: what it holds of this one is let go.
  validator.errors = null;
  return errors.slice(0, MAX_ISSUES).map((error) => {
    const place = placeOf(resource, type, error.instancePath);
    return toIssue(error.params, place.value, place.path);
  });
}

function toIssue(params: StructureError['params'], value: unknown, path: string): Issue {
  if (!('what' in params)) return fault('structure', `Expected an object; ${kindOf(value)} came`, path);
  switch (params.what) {
    case 'unknown':
      return fault(
        'structure',
        `There is no element ${safeName(params.name)} here`,
        `${path}.${safeName(params.name)}`,
      );
    case 'missing':
      return fault(
        'required',
        `The element ${params.name} is required here`,
        `${path}.${params.name.replace('[x]', '')}`,
      );
    case 'choice':
      return fault('structure', `Only one of ${params.other} and ${params.name} may be here`, `${path}.${params.stem}`);
    case 'empty':
      return fault('structure', 'Expected content; an empty element came (ele-1: a value or children)', path);
    case 'list':
      return fault('structure', `Expected an array; ${kindOf(value)} came`, path);
    case 'null':
      return fault('structure', 'null stands for an item only where the array beside it has something', path);
    case 'format':
      return formatIssue(params.type, value, path);
    case 'code':
      return fault('code-invalid', `Expected a code of ${params.valueSet}; ${codeOf(value)} came`, path);
    case 'coding':
      return fault('code-invalid', `Expected a coding of ${params.valueSet}; none came`, path);
    case 'target':
      return fault('value', `Expected a reference to ${params.types.join(', ')}; one to another type came`, path);
    case 'resource':
      return fault('structure', 'Expected a resource of an R4 type without empty elements', path);
    case 'invariant':
      return fault('invariant', `The invariant ${nameOf(params.key)} does not hold: ${CONSTRAINTS[params.key]}`, path);
  }
}

/** The key as the specification has it, see `INVARIANTS`. */
const nameOf = (key: string): string => key.slice(key.indexOf(':') + 1);

function formatIssue(type: string, value: unknown, path: string): Issue {
  const expected = FORMATS[type] ?? type;
  const wanted = type === 'boolean' ? 'boolean' : NUMBERS.has(type) ? 'number' : 'string';
  if (typeof value !== wanted) return fault('structure', `Expected ${expected}; ${kindOf(value)} came`, path);
  if (value === '') return fault('structure', `Expected ${expected}; an empty string came`, path);
  if (type === 'xhtml') return fault('value', `Expected ${expected}; ${narrativeFault(value)}`, path);
  const came = typeof value === 'string' ? `a string of ${value.length} characters` : 'another number';
  return fault('value', `Expected ${expected}; ${came} came`, path);
}

const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt']);

/** A code may be told when it looks like one; a sentence is free text that strayed. */
const codeOf = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z0-9][\w.-]{0,39}$/.test(value) ? value : 'something else';

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The value at a pointer of a generated validator and its FHIRPath. Only names that a definition has are in it. */
function placeOf(resource: object, type: string, pointer: string): { value: unknown; path: string } {
  let value: unknown = resource;
  let path = type;
  for (const step of pointer.split('/').slice(1)) {
    const [name = '', stem = name] = step.split(':');
    value = (value as Record<string, unknown> | null | undefined)?.[name];
    path += /^\d/.test(name) ? `[${name}]` : `.${stem.replace(/^_/, '')}`;
  }
  return { value, path };
}
