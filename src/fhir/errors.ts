import type { OperationOutcomeIssue } from '@medplum/fhirtypes';

/** FHIR's own issue codes, those we raise. Source: FHIR R4, ValueSet issue-type. */
export type IssueCode = OperationOutcomeIssue['code'];

/** One fault: where it is, what was expected, what came. Never holds what a patient answered in free text. */
export interface Issue {
  severity: 'fatal' | 'error' | 'warning' | 'information';
  code: IssueCode;
  /** One sentence that a developer can act on. */
  diagnostics: string;
  /** FHIRPath of the element, e.g. `QuestionnaireResponse.item[2].answer[0].value`. */
  expression?: string;
}

/**
 * HTTP status of each issue code we raise; any other is 500.
 * Source: FHIR R4, RESTful API, section 3.1.0.1.4 and the status codes of each interaction.
 */
export const STATUS: Partial<Record<IssueCode, number>> = {
  invalid: 400,
  structure: 400,
  required: 400,
  value: 400,
  invariant: 400,
  'code-invalid': 400,
  'too-costly': 400,
  login: 401,
  security: 403,
  forbidden: 403,
  'not-found': 404,
  'not-supported': 405,
  conflict: 409,
  duplicate: 412,
  deleted: 410,
  'too-long': 413,
  'business-rule': 422,
  throttled: 429,
  exception: 500,
  transient: 503,
  'lock-error': 503,
  timeout: 503,
};

/** A refusal that the client may read. `status` is given only where it differs from the code's own. */
export class FhirError extends Error {
  override readonly name = 'FhirError';
  readonly issues: readonly [Issue, ...Issue[]];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    issues: readonly [Issue, ...Issue[]],
    options: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(issues[0].diagnostics);
    this.issues = issues;
    this.status = options.status ?? STATUS[issues[0].code] ?? 500;
    this.headers = options.headers ?? {};
  }
}

/** A fault of severity error. */
export const fault = (code: IssueCode, diagnostics: string, expression?: string): Issue => ({
  severity: 'error',
  code,
  diagnostics,
  ...(expression === undefined ? {} : { expression }),
});

/** Nobody reads more at once. Of one kind, in one OperationOutcome. */
export const MOST_ISSUES = 50;

const refuse = (code: IssueCode, diagnostics: string, expression?: string, status?: number): FhirError =>
  new FhirError([fault(code, diagnostics, expression)], status === undefined ? {} : { status });

/** 400: the request, not its resource, cannot be understood. */
export const badRequest = (diagnostics: string, expression?: string): FhirError =>
  refuse('invalid', diagnostics, expression);

/** 404 for a resource; the same answer for "none" and "not yours". What cannot be an id is free text, and not repeated. */
export const notFound = (type: string, id: string): FhirError =>
  refuse('not-found', `${/^[\w\-./]{1,150}$/.test(id) ? `${type}/${id}` : `This ${type}`} is not known here`);

/** 410: it was here and was deleted. */
export const gone = (type: string, id: string): FhirError => refuse('deleted', `${type}/${id} has been deleted`);

/** 412: If-Match named another version than the current one. */
export const versionConflict = (expected: string): FhirError =>
  refuse('conflict', `Version ${expected} is not the current one; read the resource again and repeat`, undefined, 412);

/** 412: the criteria of a conditional create match more than one resource. */
export const multipleMatches = (criteria: string): FhirError =>
  refuse('duplicate', `More than one resource matches ${criteria}`, undefined, 412);

/** 422: understood, valid, and against a rule of ours. */
export const businessRule = (diagnostics: string, expression?: string): FhirError =>
  refuse('business-rule', diagnostics, expression);

/** 405: an interaction that this type does not offer. */
export const notSupported = (diagnostics: string): FhirError => refuse('not-supported', diagnostics);

/** 503: nothing was changed; the same request may be sent again after `seconds`. */
export const tryAgain = (diagnostics: string, seconds = 1): FhirError =>
  new FhirError([fault('transient', diagnostics)], { status: 503, headers: { 'Retry-After': String(seconds) } });
