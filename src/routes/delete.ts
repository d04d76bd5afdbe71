import type { OperationOutcome } from '@medplum/fhirtypes';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toOutcome } from '../fhir/outcome.ts';
import { conditionalDelete, remove } from '../save.ts';
import { criteriaText, preconditions } from './conditions.ts';
import { preferredReturn, sendJson } from './reply.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfInstance, type OfType, specOf } from './route.ts';

/** FHIR delete and conditional delete, no error for what is not there. Source: https://hl7.org/fhir/R4/http.html#delete */
export const addDelete: AddRoute = (app, types, deps) => {
  app.delete<OfInstance>(`/${anyOf(types)}/:id`, async (request, reply) => {
    const [spec, options] = [specOf(request), preconditions(request)];
    return answer(request, reply, await remove(deps, compartmentOfCaller(), spec, request.params.id, options));
  });
  app.delete<OfType>(`/${anyOf(types)}`, async (request, reply) => {
    const [spec, options] = [specOf(request), preconditions(request)];
    return answer(
      request,
      reply,
      await conditionalDelete(deps, compartmentOfCaller(), spec, criteriaText(request), options),
    );
  });
};

/** 204 with the version that the deletion is; 200 for who prefers an OperationOutcome. Source: FHIR R4, section 3.1.0.7. */
function answer(request: FastifyRequest, reply: FastifyReply, version: number | undefined): FastifyReply {
  if (version !== undefined) reply.header('ETag', `W/"${version}"`);
  if (preferredReturn(request) !== 'OperationOutcome') return reply.code(204).send();
  return sendJson(reply, deletionOutcome(version));
}

/** What there is to say of a deletion. `version` is that of the deletion, undefined where there was nothing to delete. */
export function deletionOutcome(version: number | undefined): OperationOutcome {
  const diagnostics = version === undefined ? 'There is nothing to delete' : 'Deleted';
  return toOutcome([{ severity: 'information', code: 'informational', diagnostics }]);
}
