import type { StructureDefinition } from '@medplum/fhirtypes';
import type { Compartment } from './fhir/compartment.ts';
import { slimDefinition } from './fhir/profile/slim.ts';
import { buildProfiles, type Profiles } from './fhir/profile.ts';
import { contentsOf, versionsOfType } from './store/catalog.ts';
import type { Database } from './store/database.ts';

/**
 * The StructureDefinitions of a tenant, kept from one generation of the catalog to the next, since a version never changes: what is read
 * anew is only what has changed. A transaction has one of its own, since it may see what is never committed: it takes what is held outside and
 * gives nothing back.
 */
export class HeldProfiles {
  readonly #tenants = new Map<number, Kept>();
  readonly #outer: HeldProfiles | undefined;

  constructor(outer?: HeldProfiles) {
    this.#outer = outer;
  }

  /** The profiles that are held now. */
  async load(db: Database, within: Compartment): Promise<Profiles> {
    const current = await versionsOfType(db, within, TYPE);
    const before = this.#keptOf(within.tenant);
    const key = current.map(keyOf).join();
    if (before?.key === key) return before.profiles;
    const missing = current.filter((one) => !before?.definitions.has(keyOf(one)));
    const read =
      missing.length === 0
        ? []
        : await contentsOf(
            db,
            within,
            TYPE,
            missing.map(({ id }) => id),
          );
    const definitions = new Map<string, StructureDefinition>();
    for (const one of current) {
      const known = before?.definitions.get(keyOf(one));
      if (known) definitions.set(keyOf(one), known);
    }
    for (const { content, ...one } of read) definitions.set(keyOf(one), slimDefinition(JSON.parse(content)));
    const profiles = buildProfiles([...definitions.values()]);
    this.#tenants.set(within.tenant, { key, definitions, profiles });
    return profiles;
  }

  #keptOf(tenant: number): Kept | undefined {
    return this.#tenants.get(tenant) ?? (this.#outer === undefined ? undefined : this.#outer.#keptOf(tenant));
  }
}

const TYPE = 'StructureDefinition';

interface Kept {
  /** Ids and versions, as one text. */
  key: string;
  definitions: ReadonlyMap<string, StructureDefinition>;
  profiles: Profiles;
}

const keyOf = ({ id, version }: { id: string; version: number }): string => `${id}/${version}`;
