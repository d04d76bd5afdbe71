import type { OperationOutcome } from '@medplum/fhirtypes';
import { FhirError, fault, type Issue } from './errors.ts';

/** What a thrown value is answered with. */
export interface Refusal {
  status: number;
  outcome: OperationOutcome;
  headers: Readonly<Record<string, string>>;
  /** True when nobody foresaw it: the answer says nothing of it, the log gets its frames. */
  unforeseen: boolean;
}

/** Fastify's own refusals that a client meets, by their code: our text, FHIR's issue code. */
const FASTIFY: Readonly<Record<string, { status: number; issue: Issue }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    issue: fault('not-supported', 'Expected Content-Type application/fhir+json or application/json'),
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    issue: fault('too-long', 'The body is larger than this server accepts (1 MiB)'),
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, issue: fault('invalid', 'Expected a resource in the body') },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    issue: fault('invalid', 'The body is not as long as Content-Length says'),
  },
  FST_ERR_BAD_URL: { status: 400, issue: fault('invalid', 'The path is not a valid URL') },
};

/** Any thrown value -> status, OperationOutcome and headers. The one mapping, for routes and for batches. */
export function toRefusal(thrown: unknown): Refusal {
  if (thrown instanceof FhirError) {
    return { status: thrown.status, outcome: toOutcome(thrown.issues), headers: thrown.headers, unforeseen: false };
  }
  const known = FASTIFY[codeOf(thrown)];
  if (known) return { status: known.status, outcome: toOutcome([known.issue]), headers: {}, unforeseen: false };
  const status = statusOf(thrown);
  if (status !== undefined) {
    const issue = fault('invalid', 'The request could not be read');
    return { status, outcome: toOutcome([issue]), headers: {}, unforeseen: false };
  }
  const issue: Issue = {
    severity: 'fatal',
    code: 'exception',
    diagnostics: 'The server met an unforeseen error; the request was not carried out',
  };
  return { status: 500, outcome: toOutcome([issue]), headers: {}, unforeseen: true };
}

/** Issues as FHIR writes them. */
export function toOutcome(issues: readonly Issue[]): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ severity, code, diagnostics, expression }) => ({
      severity,
      code,
      diagnostics,
      ...(expression === undefined ? {} : { expression: [expression] }),
    })),
  };
}

function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : '';
}

/** A refusal of Fastify's parsers that is not in the table: only a 4xx is believed. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number')
    return undefined;
  return thrown.statusCode >= 400 && thrown.statusCode < 500 && codeOf(thrown).startsWith('FST_')
    ? thrown.statusCode
    : undefined;
}
