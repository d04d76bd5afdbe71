import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { historyBundle } from '../fhir/bundle.ts';
import { badRequest } from '../fhir/errors.ts';
import { type HistoryQuery, openHistoryKey, parseHistory, sealHistoryKey } from '../fhir/history.ts';
import { RESOURCES } from '../fhir/resources.ts';
import { parseShape, shape } from '../fhir/summary.ts';
import { type HistoryOf, history, historyCount, type PastVersion } from '../store/history.ts';
import { linkKey } from '../store/link-key.ts';
import { isStrict, sendJson } from './reply.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfInstance, type OfType, paramsOf, READING } from './route.ts';

/** FHIR history of one instance, newest first. Source: https://hl7.org/fhir/R4/http.html#history */
export const addHistory: AddRoute = (app, types, deps) => {
  app.route<OfInstance>({
    method: READING,
    url: `/${anyOf(types)}/:id/_history`,
    async handler(request, reply) {
      const { type, id } = request.params;
      return answer(deps, request, reply, { type, id }, `${type}/${id}/_history`);
    },
  });
};

/** FHIR history of all resources of a type. Source: https://hl7.org/fhir/R4/http.html#history */
export const addTypeHistory: AddRoute = (app, types, deps) => {
  app.route<OfType>({
    method: READING,
    url: `/${anyOf(types)}/_history`,
    async handler(request, reply) {
      const { type } = request.params;
      return answer(deps, request, reply, { types: [type] }, `${type}/_history`);
    },
  });
};

/** FHIR history of all resources that are served with one. Source: https://hl7.org/fhir/R4/http.html#history */
export function addSystemHistory(app: FastifyInstance, deps: Deps): void {
  const types = RESOURCES.filter(({ interactions }) => interactions.includes('history-type')).map(({ type }) => type);
  app.route({
    method: READING,
    url: '/_history',
    handler: (request, reply) => answer(deps, request, reply, { types }, '_history'),
  });
}

/** The total of an instance is always told; that of a type, which has to be counted, where nothing but a count is asked for. */
async function answer(
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  of: HistoryOf,
  path: string,
): Promise<FastifyReply> {
  const params = paramsOf(request);
  const query = parseHistory(params);
  if (query.unknown.length > 0 && isStrict(request)) {
    throw badRequest(`The history has no parameter ${query.unknown.join(', ')}: it has _count, _since and _at`);
  }
  const wanted = parseShape(params, 'id' in of ? [of.type] : of.types);
  const within = compartmentOfCaller();
  const countOnly = wanted?.summary === 'count' || query.count === 0;
  const self = linkOf(deps, path, query);
  // The watermark is asked for first: what is not visible to the history then is younger.
  const [lastUpdated, key] = await Promise.all([
    deps.watermark.current(deps.now().getTime()),
    linkKey(deps.db, within),
  ]);
  const after = query.cursor === undefined ? {} : { after: openHistoryKey(key, self, query.cursor) };
  const [versions, total] = await Promise.all([
    countOnly ? [] : history(deps.db, within, of, { ...query, ...after, count: query.count + 1 }),
    countOnly || 'id' in of ? historyCount(deps.db, within, of, query) : undefined,
  ]);
  const page = versions.slice(0, query.count);
  const last = versions.length > query.count ? page.at(-1) : undefined;
  const entries = wanted
    ? page.map((entry) => (entry.deleted ? entry : { ...entry, content: shape(entry.content, entry.type, wanted) }))
    : page;
  return sendJson(
    reply,
    historyBundle(deps.baseUrl, entries, {
      lastUpdated,
      self: query.cursor === undefined ? self : continued(self, query.cursor),
      ...(total === undefined ? {} : { total }),
      ...(last ? { next: continued(self, sealHistoryKey(key, self, keyOf(last))) } : {}),
    }),
  );
}

const keyOf = ({ type, id, version, lastUpdated }: PastVersion) => ({ at: Date.parse(lastUpdated), type, id, version });

function linkOf({ baseUrl }: Deps, path: string, { used }: HistoryQuery): string {
  const text = new URLSearchParams(used.map(([name, value]): [string, string] => [name, value])).toString();
  return `${baseUrl}/${path}${text === '' ? '' : `?${text}`}`;
}

const continued = (self: string, cursor: string): string => `${self}${self.includes('?') ? '&' : '?'}_cursor=${cursor}`;
