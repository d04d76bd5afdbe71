import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { BundleEntry } from './entries.ts';
import type { Link } from './links.ts';
import type { Condition } from './references.ts';
import type { Request } from './requests.ts';

/** An entry, read once however often it is tried. */
export interface Prepared<R extends Request = Request> {
  request: R;
  /** Of what is created or updated; of anything else there are none. */
  links: readonly Link[];
  /** Links that are a search. */
  conditions: readonly Condition[];
  /** Whose data what is created or updated is, as it says itself. */
  owner?: { reference: string; id?: string };
  /** An unconditional create from which nothing follows: several of one patient go into one statement. */
  isPlain: boolean;
}

/** What one attempt works with. */
export interface Work {
  /** As seen from inside the transaction of the database. */
  deps: Deps;
  within: Compartment;
  named: ReadonlyMap<string, BundleEntry>;
}
