import { historyBundle } from '../fhir/bundle.ts';
import { badRequest } from '../fhir/errors.ts';
import { DEFAULT_COUNT, MAX_COUNT } from '../fhir/query.ts';
import { history } from '../store/resources.ts';
import { sendJson } from './reply.ts';
import { type AddRoute, compartmentOfCaller, paramsOf } from './route.ts';

/** FHIR history of one instance, newest first. Source: https://hl7.org/fhir/R4/http.html#history */
export const addHistory: AddRoute = (app, { type }, deps) => {
  app.get<{ Params: { id: string } }>(`/${type}/:id/_history`, async (request, reply) => {
    const { id } = request.params;
    const params = paramsOf(request);
    const count = Math.min(whole(params.get('_count'), '_count') ?? DEFAULT_COUNT, MAX_COUNT);
    const before = whole(params.get('_before'), '_before');
    const { total, versions } = await history(deps.db, compartmentOfCaller(), type, id, {
      count: count + 1,
      ...(before === undefined ? {} : { before }),
    });
    const page = versions.slice(0, count);
    const self = `${deps.baseUrl}/${type}/${id}/_history?_count=${count}`;
    return sendJson(
      reply,
      historyBundle(deps.baseUrl, page, {
        total,
        self: before === undefined ? self : `${self}&_before=${before}`,
        ...(versions.length > count && page.length > 0 ? { next: `${self}&_before=${page.at(-1)?.version}` } : {}),
      }),
    );
  });
};

function whole(text: string | null, name: string): number | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name}: expected a whole number`);
  return Number(text);
}
