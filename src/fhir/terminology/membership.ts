import type { Coding, ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';
import type { System } from '../terminology.ts';
import { filterTest } from './filters.ts';
import type { Holdings } from './holdings.ts';

/** True, false, or undefined where what we hold does not decide it. */
export type Decided = boolean | undefined;

/**
 * Whether a code is in a ValueSet. A set that cannot be enumerated may still be decided: a code listed by name is in it whatever else it
 * includes, and a code of a system that it does not name is not. `abstract`: concepts that only group others count too.
 */
export function isMember(
  set: ValueSet,
  coding: Pick<Coding, 'system' | 'version' | 'code'>,
  holdings: Holdings,
  abstract = false,
): Decided {
  return decide(set, coding, { holdings, abstract, within: [] });
}

interface Context {
  holdings: Holdings;
  abstract: boolean;
  within: readonly ValueSet[];
}

function decide(set: ValueSet, coding: Pick<Coding, 'system' | 'version' | 'code'>, context: Context): Decided {
  if (context.within.includes(set)) return undefined;
  if (!set.compose) return enumerated(set, coding, context.holdings);
  const inner = { ...context, within: [...context.within, set] };
  const included = any(set.compose.include.map((part) => inPart(part, coding, inner)));
  if (included === false) return false;
  const excluded = any((set.compose.exclude ?? []).map((part) => inPart(part, coding, inner)));
  const active = set.compose.inactive === false ? not(isInactive(coding, context.holdings)) : true;
  // A server that could decide what we cannot may have left its expansion in the resource.
  return all([included, not(excluded), active]) ?? enumerated(set, coding, context.holdings);
}

const enumerated = (set: ValueSet, coding: Pick<Coding, 'system' | 'version' | 'code'>, holdings: Holdings): Decided =>
  holdings.members(set)?.some(({ system, code }) => system === coding.system && code === coding.code);

/** Within one include the system and every value set must all agree. */
function inPart(
  part: ValueSetComposeInclude,
  coding: Pick<Coding, 'system' | 'version' | 'code'>,
  context: Context,
): Decided {
  const sets = (part.valueSet ?? []).map((canonical): Decided => {
    const set = context.holdings.valueSet(canonical);
    return set && decide(set, coding, context);
  });
  return all([...(part.system === undefined ? [] : [inSystem(part, coding, context)]), ...sets]);
}

function inSystem(
  { system: url = '', version, concept, filter = [] }: ValueSetComposeInclude,
  { system: of, version: own, code = '' }: Pick<Coding, 'system' | 'version' | 'code'>,
  { holdings, abstract }: Context,
): Decided {
  if (of !== url) return false;
  // A code of another version is another one.
  if (own !== undefined && version !== undefined && own !== version) return false;
  if (concept) return concept.some((one) => one.code === code);
  const system = holdings.system(url, version ?? own) ?? (version === undefined ? holdings.system(url) : undefined);
  if (!system) return undefined;
  if (!system.concepts.has(code)) return system.complete ? false : undefined;
  if (!abstract && system.abstract.has(code)) return false;
  return all(filter.map((one) => tested(filterTest(one, system), code, system)));
}

/** A hierarchy that is not complete can show that a code is below another, and cannot show that it is not. */
function tested(test: ((code: string) => boolean) | undefined, code: string, { complete }: System): Decided {
  const holds = test?.(code);
  return complete ? holds : holds || undefined;
}

function isInactive(
  { system = '', code = '' }: Pick<Coding, 'system' | 'version' | 'code'>,
  holdings: Holdings,
): Decided {
  const known = holdings.concept(system, code);
  return known ? known.inactive === true : false;
}

const not = (decided: Decided): Decided => (decided === undefined ? undefined : !decided);

const any = (parts: readonly Decided[]): Decided =>
  parts.includes(true) ? true : parts.includes(undefined) ? undefined : false;

const all = (parts: readonly Decided[]): Decided =>
  parts.includes(false) ? false : parts.includes(undefined) ? undefined : true;
