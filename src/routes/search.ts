import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { RESOURCES, type ResourceSpec } from '../fhir/resources.ts';
import { inCompartment, type SearchIn, searchset } from '../searchset.ts';
import { receive } from './encoding.ts';
import { checkFormat } from './formats.ts';
import { isStrict, sendJson } from './reply.ts';
import { type AddRoute, compartmentOfCaller, paramsOf, READING } from './route.ts';

/** FHIR search of one type, also within a patient's compartment, by GET. Source: https://hl7.org/fhir/R4/http.html#search */
export const addSearch: AddRoute = (app, spec, deps) => {
  for (const way of waysOf(spec)) addByGet(app, deps, way);
};

/** Search of several types at once by GET: of the whole server, named by `_type`, and of all that belongs to a patient. */
export function addSystemSearch(app: FastifyInstance, deps: Deps): void {
  for (const way of SYSTEM_WAYS) addByGet(app, deps, way);
}

/** Each search once more, by POST, its parameters in a form. One scope for all of them: nowhere else is a form a body. */
export async function addFormSearches(scope: FastifyInstance, deps: Deps): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(FORM, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (request.headers['content-encoding'] === undefined) done(null, body);
    else receive(request, body).then((bytes) => done(null, bytes), done);
  });
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    if (body.length === 0) done(null, body);
    else done(noForm());
  });
  for (const { post, where } of [...SYSTEM_WAYS, ...RESOURCES.flatMap(waysOf)]) {
    scope.post(post, (request, reply) =>
      answer(deps, request, reply, where, Buffer.isBuffer(request.body) ? request.body.toString('utf8') : ''),
    );
  }
}

/** One search: its paths, and what is searched given what they name. */
interface Way {
  get: string;
  post: string;
  where: (params: Params) => SearchIn;
}

/** The parameters of a path. */
type Params = Record<string, string | undefined>;

const SYSTEM_WAYS: readonly Way[] = [
  { get: '/', post: '/_search', where: () => ({ base: true }) },
  { get: '/Patient/:id/:all(^\\*$)', post: '/Patient/:id/_search', where: ({ id = '' }) => ({ patient: id }) },
];

function waysOf(spec: ResourceSpec): Way[] {
  const { type, interactions } = spec;
  if (!interactions.includes('search-type')) return [];
  const within = `/Patient/:id/${type}`;
  return [
    { get: `/${type}`, post: `/${type}/_search`, where: () => ({ type }) },
    ...(inCompartment(spec)
      ? [{ get: within, post: `${within}/_search`, where: ({ id = '' }: Params) => ({ patient: id, type }) }]
      : []),
  ];
}

const addByGet = (app: FastifyInstance, deps: Deps, { get, where }: Way): void => {
  app.route({
    method: READING,
    url: get,
    handler: (request, reply) => answer(deps, request, reply, where, ''),
  });
};

async function answer(
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  where: Way['where'],
  form: string,
): Promise<FastifyReply> {
  const fields = new URLSearchParams(form);
  checkFormat(fields);
  const target = where(request.params as Params); // the path says which there are
  const pairs = [...paramsOf(request), ...fields];
  const found = await searchset(deps, compartmentOfCaller(), target, pairs, { strict: isStrict(request) });
  return sendJson(reply, found, form);
}

const FORM = 'application/x-www-form-urlencoded';

/** Source: FHIR R4, section 3.1.0.9 search: POST [type]/_search with the parameters as a form. */
const noForm = (): FhirError =>
  new FhirError([fault('not-supported', `The parameters of a search by POST come as ${FORM}`)], { status: 415 });
