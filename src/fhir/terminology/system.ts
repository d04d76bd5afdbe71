import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';
import type { Concept } from './model.ts';
import { ordinalOf } from './ordinal.ts';

/** A CodeSystem, its concepts by code. */
export interface System {
  url: string;
  resource: CodeSystem;
  complete: boolean;
  concepts: ReadonlyMap<string, Concept>;
  /** Each concept as the resource defines it. */
  definitions: ReadonlyMap<string, CodeSystemConcept>;
  /** Codes that group others and are never chosen themselves. */
  abstract: ReadonlySet<string>;
  parents: ReadonlyMap<string, readonly string[]>;
}

/** Made once for each resource that is held: what is asked of large systems is asked again after every change of any other. */
export function systemOf(resource: CodeSystem): System {
  const system = SYSTEMS.get(resource) ?? readSystem(resource);
  SYSTEMS.set(resource, system);
  return system;
}

const SYSTEMS = new WeakMap<CodeSystem, System>();

/** A CodeSystem made ready for look-ups. */
export function readSystem(resource: CodeSystem): System {
  const concepts = new Map<string, Concept>();
  const definitions = new Map<string, CodeSystemConcept>();
  const abstract = new Set<string>();
  const parents = new Map<string, string[]>();
  const url = resource.url ?? '';
  const isA = resource.hierarchyMeaning === undefined || resource.hierarchyMeaning === 'is-a';
  const read = (list: readonly CodeSystemConcept[] | undefined, parent: string | undefined): void => {
    for (const defined of list ?? []) {
      const { code, display, extension, property, concept } = defined;
      definitions.set(code, defined);
      const ordinal = ordinalOf(extension);
      const has = (name: string) => property?.some((p) => p.code === name && p.valueBoolean === true);
      const retired = property?.some((p) => p.code === 'status' && (p.valueCode ?? p.valueString) === 'retired');
      concepts.set(code, {
        system: url,
        code,
        ...(display === undefined ? {} : { display }),
        ...(ordinal === undefined ? {} : { ordinal }),
        ...(has('inactive') || retired ? { inactive: true } : {}),
      });
      if (has('notSelectable') || has('abstract')) abstract.add(code);
      const stated = (property ?? []).filter((p) => p.code === 'parent').map((p) => p.valueCode ?? p.valueString ?? '');
      parents.set(code, isA && parent !== undefined ? [parent, ...stated] : stated);
      read(concept, code);
    }
  };
  read(resource.concept, undefined);
  const complete = resource.content === 'complete';
  return { url, resource, complete, concepts, definitions, abstract, parents };
}
