import type { FastifyInstance } from 'fastify';
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
import { addFormSearches, addSearch, addSystemSearch } from './search.ts';
import { addUpdate } from './update.ts';

const INTERACTIONS: Readonly<Partial<Record<Interaction, AddRoute>>> = {
  create: addCreate,
  read: addRead,
  vread: addVread,
  update: addUpdate,
  patch: addPatch,
  delete: addDelete,
  'history-instance': addHistory,
  'history-type': addTypeHistory,
  'search-type': addSearch,
};

/**
 * One route for each interaction of each type, one for each operation, batches and transactions, and the CapabilityStatement. `build`
 * makes the service with other deps: reads within a transaction are answered by it.
 */
export async function fhirRoutes(
  app: FastifyInstance,
  deps: Deps,
  build: (inside: Deps) => FastifyInstance,
): Promise<void> {
  drainOnClose(app);
  addMetadata(app, deps);
  addBatch(app, deps, build);
  addSystemHistory(app, deps);
  addSystemSearch(app, deps);
  for (const spec of RESOURCES) {
    for (const interaction of spec.interactions) INTERACTIONS[interaction]?.(app, spec, deps);
  }
  app.register(async (scope) => addFormSearches(scope, deps));
  addJobs(app, deps);
  for (const operation of OPERATIONS) operation.addRoute(app, deps);
}
