import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { BundleEntry } from './entries.ts';
import type { Link } from './links.ts';
import type { Request } from './requests.ts';

/** An entry, read once however often it is tried. */
export interface Prepared<R extends Request = Request> {
  request: R;
  links: readonly Link[];
}

/** What one attempt works with. */
export interface Work {
  /** As seen from inside the transaction of the database. */
  deps: Deps;
  within: Compartment;
  named: ReadonlyMap<string, BundleEntry>;
}
