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
import { toOutcome, toRefusal } from './fhir/outcome.ts';
import { resourceSpec } from './fhir/resources.ts';
import { logAnswer } from './log.ts';
import { allowedAt, isTooLong, MOST_CHARACTERS, type RouteOf } from './routes/allowed.ts';
import { cors } from './routes/cors.ts';
import { MOST_BYTES, receive } from './routes/encoding.ts';
import { checkFormats } from './routes/formats.ts';
import { healthRoutes } from './routes/health.ts';
import { fhirRoutes } from './routes/index.ts';
import { metricsRoute, type Peers } from './routes/metrics.ts';
import { FHIR_JSON, sendJson } from './routes/reply.ts';
import { routeOf } from './routes/route.ts';

/** What the service is told beside its deps. */
export interface AppOptions {
  /** Host names, beside loopback and the base's own, that requests may name. */
  allowedHosts?: readonly string[];
  /** Origins of browser apps that may read answers. */
  corsOrigins?: readonly string[];
  /** What the other processes of this host have counted; without, there are none. */
  peers?: () => Promise<Peers>;
}

/** The service without a socket: parsers, hooks, error handler and routes. It never listens. */
export function buildApp(deps: Deps, options: AppOptions = {}): FastifyInstance {
  const logger: FastifyBaseLogger = deps.log;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    // Its own lines hold the URL with its query; logAnswer writes ours.
    logController: new LogController({ disableRequestLogging: true }),
    // No route has a schema: bodies are checked as FHIR, and answers are written as text.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    bodyLimit: MOST_BYTES,
    // What is too long is judged where no route has been found: what is too long for a type is no type, and not found.
    routerOptions: {
      maxParamLength: MOST_CHARACTERS,
      onMaxParamLength: undefined,
      ignoreTrailingSlash: true,
      // Patterns of paths are lists of names: there is nothing in them that a long word could make slow, and to look takes as long as all else.
      allowUnsafeRegex: true,
    },
    // Routes name HEAD themselves.
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // A body that does not come to its end gives its connection back.
    requestTimeout: 60_000,
    // A path that cannot be decoded meets the same answer as any other bad request, and none of it is repeated.
    frameworkErrors: (error, request, reply) => answerError(deps, error, request, reply),
    clientErrorHandler(error, socket) {
      if (error.code !== 'ECONNRESET' && socket.writable) socket.end(unreadable(error.code));
      else socket.destroy();
    },
  });

  const routes: RouteOf[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/fhir+json', 'application/json', 'application/json+fhir'],
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (request.headers['content-encoding'] === undefined) done(null, body);
      else receive(request, body).then((bytes) => done(null, bytes), done);
    },
  );
  app.addHook('onRequest', checkHost(deps, options.allowedHosts ?? []));
  if (options.corsOrigins && options.corsOrigins.length > 0) app.addHook('onRequest', cors(options.corsOrigins));
  app.addHook('onRequest', (request, _reply, done) => {
    checkFormats(request);
    done();
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = routeOf(request);
    logAnswer(request, reply, route);
    deps.metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime);
  });
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const allowed = allowedAt(routes, request.url);
    if (request.method === 'OPTIONS' && allowed.length > 0) {
      return reply
        .code(204)
        .header('Allow', [...allowed, 'OPTIONS'].join(', '))
        .send();
    }
    const { status, outcome, headers } = toRefusal(
      isTooLong(routes, request.method, request.url) ? tooLong() : noRoute(deps, request, allowed),
    );
    deps.metrics.refused(status, outcome);
    return sendJson(reply.code(status).headers(headers), outcome);
  });
  app.register(async (scope) => healthRoutes(scope, deps));
  app.register(async (scope) => metricsRoute(scope, deps, options.peers));
  const base = new URL(deps.baseUrl).pathname;
  // How long a report takes is what somebody is called for.
  deps.metrics.serves('POST', `${base.replace(/\/$/, '')}/QuestionnaireResponse`);
  app.register(async (scope) => fhirRoutes(scope, deps, (inside) => buildApp(inside, options)), {
    prefix: base,
  });
  return app;
}

/** In place of Fastify's own compilers, which take a tenth of a second to load. */
function noSchemas(): never {
  throw new Error('routes have no schemas here');
}

function answerError(deps: Deps, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, outcome, headers, unforeseen } = toRefusal(error);
  deps.metrics.refused(status, outcome);
  // A client that goes away in the middle of its body is no fault of ours.
  const left = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
  if (unforeseen && !left) deps.log.error({ err: error, request: request.id }, 'unforeseen');
  return sendJson(reply.code(status).headers(headers), outcome);
}

/** The answer to bytes that are no HTTP, or more of it than a request may have. */
function unreadable(code: string | undefined): string {
  const [status, issue] =
    code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', fault('too-long', 'The URL or the headers are too long')]
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', fault('timeout', 'The request did not come to its end in time')]
        : ['400 Bad Request', fault('invalid', 'The request could not be read')];
  const body = JSON.stringify(toOutcome([issue]));
  return `HTTP/1.1 ${status}\r\nContent-Type: ${FHIR_JSON}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/**
 * A web page of elsewhere can make a browser send requests to a loopback address under a name of its own (DNS rebinding). So only
 * names that are ours are answered.
 */
function checkHost(deps: Deps, allowed: readonly string[]) {
  const own = new Set([new URL(deps.baseUrl).hostname.replace(/^\[(.*)\]$/, '$1'), ...allowed]);
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    const host = hostName(request.headers.host ?? '');
    if (!isLoopback(host) && !own.has(host)) {
      throw new FhirError([fault('security', 'The Host header names a host that this service does not answer for')], {
        status: 421,
      });
    }
    done();
  };
}

/** The name in a Host header, in lower case, without port and brackets. */
function hostName(header: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d+)?$/.exec(header.trim());
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

const tooLong = (): FhirError => new FhirError([fault('too-long', 'A part of the path is too long')], { status: 414 });

/** Another method at a path that is served: 405. Else 404. The path itself is not repeated: it may hold anything. */
function noRoute(deps: Deps, request: FastifyRequest, allowed: readonly string[]): FhirError {
  const base = new URL(deps.baseUrl).pathname;
  const [path = ''] = request.url.split('?', 1);
  const [type = '', id] = path.startsWith(`${base}/`) ? path.slice(base.length + 1).split('/') : [];
  const served = resourceSpec(type);
  if (allowed.length > 0) {
    const onType = served ? `${id === undefined ? 'on' : 'on an instance of'} ${type}` : 'at this path';
    const where = /\/\$[^/]*$/.test(path) ? 'by this operation' : onType;
    return new FhirError([fault('not-supported', `${request.method} is not offered ${where}`)], {
      status: 405,
      headers: { Allow: allowed.join(', ') },
    });
  }
  if (served) return new FhirError([fault('not-found', `Nothing is served at this path of ${type}`)]);
  const known = /^[A-Z][A-Za-z]{1,40}$/.test(type)
    ? `Resource type ${type} is not served here`
    : 'Nothing is served at this path';
  return new FhirError([fault('not-found', known)]);
}
