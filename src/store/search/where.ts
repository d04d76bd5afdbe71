import type { Filter } from '../../fhir/query/filter.ts';
import type { Query } from '../../fhir/query.ts';
import { knownShard } from '../homes.ts';
import { condition, isDecided } from './condition.ts';
import { ownerOf } from './keys.ts';
import { all, type Condition, either, type Scope, seen, specOf } from './scope.ts';
import { sql } from './sql.ts';

/** One type of a search and what is asked of it. */
type Part = Pick<Query, 'type' | 'filters'>;

/** What a row has to be to be found. */
export function whereOf(scope: Scope, query: Query): Condition {
  const { row } = scope;
  const shard = shardOf(query);
  const parts = [seen(scope), ...(shard === undefined ? [] : [sql`${row}.shard = ${shard}`])];
  if (query.others.length === 0) return sql`${all(parts)} and ${partOf(scope, query)}`;
  // What is asked of every type alike is asked once.
  const shared = query.filters.filter(isShared);
  const types: Part[] = [query, ...query.others].map(({ type, filters }) => ({
    type,
    filters: filters.filter((filter) => !isShared(filter)),
  }));
  const plain = types.filter(({ filters }) => filters.length === 0).map(({ type }) => type);
  const asked = types.filter(({ filters }) => filters.length > 0).map((part) => sql`(${partOf(scope, part)})`);
  return all([
    ...parts,
    ...shared.map((filter) => condition(scope, query.type, filter)),
    either([...(plain.length > 0 ? [sql`${row}.type in (${sql.join(plain)})`] : []), ...asked]),
  ]);
}

const partOf = (scope: Scope, { type, filters }: Part): Condition =>
  all([sql`${scope.row}.type = ${type}`, ...filters.map((filter) => condition(scope, type, filter))]);

/** The same for every type. */
const isShared = ({ kind }: Filter): boolean =>
  kind === 'compartment' || kind === 'id' || kind === 'lastUpdated' || kind === 'constant';

/** A search that names one patient, or one id of ours, goes to one shard. */
export function shardOf({ type, filters, others }: Query): number | undefined {
  for (const filter of filters) {
    if (others.length > 0) return undefined;
    if (filter.kind === 'compartment' && liesWithItsPatient(type)) return knownShard('Patient', filter.patient);
    if (filter.kind === 'id' && filter.ids.length === 1 && !filter.not) {
      const shard = knownShard(type, filter.ids[0] ?? '');
      if (shard !== undefined) return shard;
    }
    if (filter.kind !== 'keys' || filter.keys.length !== 1 || filter.not || filter.variant) continue;
    const patient = ownerOf(type, filter.param, filter.keys[0] ?? '');
    if (patient !== undefined) return knownShard('Patient', patient);
  }
  return undefined;
}

/** Only the patient whose data it is has it in the compartment: a performer's, say, would lie in another shard. */
function liesWithItsPatient(type: string): boolean {
  const { patient, compartment = [] } = specOf(type);
  return patient !== undefined && compartment.every((code) => code === patient || code === 'patient');
}

/**
 * Whether the rows of the type in its shard are walked by their key: those of one patient, and a few others. Of the types that belong to patients
 * only Observations become so many that the tokens find a part of them for less. What names single resources is found by its token.
 */
export const isWalked = (query: Query): boolean =>
  query.type !== 'Observation' &&
  shardOf(query) !== undefined &&
  !query.filters.some((filter) => findsFew(query.type, filter));

function findsFew(type: string, filter: Filter): boolean {
  if (filter.kind !== 'keys' || filter.not) return false;
  const { param, keys, variant } = filter;
  if (variant !== undefined || param.kind !== 'token')
    return !keys.every((key) => ownerOf(type, param, key) !== undefined);
  return param.code === 'identifier';
}

/** Whether the index alone answers all that is asked. */
export const isAnswered = ({ filters, others }: Query): boolean =>
  [filters, ...others.map((part) => part.filters)].every((list) => list.every(isDecided));

/** A condition on the principal date leaves nothing without one. */
export const hasDate = ({ type, filters, others }: Query): boolean =>
  others.length === 0 && filters.some((filter) => filter.kind === 'date' && filter.param.code === specOf(type).date);
