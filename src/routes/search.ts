import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { RESOURCES } from '../fhir/resources.ts';
import { inCompartment, type SearchIn, searchset } from '../searchset.ts';
import { receive } from './encoding.ts';
import { isStrict, sendJson } from './reply.ts';
import { type AddRoute, compartmentOfCaller, paramsOf } from './route.ts';

/** FHIR search of one type, also within a patient's compartment; by GET and by POST. Source: https://hl7.org/fhir/R4/http.html#search */
export const addSearch: AddRoute = (app, spec, deps) => {
  const { type } = spec;
  addBoth(app, deps, `/${type}`, `/${type}/_search`, () => ({ type }));
  if (!inCompartment(spec)) return;
  const within = `/Patient/:id/${type}`;
  addBoth(app, deps, within, `${within}/_search`, ({ id = '' }) => ({ patient: id, type }));
};

/** Search of several types at once: of the whole server, named by `_type`, and of all that belongs to a patient. */
export function addSystemSearch(app: FastifyInstance, deps: Deps): void {
  if (!RESOURCES.some(({ interactions }) => interactions.includes('search-type'))) return;
  addBoth(app, deps, '/', '/_search', () => ({ base: true }));
  addBoth(app, deps, '/Patient/:id/:all(^\\*$)', '/Patient/:id/_search', ({ id = '' }) => ({ patient: id }));
}

/** The parameters of a path. */
type Params = Record<string, string | undefined>;

function addBoth(
  app: FastifyInstance,
  deps: Deps,
  get: string,
  post: string,
  where: (params: Params) => SearchIn,
): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, form: string): Promise<FastifyReply> => {
    const pairs = [...paramsOf(request), ...new URLSearchParams(form)];
    const target = where(request.params as Params); // the path says which there are
    return sendJson(reply, await searchset(deps, compartmentOfCaller(), target, pairs, { strict: isStrict(request) }));
  };
  app.get(get, (request, reply) => answer(request, reply, ''));
  // Only here is a form a body.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(FORM, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      if (request.headers['content-encoding'] === undefined) done(null, body);
      else receive(request, body).then((bytes) => done(null, bytes), done);
    });
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
      if (body.length === 0) done(null, body);
      else done(noForm());
    });
    scope.post(post, (request, reply) =>
      answer(request, reply, Buffer.isBuffer(request.body) ? request.body.toString('utf8') : ''),
    );
  });
}

const FORM = 'application/x-www-form-urlencoded';

/** Source: FHIR R4, section 3.1.0.9 search: POST [type]/_search with the parameters as a form. */
const noForm = (): FhirError =>
  new FhirError([fault('not-supported', `The parameters of a search by POST come as ${FORM}`)], { status: 415 });
