import type { FastifyRequest } from 'fastify';
import { type ConditionalHeaders, type Preconditions, writePreconditions } from '../fhir/preconditions.ts';

/** What the headers ask of a write. Throws 400 for one that cannot be read. */
export const preconditions = ({ headers }: FastifyRequest): Preconditions =>
  // Node gives each of these headers once, as a string.
  writePreconditions(headers as ConditionalHeaders);

/** The criteria of a conditional interaction: all behind the first question mark. */
export function criteriaText({ url }: FastifyRequest): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}
