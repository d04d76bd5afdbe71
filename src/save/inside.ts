import { Catalog } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { Database } from '../store/database.ts';
import { Watermark } from '../store/watermark.ts';

/** How long a watermark asked for inside a transaction stays the same: its view of who else writes does not change either. */
const WHOLE_TRANSACTION_MILLIS = 600_000;

/** The dependencies as seen from within a transaction: everything is read and written on its connection, and tried once. */
export function insideOf(deps: Deps, tx: Database): Deps {
  return {
    ...deps,
    db: tx,
    attempts: 1,
    catalog: new Catalog(tx, deps.catalog),
    watermark: new Watermark(tx, WHOLE_TRANSACTION_MILLIS),
  };
}
