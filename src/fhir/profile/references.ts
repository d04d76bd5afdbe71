import { R4_TYPES } from '../loose.ts';
import { type Item, isObject, resourceItem } from './items.ts';
import { CORE } from './layers.ts';
import type { TypeRule } from './model.ts';

/** What a reference leads to within the received resource: what it contains, or another entry of the same Bundle. */
export function resolveIn(root: object, { value }: Pick<Item, 'value'>): Item | undefined {
  const reference = referenceOf(value);
  if (reference === undefined) return undefined;
  if (reference.startsWith('#')) {
    const contained = listOf(root, 'contained');
    const i = contained.findIndex((one) => isObject(one) && `#${String(one.id)}` === reference);
    return resourceItem(contained[i], `contained[${i}]`);
  }
  const entry = entryOf(root, reference);
  return entry && resourceItem(entry.resource, 'Bundle.entry.resource');
}

/**
 * What a profile says of how something is referred to, and this reference is not; undefined where it is right, or not literal.
 * Source: FHIR R4, ElementDefinition.type.aggregation and type.versioning.
 */
export function mannerFault(root: object, value: unknown, types: readonly TypeRule[]): string | undefined {
  const reference = referenceOf(value);
  if (reference === undefined || types.length === 0) return undefined;
  const came = reference.startsWith('#') ? 'contained' : entryOf(root, reference) ? 'bundled' : 'referenced';
  const manners = types.flatMap(({ aggregation }) => aggregation);
  // In a Bundle what is bundled is referred to as well.
  const fits = manners.includes(came) || (came === 'bundled' && manners.includes('referenced'));
  if (types.every(({ aggregation }) => aggregation.length > 0) && !fits)
    return `Expected a resource that is ${[...new Set(manners)].join(' or ')}; one that is ${came} came`;
  const isVersioned = reference.includes('/_history/');
  if (types.every(({ versioning }) => versioning === 'specific') && !isVersioned && came !== 'contained')
    return 'Expected a reference to one version (…/_history/…)';
  if (types.every(({ versioning }) => versioning === 'independent') && isVersioned)
    return 'Expected a reference that names no version';
  return undefined;
}

/** The R4 type of a canonical of HL7's own definition of it. */
export const coreType = (canonical: string): string | undefined => {
  const name = canonical.startsWith(CORE) ? (canonical.slice(CORE.length).split('|')[0] ?? '') : '';
  return R4_TYPES.has(name) ? name : undefined;
};

function referenceOf(value: unknown): string | undefined {
  const reference = isObject(value) ? value.reference : undefined;
  return typeof reference === 'string' ? reference : undefined;
}

const listOf = (root: object, name: string): unknown[] => {
  const list = isObject(root) ? root[name] : undefined;
  return Array.isArray(list) ? list : [];
};

function entryOf(root: object, reference: string): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(root) || root.resourceType !== 'Bundle') return undefined;
  const found = listOf(root, 'entry').find(
    (one) =>
      isObject(one) &&
      typeof one.fullUrl === 'string' &&
      (one.fullUrl === reference || one.fullUrl.endsWith(`/${reference}`)),
  );
  return isObject(found) ? found : undefined;
}
