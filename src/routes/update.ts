import { conditionalUpdate, update } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaText, preconditions } from './conditions.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfInstance, type OfType, readBody, specOf } from './route.ts';

/**
 * FHIR update, version-aware with If-Match, and as create under an id that the client chose; conditional update.
 * Source: https://hl7.org/fhir/R4/http.html#update
 */
export const addUpdate: AddRoute = (app, types, deps) => {
  app.put<OfInstance>(`/${anyOf(types)}/:id`, async (request, reply) => {
    const spec = specOf(request);
    const options = preconditions(request);
    const { id } = request.params;
    return answerWrite(deps, request, reply, spec.type, () =>
      update(deps, compartmentOfCaller(), spec, id, readBody(request.body), options),
    );
  });
  app.put<OfType>(`/${anyOf(types)}`, async (request, reply) => {
    const spec = specOf(request);
    const [criteria, options] = [criteriaText(request), preconditions(request)];
    return answerWrite(deps, request, reply, spec.type, () =>
      conditionalUpdate(deps, compartmentOfCaller(), spec, criteria, readBody(request.body), options),
    );
  });
};
