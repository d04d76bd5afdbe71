import type { FastifyRequest } from 'fastify';
import { FhirError, fault } from '../fhir/errors.ts';
import { readPatch } from '../patch.ts';
import { conditionalPatch, patch } from '../save.ts';
import { answerWrite } from './answer-write.ts';
import { criteriaText, preconditions } from './conditions.ts';
import { receive } from './encoding.ts';
import { type AddRoute, anyOf, compartmentOfCaller, type OfInstance, type OfType, specOf } from './route.ts';

/** The media type of JSON Patch. Source: RFC 6902, section 6. */
export const JSON_PATCH = 'application/json-patch+json';

/** FHIR patch by JSON Patch, and conditional patch. Source: https://hl7.org/fhir/R4/http.html#patch */
export const addPatch: AddRoute = (app, types, deps) => {
  // A scope of its own: no other interaction takes a body of this type.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(JSON_PATCH, { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer) =>
      receive(request, body),
    );
    scope.addContentTypeParser('*', (_request, _body, done) => done(otherFormat()));
    scope.patch<OfInstance>(`/${anyOf(types)}/:id`, async (request, reply) => {
      const spec = specOf(request);
      const [operations, options] = [readOperations(request.body), preconditions(request)];
      return answerWrite(deps, request, reply, spec.type, () =>
        patch(deps, compartmentOfCaller(), spec, request.params.id, operations, options),
      );
    });
    scope.patch<OfType>(`/${anyOf(types)}`, async (request, reply) => {
      const spec = specOf(request);
      const [criteria, operations, options] = [
        criteriaText(request),
        readOperations(request.body),
        preconditions(request),
      ];
      return answerWrite(deps, request, reply, spec.type, () =>
        conditionalPatch(deps, compartmentOfCaller(), spec, criteria, operations, options),
      );
    });
  });
};

function readOperations(body: unknown): ReturnType<typeof readPatch> {
  if (!Buffer.isBuffer(body) || body.length === 0) throw otherFormat();
  return readPatch(body);
}

/** 415. Source: FHIR R4, section 3.1.0.6: "Processing PATCH operations may be very version sensitive"; other formats are an option. */
const otherFormat = (): FhirError =>
  new FhirError([fault('not-supported', `Expected a JSON Patch with Content-Type ${JSON_PATCH}`)], {
    status: 415,
    headers: { 'Accept-Patch': JSON_PATCH },
  });
