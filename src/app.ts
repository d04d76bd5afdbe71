import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { isLoopback } from './config.ts';
import type { Deps } from './deps.ts';
import { FhirError, fault } from './fhir/errors.ts';
import { toRefusal } from './fhir/outcome.ts';
import { resourceSpec } from './fhir/resources.ts';
import { logAnswer } from './log.ts';
import { healthRoutes } from './routes/health.ts';
import { fhirRoutes } from './routes/index.ts';
import { sendJson } from './routes/reply.ts';

/** A body larger than this is refused: 1 MiB. */
export const MOST_BYTES = 1024 * 1024;

/** The service without a socket: parsers, hooks, error handler and routes. It never listens. */
export function buildApp(deps: Deps, options: { allowedHosts?: readonly string[] } = {}): FastifyInstance {
  const logger: FastifyBaseLogger = deps.log;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    // Its own lines hold the URL with its query; logAnswer writes ours.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MOST_BYTES,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
    // A body that does not come to its end gives its connection back.
    requestTimeout: 60_000,
    // A path that cannot be decoded meets the same answer as any other bad request, and none of it is repeated.
    frameworkErrors: (error, request, reply) => answerError(deps, error, request, reply),
    clientErrorHandler(error, socket) {
      if (error.code !== 'ECONNRESET' && socket.writable) socket.end(BAD_REQUEST);
      else socket.destroy();
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/fhir+json', 'application/json', 'application/json+fhir'],
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.addHook('onRequest', checkHost(deps, options.allowedHosts ?? []));
  app.addHook('onRequest', checkAccept);
  app.addHook('onResponse', async (request, reply) => logAnswer(request, reply));
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const { status, outcome, headers } = toRefusal(noRoute(deps, request));
    return sendJson(reply.code(status).headers(headers), outcome);
  });
  app.register(async (scope) => healthRoutes(scope, deps));
  app.register(async (scope) => fhirRoutes(scope, deps), { prefix: new URL(deps.baseUrl).pathname });
  return app;
}

function answerError(deps: Deps, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, outcome, headers, unforeseen } = toRefusal(error);
  // A client that goes away in the middle of its body is no fault of ours.
  const left = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
  if (unforeseen && !left) deps.log.error({ err: error, request: request.id }, 'unforeseen');
  return sendJson(reply.code(status).headers(headers), outcome);
}

/** Bytes that are no HTTP at all. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * A web page of elsewhere can make a browser send requests to a loopback address under a name of its own (DNS rebinding). So only
 * names that are ours are answered.
 */
function checkHost(deps: Deps, allowed: readonly string[]) {
  const own = new Set([new URL(deps.baseUrl).hostname.replace(/^\[(.*)\]$/, '$1'), ...allowed]);
  return async (request: FastifyRequest): Promise<void> => {
    const host = hostName(request.headers.host ?? '');
    if (isLoopback(host) || own.has(host)) return;
    throw new FhirError([fault('security', 'The Host header names a host that this service does not answer for')], {
      status: 421,
    });
  };
}

/** The name in a Host header, in lower case, without port and brackets. */
function hostName(header: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d+)?$/.exec(header.trim());
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/** JSON is what is spoken. Source: FHIR R4, section 3.1.0.1.10: 406 for a format that is not supported. */
async function checkAccept(request: FastifyRequest): Promise<void> {
  const { accept } = request.headers;
  const format = /[?&]_format=([^&]*)/.exec(request.url)?.[1];
  const spoken =
    format === undefined
      ? accept === undefined || /json|\*\/\*|application\/\*|text\/html/i.test(accept)
      : /json/i.test(format);
  if (spoken) return;
  throw new FhirError([fault('not-supported', 'This service speaks JSON: expected Accept application/fhir+json')], {
    status: 406,
  });
}

/** Known type, other method: 405. Else 404. The path itself is not repeated: it may hold anything. */
function noRoute(deps: Deps, request: FastifyRequest): FhirError {
  const base = new URL(deps.baseUrl).pathname;
  const [path = ''] = request.url.split('?', 1);
  const [type = '', id, ...more] = path.startsWith(`${base}/`) ? path.slice(base.length + 1).split('/') : [];
  const spec = resourceSpec(type);
  if (!spec) {
    const known = /^[A-Z][A-Za-z]{1,40}$/.test(type)
      ? `Resource type ${type} is not served here`
      : 'Nothing is served at this path';
    return new FhirError([fault('not-found', known)]);
  }
  if (more.length > 0 || id?.startsWith('$') || id?.startsWith('_')) {
    return new FhirError([fault('not-found', `Nothing is served at this path of ${type}`)]);
  }
  const allow = spec.interactions.flatMap(
    (interaction) => METHODS[id === undefined ? 'type' : 'instance'][interaction] ?? [],
  );
  return new FhirError(
    [
      fault(
        'not-supported',
        `${request.method} is not offered ${id === undefined ? 'on' : 'on an instance of'} ${type}`,
      ),
    ],
    { status: 405, headers: { Allow: [...new Set(allow)].join(', ') } },
  );
}

const METHODS: Readonly<Record<'type' | 'instance', Readonly<Record<string, string[]>>>> = {
  type: { create: ['POST'], 'search-type': ['GET', 'HEAD'] },
  instance: { read: ['GET', 'HEAD'], update: ['PUT'], delete: ['DELETE'] },
};
