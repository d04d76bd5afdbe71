import { FhirError, fault, tryAgain } from '../fhir/errors.ts';

/** SQLSTATEs that we act on, by name. Source: PostgreSQL manual, appendix A. */
const SQLSTATE = {
  invalidDatetimeFormat: '22007',
  datetimeFieldOverflow: '22008',
  invalidTimeZoneDisplacement: '22009',
  invalidParameterValue: '22023', // a time zone that has no such name
  divisionByZero: '22012',
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
} as const;

/** Classes and codes that say the server, not the statement, is the trouble. */
const OUTAGE = /^(08...|57P0[1-5]|53...|25006)$/;
/** Those with which the server ends the session: a connection's own end, administrator, crash, dropped database, idle for too long. */
const LOST = /^(08(000|003|006)|57P0[1245])$/;
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EACCES',
  'EHOSTUNREACH',
]);
const NODE_PG =
  /^(Connection terminated|timeout expired$|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after)/;

/**
 * True when a write gave way to another: its compare-and-set failed, its version was taken, its claim was made, or the
 * server broke a deadlock. Nothing of it stands; with fresh state it may be tried again.
 */
export function gaveWay(error: unknown): boolean {
  if (error instanceof StaleRead) return true;
  const code = codeOf(error);
  return (
    code === SQLSTATE.divisionByZero ||
    code === SQLSTATE.uniqueViolation ||
    code === SQLSTATE.serializationFailure ||
    code === SQLSTATE.deadlockDetected
  );
}

/** True when a text was to be a moment and is none. Of what clients send only a page's cursor reaches the server as a moment unread. */
export function isUnreadableMoment(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === SQLSTATE.invalidDatetimeFormat ||
    code === SQLSTATE.datetimeFieldOverflow ||
    code === SQLSTATE.invalidTimeZoneDisplacement ||
    code === SQLSTATE.invalidParameterValue
  );
}

/** The refusal for a database that cannot be reached or is shutting down; undefined for any other error. */
export function outage(error: unknown): FhirError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  const out = (code !== undefined && (OUTAGE.test(code) || NETWORK.has(code))) || NODE_PG.test(error.message);
  return out
    ? tryAgain('The database cannot be reached at the moment; nothing is lost by sending the request again')
    : undefined;
}

/**
 * True when the connection under a statement is gone, and with it the statement: another connection may answer it. Other outages leave the
 * connection as it is (no room on the server), or are met before there is one (the server starts).
 */
export function connectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === undefined ? NODE_PG.test(error.message) : LOST.test(code) || NETWORK.has(code);
}

/** The connection broke while a write was under way: it may stand or not. */
export const unknownOutcome = (): FhirError =>
  new FhirError(
    [
      fault(
        'transient',
        'The connection to the database was lost while this request was being committed: whether it took effect is unknown. ' +
          'Send it again; a create is safe to repeat with If-None-Exist, an update with If-Match',
      ),
    ],
    { status: 503, headers: { 'Retry-After': '1' } },
  );

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Two reads of one patient saw different moments: a writer came between. As with a lost compare-and-set, try again. */
export class StaleRead extends Error {
  override readonly name = 'StaleRead';
}
