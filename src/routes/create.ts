import { create } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { type AddRoute, compartmentOfCaller, readBody } from './route.ts';

/** FHIR create and conditional create. Source: https://hl7.org/fhir/R4/http.html#create */
export const addCreate: AddRoute = (app, spec, deps) => {
  app.post(`/${spec.type}`, async (request, reply) => {
    const ifNoneExist = request.headers['if-none-exist'];
    const saved = await create(deps, compartmentOfCaller(), spec, readBody(request.body), {
      ...(typeof ifNoneExist === 'string' ? { ifNoneExist } : {}),
    });
    return answerWrite(deps, request, reply, saved);
  });
};
