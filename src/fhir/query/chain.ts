import { badRequest } from '../errors.ts';
import type { SearchParam, SearchRegistry } from '../search-parameters.ts';
import type { Filter } from './filter.ts';
import { SERVED } from './reference.ts';
import { repeatable } from './values.ts';

/** Steps of a chain, those of `_has` too: each is one more search within the search. */
export const MOST_STEPS = 4;

/** One parameter of a type, read behind so many steps. */
export interface Step {
  type: string;
  name: string;
  value: string;
  steps: number;
}

/** Reads one parameter of a type; undefined where the type does not know it. */
export type ReadParam = (step: Step) => Filter | undefined;

/**
 * `subject.name`, `subject:Patient.organization.name`: the resources that the reference points to fulfil the rest. Undefined where no target
 * type knows it. Throws 400. Source: FHIR R4, section 3.1.1.4.15 Chained Parameters.
 */
export function chainFilter(registry: SearchRegistry, step: Step, read: ReadParam): Filter | undefined {
  const { type, name, value, steps } = step;
  const dot = name.indexOf('.');
  const [code = '', target] = name.slice(0, dot).split(':', 2);
  const rest = name.slice(dot + 1);
  const param = registry.get(type)?.get(code);
  if (param?.kind !== 'reference') return undefined;
  checkSteps(steps);
  if (target !== undefined && !param.target.includes(target)) {
    throw badRequest(`${code}: expected one of the types ${param.target.join(', ')} after the colon`);
  }
  const types = (target === undefined ? param.target : [target]).filter((one) => SERVED.has(one));
  const targets: { type: string; filter: Filter }[] = [];
  let refusal: unknown;
  for (const one of types) {
    try {
      const filter = read({ type: one, name: rest, value, steps: steps + 1 });
      if (filter) targets.push({ type: one, filter });
    } catch (error) {
      // The same name may be of another kind at another type; where one of them can read the value, that one is meant.
      refusal = error;
    }
  }
  if (targets.length === 0 && refusal !== undefined) throw refusal;
  return targets.length === 0 ? undefined : { kind: 'chain', param, targets };
}

/**
 * `_has:Observation:patient:code`: a resource of that type points here and fulfils the rest, which may be a chain or `_has` again.
 * Throws 400. Source: FHIR R4, section 3.1.1.4.16 Reverse Chaining.
 */
export function hasFilter(registry: SearchRegistry, step: Step, read: ReadParam): Filter | undefined {
  const { type, name, value, steps } = step;
  const [, source = '', code = '', ...more] = name.split(':');
  const param = registry.get(source)?.get(code);
  if (param?.kind !== 'reference' || more.length === 0 || !pointsTo(param, type)) {
    throw badRequest(
      `${repeatable(name)}: expected _has:Type:reference:parameter, a reference parameter that can point to ${type}, e.g. _has:Observation:patient:code`,
    );
  }
  checkSteps(steps);
  const filter = read({ type: source, name: more.join(':'), value, steps: steps + 1 });
  return filter && { kind: 'has', type: source, param, filter };
}

function checkSteps(steps: number): void {
  if (steps >= MOST_STEPS) throw badRequest(`A chain of parameters has at most ${MOST_STEPS} steps`);
}

/** True when a reference parameter may point to a type; one without target types may point to any. */
export const pointsTo = ({ target }: SearchParam, type: string): boolean =>
  target.length === 0 || target.includes(type) || target.includes('Resource');
