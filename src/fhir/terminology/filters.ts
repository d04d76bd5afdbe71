import type { CodeSystemConceptProperty, ValueSetComposeIncludeFilter } from '@medplum/fhirtypes';
import { bounded } from '../bounded.ts';
import type { System } from './system.ts';

/** Milliseconds that one regular expression may take over a whole CodeSystem. */
const MOST_MILLISECONDS = 200;

/**
 * The test that a filter is, or undefined for one that is not understood or takes too long.
 * Source: FHIR R4, ValueSet filter-operator; the property `concept` is the hierarchy, `code` the code itself, and others are those that
 * the CodeSystem defines or its concepts have (section 4.8.10, defined concept properties).
 */
export function filterTest(
  filter: ValueSetComposeIncludeFilter,
  system: System,
): ((code: string) => boolean) | undefined {
  const { property, op, value } = filter;
  const isOfHierarchy = property === 'concept' || property === 'code';
  switch (op) {
    case 'is-a':
      return isOfHierarchy ? (code) => code === value || descends(code, value, system) : undefined;
    case 'descendent-of':
      return isOfHierarchy ? (code) => descends(code, value, system) : undefined;
    case 'is-not-a':
      return isOfHierarchy ? (code) => code !== value && !descends(code, value, system) : undefined;
    case 'generalizes':
      return isOfHierarchy ? (code) => code === value || descends(value, code, system) : undefined;
    default:
      return propertyTest(filter, system);
  }
}

function propertyTest(filter: ValueSetComposeIncludeFilter, system: System): ((code: string) => boolean) | undefined {
  const { property, op, value } = filter;
  const valuesOf = readerOf(property, system);
  if (!valuesOf) return undefined;
  const wanted = new Set(value.split(',').map((one) => one.trim()));
  switch (op) {
    case '=':
      return (code) => valuesOf(code).includes(value);
    case 'in':
      return (code) => valuesOf(code).some((one) => wanted.has(one));
    case 'not-in':
      return (code) => !valuesOf(code).some((one) => wanted.has(one));
    case 'exists':
      if (value !== 'true' && value !== 'false') return undefined;
      return (code) => valuesOf(code).length > 0 === (value === 'true');
    case 'regex': {
      const fitting = property === 'concept' ? undefined : fittingCodes(filter, system, valuesOf);
      return fitting && ((code) => fitting.has(code));
    }
    default:
      return undefined;
  }
}

/** Gives the values that a concept has of a property, as texts; undefined for a property that the system does not have. */
function readerOf(property: string, system: System): ((code: string) => readonly string[]) | undefined {
  const { resource, definitions, parents } = system;
  switch (property) {
    case 'concept':
    case 'code':
      return (code) => [code];
    case 'display':
    case 'definition':
      return (code) => {
        const text = definitions.get(code)?.[property];
        return text === undefined ? [] : [text];
      };
    case 'parent':
      return (code) => parents.get(code) ?? [];
  }
  const isDefined =
    resource.property?.some(({ code }) => code === property) ||
    [...definitions.values()].some((concept) => concept.property?.some(({ code }) => code === property));
  if (!isDefined) return undefined;
  return (code) =>
    (definitions.get(code)?.property ?? []).filter((one) => one.code === property).flatMap((one) => textsOf(one));
}

/** A Coding is meant by its code alone, or by its system too. */
function textsOf(property: CodeSystemConceptProperty): string[] {
  const { valueCode, valueString, valueInteger, valueBoolean, valueDateTime, valueDecimal, valueCoding } = property;
  if (valueCoding) return [valueCoding.code ?? '', `${valueCoding.system ?? ''}|${valueCoding.code ?? ''}`];
  const value = valueCode ?? valueString ?? valueInteger ?? valueBoolean ?? valueDateTime ?? valueDecimal;
  return value === undefined ? [] : [String(value)];
}

/** What a pattern of whoever wrote the value set fits as a whole, found once within a bounded time. */
function fittingCodes(
  filter: ValueSetComposeIncludeFilter,
  system: System,
  valuesOf: (code: string) => readonly string[],
): ReadonlySet<string> | undefined {
  const known = FITTING.get(filter);
  if (known?.system === system) return known.codes;
  const codes = new Set<string>();
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^(?:${filter.value})$`);
  } catch {
    return undefined;
  }
  const isDone = bounded(() => {
    for (const code of system.concepts.keys()) if (valuesOf(code).some((one) => pattern.test(one))) codes.add(code);
  }, MOST_MILLISECONDS);
  const found = isDone ? codes : undefined;
  FITTING.set(filter, { system, codes: found });
  return found;
}

const FITTING = new WeakMap<ValueSetComposeIncludeFilter, { system: System; codes: ReadonlySet<string> | undefined }>();

/** True when `ancestor` is above `code` in the hierarchy; a code is not above itself. */
export function descends(code: string, ancestor: string, system: System): boolean {
  const seen = new Set<string>();
  const rest = [...(system.parents.get(code) ?? [])];
  for (let parent = rest.pop(); parent !== undefined; parent = rest.pop()) {
    if (parent === ancestor) return true;
    if (seen.has(parent)) continue;
    seen.add(parent);
    rest.push(...(system.parents.get(parent) ?? []));
  }
  return false;
}
