import type { Compartment } from '../fhir/compartment.ts';
import type { KeysFilter } from '../fhir/query/filter.ts';
import { claimShard, storedKey } from './claims.ts';
import type { Database } from './database.ts';
import { int8Array } from './pg-arrays.ts';
import { visibleToken } from './resources.ts';
import { confirming } from './search/confirm.ts';
import { hashesOf, isExact, ownerOf } from './search/keys.ts';
import { type Hit, type Row, toHit } from './search/row.ts';

/** Rows that are looked at: criteria that find more are left to an ordinary search. */
const MOST = 20;

/**
 * What a conditional create asks, in one statement: who holds the claim of its criteria, and what there is. For criteria that are one token,
 * as an identifier is; undefined for any other, and where too many rows would have to be looked at.
 */
export async function byToken(
  db: Database,
  within: Compartment,
  type: string,
  filter: KeysFilter,
  key: string,
  baseUrl: string,
): Promise<{ owner?: string; hits: Hit[] } | undefined> {
  const { param, keys, not, variant } = filter;
  const [asked, ...more] = keys;
  if (asked === undefined || more.length > 0 || not || !isExact(filter) || ownerOf(type, param, asked))
    return undefined;
  const hashes = hashesOf(within.tenant, type, param, keys, variant);
  if (hashes.length !== 1) return undefined;
  const rows = await db.named<Partial<Row> & { owner: string | null }>(
    nameNow(),
    // Tenant and type are part of the hash, and a deleted resource has none: only the index of tokens can answer.
    `with found as materialized (
       select tenant, shard, type, id, version, ts from resource_current
       where tok @> $4::bigint[] and ($5::bigint is null or tok @> array[$5::bigint]) limit ${MOST + 1})
     select o.owner, f.type, f.id, f.version, f.ts::text as ts, v.content
     from (select (select id from claim where tenant = $1 and shard = $2 and key = $3) as owner) o
     left join (found f join resource_version v using (tenant, shard, type, id, version)) on f.tenant = $1 and f.type = $6`,
    [
      within.tenant,
      claimShard(key),
      storedKey(key),
      int8Array(hashes.map((hash) => BigInt(hash))),
      visibleToken(within),
      type,
    ],
  );
  if (rows.length > MOST) return undefined;
  const owner = rows[0]?.owner ?? undefined;
  // A left join gives a row without a resource where nothing was found.
  const found = rows.filter((row): row is Row & { owner: string | null } => typeof row.content === 'string');
  const isMeant = confirming(type, [filter], baseUrl);
  const hits = found.filter(({ content }) => isMeant(content)).map(toHit);
  return { hits, ...(owner === undefined ? {} : { owner }) };
}

/**
 * A plan that was made while the table was small reads all of it. So the statement gets another name, and is planned again, each time that it
 * has been sent twice as often.
 */
let sent = 0;

function nameNow(): string {
  sent += 1;
  return `by-token-${32 - Math.clz32(sent)}`;
}
