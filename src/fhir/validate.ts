import { bounded } from './bounded.ts';
import { splitCanonical } from './canonical.ts';
import { fault, type Issue } from './errors.ts';
import { R4_TYPES } from './loose.ts';
import { ProfileCheck } from './profile/check.ts';
import { MOST_MILLISECONDS } from './profile/expression.ts';
import { checkExtensions, isResource, type Place, placesOf } from './profile/extensions.ts';
import { type Item, isObject, resourceItem } from './profile/items.ts';
import { CORE } from './profile/layers.ts';
import { Sink } from './profile/sink.ts';
import type { Profiles } from './profile.ts';
import { withR4 } from './terminology/r4.ts';
import type { Terminology } from './terminology.ts';
import { validateStructure } from './validate-structure.ts';

/** What is held that a resource can be checked by. */
export interface Held {
  readonly profiles: Profiles;
  readonly terminology: Terminology;
}

/**
 * Everything that is wrong with a resource in itself, and what could not be checked: structure, the profiles that it claims in `meta.profile` (also those
 * of contained resources and of Bundle entries), those in `named`, and its extensions by their definitions. Nothing when all is well; at most
 * 50 issues of each kind. The nesting of the resource must be bounded, as `readText` does. Never throws.
 * Source: FHIR R4, Resource operation $validate; section 5.1 (Profiling).
 */
export function validate(
  resource: unknown,
  { held, named = [], type }: { held: Held; named?: readonly string[]; type?: string },
): Issue[] {
  return [...validateStructure(resource, type), ...profileIssues(resource, held, named)];
}

/**
 * What a write is refused for beyond its structure: errors against the profiles that are claimed and held, and against the definitions of extensions. What is not
 * held, or could not be checked, refuses nothing.
 */
export const profileErrors = (resource: unknown, held: Held): Issue[] =>
  profileIssues(resource, held).filter(({ severity }) => severity === 'error' || severity === 'fatal');

/** Whether a profile can be checked here: it is held, or is the definition of an R4 type. */
export function isHeldProfile(canonical: string, { profiles }: Held): boolean {
  const { url } = splitCanonical(canonical);
  return profiles.faultsOf(canonical) !== undefined || R4_TYPES.has(url.startsWith(CORE) ? url.slice(CORE.length) : '');
}

/** Whether a resource, or one that it contains, claims a profile: what does not is not asked for more than its structure on a write. */
export const claimsProfile = ({ meta, contained }: Claiming): boolean =>
  meta?.profile !== undefined || (contained?.some(claimsProfile) ?? false);

interface Claiming {
  meta?: { profile?: unknown };
  contained?: readonly Claiming[];
}

/** What `validate` says beyond structure, of a resource of any structure. `named` are profiles that it is to conform to beside those it claims. */
export function profileIssues(resource: unknown, held: Held, named: readonly string[] = []): Issue[] {
  const item = resourceItem(resource, '');
  if (!item) return [];
  // Reading a profile for the first time takes longer than checking, is done once, and is not the resource's fault.
  for (const canonical of new Set([...claimsOf(item), ...named])) held.profiles.get(canonical);
  const sink = new Sink();
  const work = (): void => visit({ item: { ...item, path: item.type } }, named, Object(resource), held, sink);
  if (!bounded(work, MOST_MILLISECONDS)) {
    sink.add({
      severity: 'warning',
      code: 'too-costly',
      diagnostics: `Not all was checked: the profiles of this resource took longer than ${MOST_MILLISECONDS} ms; make it smaller, or the expressions of their constraints cheaper`,
      expression: item.type,
    });
  }
  return sink.issues;
}

/** One resource and those within it. */
function visit(place: Place, named: readonly string[], root: object, held: Held, sink: Sink): void {
  const { item } = place;
  const { profiles, terminology } = held;
  const around = { resource: Object(item.value), root, profile: profiles.get, terminology: withR4(terminology) };
  const check = new ProfileCheck(around, sink);
  for (const canonical of new Set([...claimsOf(item), ...named])) checkProfile(canonical, item, profiles, check);
  const within: Place[] = [];
  for (const inner of placesOf(place)) {
    if (inner !== place && isResource(inner.item)) within.push(inner);
    else checkExtensions(inner, check);
  }
  check.finish();
  for (const inner of within) visit(inner, [], root, held, sink);
}

/** `meta.profile` of a resource, as far as it is one. */
function claimsOf({ value }: Item): string[] {
  const meta = isObject(value) ? value.meta : undefined;
  const profile: unknown = isObject(meta) ? meta.profile : undefined;
  return Array.isArray(profile) ? profile.filter((one): one is string => typeof one === 'string') : [];
}

function checkProfile(canonical: string, item: Item, profiles: Profiles, check: ProfileCheck): void {
  const { url } = splitCanonical(canonical);
  const core = url.startsWith(CORE) ? url.slice(CORE.length) : '';
  const profile = profiles.get(canonical);
  const wanted = profile?.type ?? (R4_TYPES.has(core) ? core : undefined);
  const expression = `${item.path}.meta.profile`;
  if (wanted !== undefined && wanted !== item.type) {
    check.add(fault('value', `${canonical} is a profile of ${wanted}; this is ${item.type}`, expression));
  } else if (profile) {
    check.against(item, profile);
  } else if (wanted === undefined) {
    check.add(notChecked(canonical, profiles.faultsOf(canonical), expression));
  }
}

function notChecked(canonical: string, faults: readonly Issue[] | undefined, expression: string): Issue {
  const [first] = faults ?? [];
  const name = /^[\w:/.#|+-]{1,300}$/.test(canonical) ? canonical : 'with this canonical';
  return first
    ? {
        severity: 'warning',
        code: 'processing',
        diagnostics: `Not checked: the profile ${name} cannot be compiled: ${first.diagnostics}`,
        expression,
      }
    : {
        severity: 'information',
        code: 'not-found',
        diagnostics: `Not checked: the profile ${name} is not held here`,
        expression,
      };
}
