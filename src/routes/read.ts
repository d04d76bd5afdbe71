import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ConditionalHeaders, isUnchanged } from '../fhir/preconditions.ts';
import { readResource, readVersion, type Stored } from '../store/resources.ts';
import { cutOf, sendJson, versionHeaders } from './reply.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfInstance, READING } from './route.ts';

/** FHIR read and conditional read. Source: https://hl7.org/fhir/R4/http.html#read and #cread */
export const addRead: AddRoute = (app, types, deps) => {
  app.route<OfInstance>({
    method: READING,
    url: `/${anyOf(types)}/:id`,
    async handler(request, reply) {
      const { type, id } = request.params;
      const stored = await readResource(deps.db, compartmentOfCaller(), type, id);
      return answerRead(request, reply, stored);
    },
  });
};

/** FHIR vread. Source: https://hl7.org/fhir/R4/http.html#vread */
export const addVread: AddRoute = (app, types, deps) => {
  app.route<{ Params: OfInstance['Params'] & { vid: string } }>({
    method: READING,
    url: `/${anyOf(types)}/:id/_history/:vid`,
    async handler(request, reply) {
      const { type, id, vid } = request.params;
      return answerRead(request, reply, await readVersion(deps.db, compartmentOfCaller(), type, id, vid));
    },
  });
};

/** 304 without a body for a reader that has this version already. */
function answerRead(request: FastifyRequest, reply: FastifyReply, stored: Stored): FastifyReply {
  const cut = cutOf(request, stored.type);
  versionHeaders(reply, stored);
  // Node gives each of these headers once, as a string.
  if (isUnchanged(request.headers as ConditionalHeaders, stored)) return reply.code(304).send();
  return sendJson(reply, cut(stored.content));
}
