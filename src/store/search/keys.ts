import type { KeysFilter } from '../../fhir/query/filter.ts';
import type { SearchParam } from '../../fhir/search-parameters.ts';
import { indexed, namesOwner } from '../index-rows.ts';
import { compartmentToken, token } from '../tokens.ts';
import { anyOf, type Condition, either, indexedAs, type Scope, specOf } from './scope.ts';
import { sql } from './sql.ts';

/** Tokens, references and URIs: their hashes are in the row. A negation that the index cannot decide is left to the content. */
export function keysFilter(scope: Scope, type: string, filter: KeysFilter): Condition {
  const found = positive(scope, type, filter);
  if (filter.not !== true) return found;
  return isExact(filter) ? sql`not ${found}` : sql`true`;
}

/** Whether the index knows, so that no content has to be looked at. */
export const isExact = ({ exact, param }: KeysFilter): boolean => exact && param.union === undefined;

function positive(scope: Scope, type: string, { param, keys, variant }: KeysFilter): Condition {
  const { within, row, walked } = scope;
  const patients = variant === undefined ? keys.flatMap((key) => ownerOf(type, param, key) ?? []) : [];
  const others = variant === undefined ? keys.filter((key) => ownerOf(type, param, key) === undefined) : keys;
  const conditions: Condition[] = [];
  if (patients.length > 0) {
    // Others' data may name the patient too, as a performer: whose data it is says the column, which no index has.
    const owned = sql`${row}.patient ${oneOf(patients)}`;
    const named = patients.map((patient) => compartmentToken(within.tenant, patient));
    conditions.push(walked ? owned : sql`(${anyOf(scope, named)} and ${owned})`);
  }
  if (others.length > 0) {
    conditions.push(anyOf(scope, hashesOf(within.tenant, type, param, others, variant)));
  }
  return either(conditions);
}

/** The hashes under which keys are indexed. */
export function hashesOf(
  tenant: number,
  type: string,
  param: SearchParam,
  keys: readonly string[],
  variant?: KeysFilter['variant'],
): string[] {
  const names = indexedAs(param).map((code) => (variant === undefined ? code : `${code}:${variant}`));
  return names.flatMap((name) => keys.map((key) => token(tenant, type, name, indexed(key))));
}

/** The patient whose data a key asks for, where the parameter is the one that says so. */
export const ownerOf = (type: string, param: SearchParam, key: string): string | undefined =>
  namesOwner(specOf(type), param) ? /^Patient\/([^/]+)/.exec(key)?.[1] : undefined;

const oneOf = (texts: readonly string[]): Condition =>
  texts.length === 1 ? sql`= ${texts[0]}` : sql`in (${sql.join([...texts])})`;

/**
 * The hash of a value that the database makes, the same as `token` of src/store/tokens.ts: the first eight bytes of SHA-256 over
 * tenant, type, parameter and value, with NUL between, as a signed number.
 */
export function tokenInSql(tenant: number, type: string, param: string, value: Condition): Condition {
  const scope = Buffer.from(`${tenant}\0${type}\0${param}\0`, 'utf8').toString('hex');
  return sql`('x' || encode(substr(sha256(decode(${scope}, 'hex') || convert_to(${value}, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint`;
}
