import { conditionalUpdate, update } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaText, preconditions } from './conditions.ts';
import { type AddRoute, compartmentOfCaller, readBody } from './route.ts';

/**
 * FHIR update, version-aware with If-Match, and as create under an id that the client chose; conditional update.
 * Source: https://hl7.org/fhir/R4/http.html#update
 */
export const addUpdate: AddRoute = (app, spec, deps) => {
  app.put<{ Params: { id: string } }>(`/${spec.type}/:id`, async (request, reply) => {
    const options = preconditions(request);
    const { id } = request.params;
    return answerWrite(deps, request, reply, spec.type, () =>
      update(deps, compartmentOfCaller(), spec, id, readBody(request.body), options),
    );
  });
  app.put(`/${spec.type}`, async (request, reply) => {
    const [criteria, options] = [criteriaText(request), preconditions(request)];
    return answerWrite(deps, request, reply, spec.type, () =>
      conditionalUpdate(deps, compartmentOfCaller(), spec, criteria, readBody(request.body), options),
    );
  });
};
