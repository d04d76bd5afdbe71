import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { capabilityStatement, normativeOnly } from '../fhir/capability.ts';
import { badRequest } from '../fhir/errors.ts';
import type { SearchRegistry } from '../fhir/search-parameters.ts';
import { terminologyCapabilities } from '../fhir/terminology/capabilities.ts';
import { OPERATIONS } from './operations/index.ts';
import { sendJson } from './reply.ts';
import { compartmentOfCaller, paramsOf, READING } from './route.ts';

/**
 * FHIR capabilities, by mode: full, normative, or terminology. Never cached: clients with an HTTP cache stop at a stored copy.
 * Source: https://hl7.org/fhir/R4/http.html#capabilities
 */
export function addMetadata(app: FastifyInstance, deps: Deps): void {
  const server = { baseUrl: deps.baseUrl, version: deps.engine.version, date: deps.now().toISOString() };
  let made: { registry: SearchRegistry; full: string; normative: string } | undefined;
  // A SearchParameter that is posted makes another registry.
  const current = (): NonNullable<typeof made> => {
    const { registry } = deps;
    if (made?.registry === registry) return made;
    const statement = capabilityStatement(registry, OPERATIONS, server);
    made = { registry, full: JSON.stringify(statement), normative: JSON.stringify(normativeOnly(statement)) };
    return made;
  };
  app.route({
    method: READING,
    url: '/metadata',
    async handler(request, reply) {
      reply.header('Cache-Control', 'no-store');
      const mode = paramsOf(request).get('mode') ?? 'full';
      if (mode === 'full' || mode === 'normative') return sendJson(reply, current()[mode]);
      if (mode !== 'terminology') throw badRequest('mode: expected full, normative or terminology');
      const { holdings } = await deps.catalog.at(compartmentOfCaller());
      return sendJson(reply, terminologyCapabilities(holdings, server));
    },
  });
}
