import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { MAX_COUNT, parseQuery, type Query } from '../fhir/query.ts';
import { canonicalJson, sha256 } from '../rules/canonical-json.ts';
import { claimOwner, claimShard } from '../store/claims.ts';
import { search } from '../store/search.ts';
import type { Claim } from '../store/write.ts';

/** A version of a canonical resource that is to be written. */
interface Written {
  type: string;
  id: string;
  version: number;
}

/**
 * Lets the writers of one url and version go one after the other: each takes the claim over from the one before, and gives way when
 * another did so first. It is to be asked for before what is held under that url and version is looked at. Empty where there is no
 * url or no version.
 */
export async function inTurn(
  deps: Deps,
  within: Compartment,
  { type, id, version }: Written,
  canonical: { url?: string; version?: string },
): Promise<Claim[]> {
  if (canonical.url === undefined || canonical.version === undefined) return [];
  const key = `canonical ${type} ${canonical.url}|${canonical.version}`;
  const last = await claimOwner(deps.db, within, key, { hold: deps.holds });
  return [{ key, shard: claimShard(key), type, id: `${id}/${version}`, ...(last ? { stale: last.id } : {}) }];
}

/** Whether another resource holds the same url and version and means something else. False where there is no url or no version. */
export async function meansAnother(
  deps: Deps,
  within: Compartment,
  id: string,
  resource: CodeSystem | ValueSet,
): Promise<boolean> {
  const { resourceType, url, version } = resource;
  if (url === undefined || version === undefined) return false;
  const pairs: [string, string][] = [
    ['url', escaped(url)],
    ['version', escaped(version)],
  ];
  let page: Query = parseQuery(deps.registry, resourceType, pairs, { strict: true, baseUrl: deps.baseUrl });
  for (;;) {
    const { matches, next } = await search(deps.db, within, { ...page, count: MAX_COUNT }, deps.baseUrl);
    for (const { id: other, content } of matches) {
      const held: CodeSystem | ValueSet = JSON.parse(content);
      const same = held.url === url && held.version === version;
      if (same && other !== id && meaningOf(held) !== meaningOf(resource)) return true;
    }
    if (!next) return false;
    page = { ...page, after: next };
  }
}

/** The value of a search parameter that stands for this very text. Source: FHIR R4, section 3.1.1.4.0.2. */
const escaped = (text: string): string => text.replace(/[\\,$|]/g, '\\$&');

/** What codes there are and what each stands for; not who said so, when, or how it is presented. */
function meaningOf(resource: CodeSystem | ValueSet): string {
  if (resource.resourceType === 'ValueSet') {
    const { compose, expansion } = resource;
    return sha256(canonicalJson(compose ?? { contains: expansion?.contains ?? [] }));
  }
  const { caseSensitive, content, supplements, hierarchyMeaning, concept, valueSet } = resource;
  return sha256(canonicalJson({ caseSensitive, content, supplements, hierarchyMeaning, concept, valueSet }));
}
