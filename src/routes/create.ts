import { create } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfType, readBody, specOf } from './route.ts';

/** FHIR create and conditional create. Source: https://hl7.org/fhir/R4/http.html#create */
export const addCreate: AddRoute = (app, types, deps) => {
  app.post<OfType>(`/${anyOf(types)}`, async (request, reply) => {
    const spec = specOf(request);
    const ifNoneExist = request.headers['if-none-exist'];
    const options = typeof ifNoneExist === 'string' ? { ifNoneExist } : {};
    return answerWrite(deps, request, reply, spec.type, () =>
      create(deps, compartmentOfCaller(), spec, readBody(request.body), options),
    );
  });
};
