import type { FastifyRequest } from 'fastify';
import { type Preconditions, readVersions } from '../fhir/preconditions.ts';

/** What If-Match and If-None-Match ask of a write. Throws 400 for a header that cannot be read. */
export function preconditions({ headers }: FastifyRequest): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readVersions(ifMatch, 'If-Match') }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readVersions(ifNoneMatch, 'If-None-Match') }),
  };
}

/** The criteria of a conditional interaction: all behind the first question mark. */
export function criteriaText({ url }: FastifyRequest): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}
