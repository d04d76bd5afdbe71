import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { type Interaction, RESOURCES } from '../fhir/resources.ts';
import { addBatch } from './batch.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { drainOnClose } from './drain.ts';
import { addHistory, addSystemHistory, addTypeHistory } from './history.ts';
import { addJobs } from './jobs.ts';
import { addMetadata } from './metadata.ts';
import { OPERATIONS } from './operations/index.ts';
import { addPatch } from './patch.ts';
import { addRead, addVread } from './read.ts';
import type { AddRoute } from './route.ts';
import { addFormSearches, addSearches } from './search.ts';
import { addUpdate } from './update.ts';

/** Those of an instance or a type, but for searches: these have several paths, and forms. */
const INTERACTIONS: readonly [Interaction, AddRoute][] = [
  ['create', addCreate],
  ['read', addRead],
  ['vread', addVread],
  ['update', addUpdate],
  ['patch', addPatch],
  ['delete', addDelete],
  ['history-instance', addHistory],
  ['history-type', addTypeHistory],
];

/**
 * One route for each interaction, whose path names the type, those of each operation, batches and transactions, and the CapabilityStatement. `build`
 * makes the service with other deps: reads within a transaction are answered by it.
 */
export async function fhirRoutes(
  app: FastifyInstance,
  deps: Deps,
  build: (inside: Deps) => FastifyInstance,
): Promise<void> {
  drainOnClose(app);
  app.addHook('onRequest', refuseOperation);
  addMetadata(app, deps);
  addBatch(app, deps, build);
  addSystemHistory(app, deps);
  addSearches(app, deps);
  for (const [interaction, add] of INTERACTIONS) {
    const offering = RESOURCES.filter(({ interactions }) => interactions.includes(interaction));
    add(
      app,
      offering.map(({ type }) => type),
      deps,
    );
  }
  app.register(async (scope) => addFormSearches(scope, deps));
  addJobs(app, deps);
  for (const operation of OPERATIONS) operation.addRoute(app, deps);
}

/**
 * No id begins with a dollar sign: what stands for one is an operation of the type, asked for by a method that it does not have, or one that is none. 405
 * with `Allow`, or 404. Source: FHIR R4, section 3.2.0.1.
 */
function refuseOperation({ params }: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { id } = params as { id?: string }; // other routes have none
  if (id?.startsWith('$')) reply.callNotFound();
  else done();
}
