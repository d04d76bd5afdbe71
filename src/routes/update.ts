import { update } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { ifMatch } from './reply.ts';
import { type AddRoute, compartmentOfCaller, readBody } from './route.ts';

/** FHIR update, version-aware with If-Match. Source: https://hl7.org/fhir/R4/http.html#update */
export const addUpdate: AddRoute = (app, spec, deps) => {
  app.put<{ Params: { id: string } }>(`/${spec.type}/:id`, async (request, reply) => {
    const expected = ifMatch(request);
    const saved = await update(deps, compartmentOfCaller(), spec, request.params.id, readBody(request.body), {
      ...(expected === undefined ? {} : { ifMatch: expected }),
    });
    return answerWrite(deps, request, reply, saved);
  });
};
