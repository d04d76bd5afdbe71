import type { ResourceSpec } from '../fhir/resources.ts';

/** What others of a Bundle may rest on: whose data they are, the codes and forms that they are read by. */
const FIRST = ['Patient', 'StructureDefinition', 'CodeSystem', 'ValueSet'];

function rankOf({ type, canonical }: ResourceSpec): number {
  const place = FIRST.indexOf(type);
  if (place >= 0) return place;
  return canonical ? FIRST.length : FIRST.length + 1;
}

interface Ranked {
  request: { kind: string; spec: ResourceSpec; entry: { index: number; ifNoneExist?: string } };
}

/**
 * The order of writes: what others rest on goes first, creates before updates, else as in the Bundle. No two entries change the same
 * resource, so that the order among creates and updates shows in nothing but this. Conditional creates go by their criteria, so that
 * transactions that claim the same ones wait for each other and not in a circle.
 */
export const inOrder = <T extends Ranked>(writes: readonly T[]): T[] => [...writes].sort(compare);

/** The order of deletions: what others rest on goes last. */
export const inOrderOfRemoval = <T extends Ranked>(deletions: readonly T[]): T[] =>
  [...deletions].sort((a, b) => rankOf(b.request.spec) - rankOf(a.request.spec) || indexes(a, b));

function compare(a: Ranked, b: Ranked): number {
  return (
    rankOf(a.request.spec) - rankOf(b.request.spec) ||
    Number(a.request.kind !== 'create') - Number(b.request.kind !== 'create') ||
    compareTexts(a.request.entry.ifNoneExist ?? '', b.request.entry.ifNoneExist ?? '') ||
    indexes(a, b)
  );
}

const indexes = (a: Ranked, b: Ranked): number => a.request.entry.index - b.request.entry.index;

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
