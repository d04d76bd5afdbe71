import type { ElementDefinition } from '@medplum/fhirtypes';
import type { Step } from './model.ts';

/** One name in an element's path, and the slice of it that is meant. */
export interface Segment {
  name: string;
  slice?: string;
}

/**
 * Names and slices of an element's path: from its id, where that is one of the form that FHIR gives it, else from its path, what lies within a slice
 * following the slice. Source: FHIR R4, section 5.3.4 (ElementDefinition.id).
 */
export function segmentsOf({ id, path = '', sliceName }: ElementDefinition, before: readonly Segment[]): Segment[] {
  const names = path.split('.');
  const parts = id?.split('.').map((part): Segment => {
    const colon = part.indexOf(':');
    return colon < 0 ? { name: part } : { name: part.slice(0, colon), slice: part.slice(colon + 1) };
  });
  if (parts && parts.length === names.length && parts.every(({ name }, i) => isName(name, names[i] ?? '')))
    return parts;
  const segments: Segment[] = [];
  let together = true;
  for (const [i, name] of names.entries()) {
    together &&= before[i]?.name === name;
    const slice = together && i < names.length - 1 ? before[i]?.slice : undefined;
    segments.push(slice === undefined ? { name } : { name, slice });
  }
  const last = segments.at(-1);
  if (last && sliceName !== undefined) last.slice = sliceName;
  return segments;
}

/** An id may say `value[x]:valueQuantity` where the path says `valueQuantity`, and the other way round. */
const isName = (name: string, inPath: string): boolean =>
  name === inPath || (name.endsWith('[x]') && inPath.startsWith(name.slice(0, -3)));

/** `coding.code`, `extension('url').value`, `resolve().code`, `value.ofType(Quantity)`, `$this`. */
export function readPath(path: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.trim().replace(/^\$this\.?/, '');
  while (rest !== '') {
    const part =
      /^(?:extension\(\s*'([^']+)'\s*\)|extension\(\s*"([^"]+)"\s*\)|ofType\(\s*(\w+)\s*\)|(resolve)\(\)|(\w+)(?:\[x\])?)(?:\.|$)/.exec(
        rest,
      );
    if (!part) return undefined;
    const [all, single, double, type, resolve, name] = part;
    const url = single ?? double;
    if (url !== undefined) steps.push({ kind: 'extension', url });
    else if (type !== undefined) steps.push({ kind: 'ofType', type });
    else if (resolve !== undefined) steps.push({ kind: 'resolve' });
    else steps.push({ kind: 'child', name: name ?? '' });
    rest = rest.slice(all.length);
  }
  return steps;
}
