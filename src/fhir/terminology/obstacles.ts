import type { ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';
import { splitCanonical } from '../canonical.ts';

import { filterTest } from './filters.ts';
import type { Holdings } from './holdings.ts';

/** Why a ValueSet cannot be enumerated, one sentence for each cause, so that its author knows what is missing here. */
export function obstaclesTo(set: ValueSet, holdings: Holdings): readonly string[] {
  const found = new Set<string>();
  gather(set, holdings, found, new Set());
  return found.size > 0 ? [...found] : ['It rests on itself, or enumerates more codes than this service looks at'];
}

function gather(set: ValueSet, holdings: Holdings, found: Set<string>, seen: Set<ValueSet>): void {
  if (seen.has(set)) return;
  seen.add(set);
  if (!set.compose) {
    found.add(
      set.expansion
        ? 'Its stored expansion holds only a part of it'
        : 'It has neither a definition (compose) nor a stored expansion',
    );
    return;
  }
  for (const part of [...set.compose.include, ...(set.compose.exclude ?? [])]) {
    const cause = systemObstacle(part, holdings);
    if (cause !== undefined) found.add(cause);
    for (const canonical of part.valueSet ?? []) {
      const inner = holdings.valueSet(canonical);
      if (inner) {
        if (holdings.members(inner) === undefined) gather(inner, holdings, found, seen);
      } else if (holdings.expand(canonical) === undefined) found.add(`The ValueSet ${canonical} is not held here`);
    }
  }
}

function systemObstacle(include: ValueSetComposeInclude, holdings: Holdings): string | undefined {
  const { system: url, version, concept, filter = [] } = include;
  if (url === undefined || concept) return undefined;
  const name = version === undefined ? url : `${url}|${version}`;
  const system = holdings.system(url, version);
  if (!system) return `The CodeSystem ${name} is not held here`;
  if (!system.complete) {
    return `The CodeSystem ${name} is held with content "${system.resource.content}", which is not all of it`;
  }
  const unread = filter.find((one) => !filterTest(one, system));
  return unread && `The filter "${unread.property} ${unread.op}" of ${splitCanonical(name).url} is not supported here`;
}
