import { FhirError, fault } from '../fhir/errors.ts';
import { type BundleEntry, placeOf } from './entries.ts';

/** Which entry changes which resource: no two may change the same one. Source: FHIR R4, section 3.1.0.11.2, the last of the rules. */
export class Identities {
  readonly #changedBy = new Map<string, BundleEntry>();
  readonly #of = new Map<number, string>();

  /** The resource, `Type/id`, that an entry stands for: what its fullUrl means everywhere in the Bundle. */
  of(entry: BundleEntry): string | undefined {
    return this.#of.get(entry.index);
  }

  /** True when an entry changes this resource. */
  isChanged(identity: string): boolean {
    return this.#changedBy.has(identity);
  }

  /** An entry stands for a resource that it leaves as it is. */
  found(entry: BundleEntry, identity: string): void {
    this.#of.set(entry.index, identity);
  }

  /** An entry changes a resource. Throws FhirError 400 when another one does too. */
  changes(entry: BundleEntry, identity: string): void {
    const other = this.#changedBy.get(identity);
    if (other && other !== entry) {
      const path = `${placeOf(entry)}.request.url`;
      throw new FhirError(
        [
          fault(
            'invalid',
            `${path}: ${placeOf(other)} changes the same resource; one transaction changes each once`,
            path,
          ),
        ],
        { status: 400 },
      );
    }
    this.#changedBy.set(identity, entry);
    this.#of.set(entry.index, identity);
  }
}
