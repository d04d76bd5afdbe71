import type { FastifyInstance } from 'fastify';
import type { Deps } from '../../deps.ts';

/** One `$operation`: what the CapabilityStatement says of it, and its route. */
export interface Operation {
  /** Without the dollar sign. */
  name: string;
  type: string;
  /** Canonical of its OperationDefinition. */
  definition: string;
  addRoute(app: FastifyInstance, deps: Deps): void;
}
