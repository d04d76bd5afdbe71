import { remove } from '../save.ts';
import { ifMatch } from './reply.ts';
import { type AddRoute, compartmentOfCaller } from './route.ts';

/** FHIR delete: 204, also for what is not there. Source: https://hl7.org/fhir/R4/http.html#delete */
export const addDelete: AddRoute = (app, spec, deps) => {
  app.delete<{ Params: { id: string } }>(`/${spec.type}/:id`, async (request, reply) => {
    const expected = ifMatch(request);
    await remove(deps, compartmentOfCaller(), spec, request.params.id, {
      ...(expected === undefined ? {} : { ifMatch: expected }),
    });
    return reply.code(204).send();
  });
};
