import { searchBundle } from '../fhir/bundle.ts';
import { toOutcome } from '../fhir/outcome.ts';
import { parseQuery, writeCursor } from '../fhir/query.ts';
import { search } from '../store/search.ts';
import { isStrict, sendJson } from './reply.ts';
import { type AddRoute, compartmentOfCaller, paramsOf } from './route.ts';

/** FHIR search of one type. Source: https://hl7.org/fhir/R4/http.html#search */
export const addSearch: AddRoute = (app, { type }, deps) => {
  app.get(`/${type}`, async (request, reply) => {
    const pairs = paramsOf(request);
    const query = parseQuery(deps.registry, type, pairs, { strict: isStrict(request), baseUrl: deps.baseUrl });
    // The watermark is asked for first: what is not visible to the search then is younger.
    const lastUpdated = await deps.watermark.current(deps.now().getTime());
    const found = await search(deps.db, compartmentOfCaller(), query, deps.baseUrl);
    const self = `${deps.baseUrl}/${type}?${new URLSearchParams(query.used.map(([name, value]): [string, string] => [name, value])).toString()}`;
    const link = (cursor: string): string => `${self}${self.endsWith('?') ? '' : '&'}_cursor=${cursor}`;
    return sendJson(
      reply,
      searchBundle(deps.baseUrl, found.matches, {
        included: found.included,
        lastUpdated,
        self: (query.after ? link(writeCursor(query.after)) : self).replace(/\?$/, ''),
        ...(found.next ? { next: link(writeCursor(found.next)) } : {}),
        ...(found.total === undefined ? {} : { total: found.total }),
        ...(query.warnings.length > 0 ? { outcome: toOutcome(query.warnings) } : {}),
      }),
    );
  });
};
