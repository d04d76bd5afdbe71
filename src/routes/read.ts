import { readResource, readVersion } from '../store/resources.ts';
import { sendJson, versionHeaders } from './reply.ts';
import { type AddRoute, compartmentOfCaller } from './route.ts';

/** FHIR read. Source: https://hl7.org/fhir/R4/http.html#read */
export const addRead: AddRoute = (app, { type }, deps) => {
  app.get<{ Params: { id: string } }>(`/${type}/:id`, async (request, reply) => {
    const stored = await readResource(deps.db, compartmentOfCaller(), type, request.params.id);
    return sendJson(versionHeaders(reply, stored), stored.content);
  });
};

/** FHIR vread. Source: https://hl7.org/fhir/R4/http.html#vread */
export const addVread: AddRoute = (app, { type }, deps) => {
  app.get<{ Params: { id: string; vid: string } }>(`/${type}/:id/_history/:vid`, async (request, reply) => {
    const { id, vid } = request.params;
    const stored = await readVersion(deps.db, compartmentOfCaller(), type, id, vid);
    return sendJson(versionHeaders(reply, stored), stored.content);
  });
};
