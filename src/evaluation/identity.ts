import { derivedId } from '../fhir/ids.ts';
import type { SourceRef } from '../rules/finding.ts';

/**
 * The id of what is derived from a report under a name: a term, a score, a code. It lies in the patient's shard and is never calculated
 * otherwise. The name carries the type of an Observation: a client may give it the id of a response that grades the same term.
 */
export const idOfDerived = ({ type, id }: Pick<SourceRef, 'type' | 'id'>, name: string, shard: number): string =>
  derivedId(id, type === 'QuestionnaireResponse' ? name : `${type} ${name}`, shard);
