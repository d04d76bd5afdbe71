import { badCursor } from '../../fhir/query/cursor.ts';
import { isUnreadableMoment, outage } from '../errors.ts';

/** A statement of a search; what the database says becomes a refusal that a client can read. */
export async function run<T>(statement: () => Promise<T>): Promise<T> {
  try {
    return await statement();
  } catch (error) {
    if (isUnreadableMoment(error)) throw badCursor();
    throw outage(error) ?? error;
  }
}
