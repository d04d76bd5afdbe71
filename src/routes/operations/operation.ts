import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { sendJson } from '../reply.ts';
import { anyOf, compartmentOfCaller, READING } from '../route.ts';
import { type Inputs, type InputTable, readInputs } from './input.ts';

/** Where an operation is asked for: `/$name`, `/Type/$name`, `/Type/id/$name`. */
export type Scope = 'system' | 'type' | 'instance';

/** One `$operation`: what the CapabilityStatement says of it, and its routes. */
export interface Operation {
  /** Without the dollar sign. */
  name: string;
  scope: readonly Scope[];
  /** The types whose routes it has; none for an operation of the system alone. */
  types: readonly string[];
  /** Canonical of its OperationDefinition. */
  definition: string;
  /** True when it changes something; it is then offered by POST alone. Source: FHIR R4, section 3.2.0.1. */
  affectsState: boolean;
  addRoute(app: FastifyInstance, deps: Deps): void;
}

/** One request for an operation, its parameters read and checked. */
export interface Call {
  inputs: Inputs;
  within: Compartment;
  request: FastifyRequest;
  /** Undefined at the level of the system. */
  type?: string;
  /** Undefined but at the level of an instance. */
  id?: string;
}

/**
 * The routes of an operation: POST at each of its levels, and GET where it changes nothing. `run` gives the resource to answer
 * with, or its JSON text. `onlyPost`: levels at which it cannot do without a structured parameter, which no URL holds.
 */
export function addOperation(
  app: FastifyInstance,
  operation: Pick<Operation, 'name' | 'scope' | 'types' | 'affectsState'>,
  table: InputTable,
  run: (call: Call) => Promise<object | string>,
  onlyPost: readonly Scope[] = [],
): void {
  for (const { path, type: only, level } of routesOf(operation)) {
    app.route<{ Params: { type?: string; id?: string } }>({
      method: operation.affectsState || onlyPost.includes(level) ? ['POST'] : [...READING, 'POST'],
      url: path,
      async handler(request, reply) {
        const { type = only, id } = request.params;
        const answer = await run({
          inputs: readInputs(request, table),
          within: compartmentOfCaller(),
          request,
          ...(type === undefined ? {} : { type }),
          ...(id === undefined ? {} : { id }),
        });
        return sendJson(reply, answer);
      },
    });
  }
}

/** The paths at which an operation is offered, relative to the FHIR base; `:id` stands for an id. */
export function pathsOf({ name, scope, types }: Pick<Operation, 'name' | 'scope' | 'types'>): Path[] {
  return [
    ...(scope.includes('system') ? [{ level: 'system' as const, path: `/$${name}` }] : []),
    ...types.flatMap((type): Path[] => [
      ...(scope.includes('type') ? [{ level: 'type' as const, type, path: `/${type}/$${name}` }] : []),
      ...(scope.includes('instance') ? [{ level: 'instance' as const, type, path: `/${type}/:id/$${name}` }] : []),
    ]),
  ];
}

/**
 * As the paths, but one for all types where there are many of them: `type` is then undefined, and the path names it. A few types have paths of their own, since
 * each set of types is one more pattern that paths are compared with.
 */
export function routesOf(operation: Pick<Operation, 'name' | 'scope' | 'types'>): Path[] {
  const { types } = operation;
  if (types.length <= FEW_TYPES) return pathsOf(operation);
  return pathsOf({ ...operation, types: [anyOf(types)] }).map(({ level, path }) => ({ level, path }));
}

const FEW_TYPES = 2;

interface Path {
  level: Scope;
  type?: string;
  path: string;
}
