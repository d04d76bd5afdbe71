import { conditionalDelete, remove } from '../save.ts';
import { criteriaText, preconditions } from './conditions.ts';
import { type AddRoute, compartmentOfCaller } from './route.ts';

/** FHIR delete and conditional delete: 204, also for what is not there. Source: https://hl7.org/fhir/R4/http.html#delete */
export const addDelete: AddRoute = (app, spec, deps) => {
  app.delete<{ Params: { id: string } }>(`/${spec.type}/:id`, async (request, reply) => {
    await remove(deps, compartmentOfCaller(), spec, request.params.id, preconditions(request));
    return reply.code(204).send();
  });
  app.delete(`/${spec.type}`, async (request, reply) => {
    await conditionalDelete(deps, compartmentOfCaller(), spec, criteriaText(request), preconditions(request));
    return reply.code(204).send();
  });
};
