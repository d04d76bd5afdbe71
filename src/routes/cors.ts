import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a browser app may send and read. Source: FHIR R4, section 3.1.0 (headers of each interaction); Fetch, section 3.2. */
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const SENT =
  'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, If-Unmodified-Since, Prefer, X-Requested-With';
const READ = 'Location, Content-Location, ETag, Last-Modified, Retry-After, X-Progress';

/**
 * Answers browser apps of `origins` (as in `https://app.example`, or `*` for all). A request from elsewhere is served without the headers
 * that would let its page read the answer. Credentials are never allowed: tokens come in a header, there are no cookies.
 */
export function cors(origins: readonly string[]) {
  const all = origins.includes('*');
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { origin } = request.headers;
    if (!all) reply.header('Vary', 'Origin');
    if (origin === undefined || !(all || origins.includes(origin))) {
      done();
      return;
    }
    reply.header('Access-Control-Allow-Origin', all ? '*' : origin).header('Access-Control-Expose-Headers', READ);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      done();
      return;
    }
    reply
      .code(204)
      .header('Access-Control-Allow-Methods', METHODS)
      .header('Access-Control-Allow-Headers', SENT)
      .header('Access-Control-Max-Age', '600')
      .send();
  };
}
