/** A canonical of a list, in full or as [how many characters it begins with of the one before, the rest]. */
export type StoredCanonical = string | readonly [number, string];

/**
 * Canonicals of policies as a stored report keeps them. Those of one site begin alike, and every report names each: in full they are the larger
 * part of its text.
 */
export function storeCanonicals(canonicals: readonly string[]): StoredCanonical[] {
  return canonicals.map((canonical, place): StoredCanonical => {
    const shared = sharedBeginning(canonicals[place - 1] ?? '', canonical);
    return shared < FEWEST ? canonical : [shared, canonical.slice(shared)];
  });
}

/** The canonicals that `storeCanonicals` was given. */
export function readCanonicals(stored: readonly StoredCanonical[]): string[] {
  let before = '';
  return stored.map((one) => {
    before = typeof one === 'string' ? one : before.slice(0, one[0]) + one[1];
    return before;
  });
}

/** Fewer are not worth the count. */
const FEWEST = 8;

function sharedBeginning(one: string, other: string): number {
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared += 1;
  return shared;
}
