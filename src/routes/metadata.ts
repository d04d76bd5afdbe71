import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { capabilityStatement } from '../fhir/capability.ts';
import { OPERATIONS } from './operations/index.ts';
import { sendJson } from './reply.ts';

/** FHIR capabilities. Never cached: clients with an HTTP cache stop at a stored copy. Source: https://hl7.org/fhir/R4/http.html#capabilities */
export function addMetadata(app: FastifyInstance, deps: Deps): void {
  const body = JSON.stringify(
    capabilityStatement(deps.registry, OPERATIONS, {
      baseUrl: deps.baseUrl,
      version: deps.engine.version,
      date: deps.now().toISOString(),
    }),
  );
  app.get('/metadata', async (_request, reply) => sendJson(reply.header('Cache-Control', 'no-store'), body));
}
