import { FhirError, type Issue } from '../fhir/errors.ts';
import { type BundleEntry, placeOf } from './entries.ts';

/**
 * What an entry was refused with, as the refusal of the transaction: each issue says which entry it is about. Statuses that would speak of
 * the base itself (404, 405, 410, 415) become 400. What says nothing of the entry (503, another writer came first) stays as it is.
 */
export function ofEntry(entry: BundleEntry, thrown: unknown): unknown {
  if (!(thrown instanceof FhirError) || thrown.status >= 500) return thrown;
  const [first, ...more] = thrown.issues;
  return new FhirError([placed(entry, first), ...more.map((issue) => placed(entry, issue))], {
    status: OF_THE_BASE.has(thrown.status) ? 400 : thrown.status,
  });
}

const OF_THE_BASE = new Set([404, 405, 410, 415]);

function placed(entry: BundleEntry, issue: Issue): Issue {
  const place = placeOf(entry);
  if (issue.expression?.startsWith('Bundle.entry[')) return issue;
  const type = (entry.resource?.value as { resourceType?: unknown } | undefined)?.resourceType;
  return {
    ...issue,
    diagnostics: `${place}: ${issue.diagnostics}`,
    expression: expressionOf(place, issue.expression, type),
  };
}

/** The root of a FHIRPath is the type of its resource; within the Bundle that root is the entry's resource. */
function expressionOf(place: string, inner: string | undefined, type: unknown): string {
  if (inner === undefined) return place;
  if (typeof type !== 'string') return place;
  if (inner === type) return `${place}.resource`;
  return `${place}.resource.${inner.startsWith(`${type}.`) ? inner.slice(type.length + 1) : inner}`;
}
