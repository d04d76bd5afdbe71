import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { type Interaction, RESOURCES } from '../fhir/resources.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { addHistory, addSystemHistory, addTypeHistory } from './history.ts';
import { addMetadata } from './metadata.ts';
import { OPERATIONS } from './operations/index.ts';
import { addPatch } from './patch.ts';
import { addRead, addVread } from './read.ts';
import type { AddRoute } from './route.ts';
import { addSearch } from './search.ts';
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

/** One route for each interaction of each type, one for each operation, and the CapabilityStatement. */
export async function fhirRoutes(app: FastifyInstance, deps: Deps): Promise<void> {
  addMetadata(app, deps);
  addSystemHistory(app, deps);
  for (const spec of RESOURCES) {
    for (const interaction of spec.interactions) INTERACTIONS[interaction]?.(app, spec, deps);
  }
  for (const operation of OPERATIONS) operation.addRoute(app, deps);
}
