import type { Compartment } from '../../fhir/compartment.ts';
import type { Database } from '../database.ts';
import { token } from '../tokens.ts';
import { type Hit, type Row, toHit } from './row.ts';
import { run } from './run.ts';
import { type Condition, outermost, seen } from './scope.ts';
import { sql } from './sql.ts';

/** Current resources that fulfil a condition on `c`, the newest id first. */
export async function fetchHits(db: Database, where: Condition, most: number): Promise<Hit[]> {
  const { rows } = await run(() =>
    sql`
      select c.type, c.id, c.shard, c.version, c.ts::text as ts, v.content
      from resource_current c join resource_version v using (tenant, shard, type, id, version)
      where ${where}
      order by c.id desc
      limit ${most}`.execute<Row>(db),
  );
  return rows.map(toHit);
}

/** How a canonical resource is referred to: by url, and by url and version. */
export function canonicalsOf({ content }: Pick<Hit, 'content'>): string[] {
  const { url, version }: { url?: string; version?: string } = JSON.parse(content);
  if (url === undefined) return [];
  return version === undefined ? [url] : [url, `${url}|${version}`];
}

/** The resources of one canonical type that canonicals (url, or url and version) mean, each with how it is referred to. */
export async function namedBy(
  db: Database,
  within: Compartment,
  type: string,
  canonicals: ReadonlySet<string>,
  most: number,
): Promise<{ hit: Hit; names: readonly string[] }[]> {
  if (canonicals.size === 0) return [];
  const hashes = [...canonicals].map((canonical) =>
    token(within.tenant, type, 'url', canonical.split('|', 1)[0] ?? ''),
  );
  const hits = await fetchHits(
    db,
    sql`${seen(outermost(within))} and c.type = ${type} and c.tok && ${`{${hashes.join(',')}}`}::bigint[]`,
    most,
  );
  return hits
    .map((hit) => ({ hit, names: canonicalsOf(hit) }))
    .filter(({ names }) => names.some((name) => canonicals.has(name)));
}
