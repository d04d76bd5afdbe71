import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { RESOURCES } from '../fhir/resources.ts';
import { inCompartment, type SearchIn, searchset } from '../searchset.ts';
import { receive } from './encoding.ts';
import { checkFormat } from './formats.ts';
import { isStrict, sendJson } from './reply.ts';
import { ALL, anyOf, compartmentOfCaller, paramsOf, READING } from './route.ts';

/** FHIR search by GET: of one type, of several at once. Source: https://hl7.org/fhir/R4/http.html#search */
export function addSearches(app: FastifyInstance, deps: Deps): void {
  for (const { get, where } of WAYS) {
    app.route({
      method: READING,
      url: get,
      handler: (request, reply) => answer(deps, request, reply, where, ''),
    });
  }
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
  for (const { post, where } of FORM_WAYS) {
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

const SEARCHED = RESOURCES.filter(({ interactions }) => interactions.includes('search-type'));
const TYPES = anyOf(SEARCHED.map(({ type }) => type));
const OF_PATIENT = SEARCHED.filter(inCompartment).map(({ type }) => type);

/** The whole server, with types named by `_type`; one type; of a patient, all or one type. */
const WAYS: readonly Way[] = [
  { get: '/', post: '/_search', where: () => ({ base: true }) },
  { get: `/${TYPES}`, post: `/${TYPES}/_search`, where: ({ type = '' }) => ({ type }) },
  {
    get: `/Patient/:id/${anyOf(['\\*', ...OF_PATIENT])}`,
    post: `/Patient/:id/${anyOf(OF_PATIENT)}/_search`,
    where: ({ id = '', type = '' }) => (type === ALL ? { patient: id } : { patient: id, type }),
  },
];
/** What has no path of its own by GET. */
const FORM_WAYS: readonly Pick<Way, 'post' | 'where'>[] = [
  ...WAYS,
  { post: '/Patient/:id/_search', where: ({ id = '' }) => ({ patient: id }) },
];

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
