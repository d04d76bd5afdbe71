import type { BundleEntry } from './entries.ts';
import type { Link } from './links.ts';

/** A reference that is a search: `Patient?identifier=system|value`. Source: FHIR R4, section 3.1.0.11.2. */
export interface ConditionalReference {
  type: string;
  criteria: string;
}

/** A link that is one; `text` is the whole of it. */
export interface Condition extends ConditionalReference {
  text: string;
  path: string;
}

/** The conditional reference that a text is, also under our own base; undefined for any other. */
export function conditionalReference(text: string, baseUrl: string): ConditionalReference | undefined {
  const relative = text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  const [, type, criteria] = /^([A-Z][A-Za-z]+)\?(.+)$/s.exec(relative) ?? [];
  return type === undefined || criteria === undefined ? undefined : { type, criteria };
}

/** Those of some links that are conditional references. */
export const conditionsIn = (links: readonly Link[], baseUrl: string): Condition[] =>
  links.flatMap(({ kind, value, path }) => {
    const condition = kind === 'reference' ? conditionalReference(value, baseUrl) : undefined;
    return condition ? [{ text: value, path, ...condition }] : [];
  });

/** Which entry each fullUrl names. */
export const byFullUrl = (entries: readonly BundleEntry[]): ReadonlyMap<string, BundleEntry> =>
  new Map(entries.flatMap((entry) => (entry.fullUrl === undefined ? [] : [[entry.fullUrl, entry]])));

/**
 * The entry that a link names, by its fullUrl; a relative one is read against the base of the fullUrl beside it. A link that names a version
 * names what another server has stored, and no entry. Source: FHIR R4, Bundle, section 2.36.4.1 Resolving references in Bundles.
 */
export function entryOf(
  link: string,
  beside: BundleEntry,
  named: ReadonlyMap<string, BundleEntry>,
): BundleEntry | undefined {
  if (named.size === 0) return undefined;
  const exact = named.get(link);
  if (exact || !/^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.test(link)) return exact;
  const base = /^(https?:\/\/.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.exec(beside.fullUrl ?? '')?.[1];
  return base === undefined ? undefined : named.get(base + link);
}

/** True for a name that only means something within a Bundle. */
export const isPlaceholder = (link: string): boolean => /^urn:(uuid|oid):/i.test(link);
