import type { Resource } from '@medplum/fhirtypes';
import type { Compartment } from './fhir/compartment.ts';
import { contentsOf, versionsOfType } from './store/catalog.ts';
import type { Database } from './store/database.ts';

/**
 * The conformance resources of a tenant, kept from one generation of the catalog to the next, since a version never changes: what is read
 * and parsed anew is only what has changed. A transaction has one of its own, since it may see what is never committed: it takes what is held
 * outside and gives nothing back. Nobody may change what is given: others hold the same objects.
 */
export class HeldResources {
  readonly #kept = new Map<string, ReadonlyMap<string, Resource>>();
  readonly #outer: HeldResources | undefined;

  constructor(outer?: HeldResources) {
    this.#outer = outer;
  }

  /** All current resources of a type, oldest id first. */
  async load<T extends Resource['resourceType']>(
    db: Database,
    within: Compartment,
    type: T,
  ): Promise<Extract<Resource, { resourceType: T }>[]> {
    const place = `${within.tenant}/${type}`;
    const current = await versionsOfType(db, within, type);
    const before = this.#keptAt(place);
    const missing = current.filter((one) => !before?.has(keyOf(one))).map(({ id }) => id);
    const read = missing.length === 0 ? [] : await contentsOf(db, within, type, missing);
    // One that has changed since its version was read is taken as it is now: that is better than none, and the next load is due anyway.
    const fresh = new Map(read.map((one) => [one.id, one]));
    const held = new Map<string, Resource>();
    for (const one of current) {
      const known = before?.get(keyOf(one));
      const found = fresh.get(one.id);
      if (known) held.set(keyOf(one), known);
      else if (found) held.set(keyOf(found), JSON.parse(found.content));
    }
    this.#kept.set(place, held);
    return [...held.values()] as Extract<Resource, { resourceType: T }>[]; // the query is by this type
  }

  #keptAt(place: string): ReadonlyMap<string, Resource> | undefined {
    return this.#kept.get(place) ?? (this.#outer === undefined ? undefined : this.#outer.#keptAt(place));
  }
}

const keyOf = ({ id, version }: { id: string; version: number }): string => `${id}/${version}`;
