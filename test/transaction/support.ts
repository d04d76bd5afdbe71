import type { Bundle, BundleEntry, BundleEntryRequest, Resource } from '@medplum/fhirtypes';
import type { Answer, TestApp } from '../support/app.ts';

/** `urn:uuid:` with a number in it. */
export const urn = (n: number): string => `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** One entry that writes. */
export const entry = (
  method: BundleEntryRequest['method'],
  url: string,
  resource?: object,
  more: { fullUrl?: string } & Partial<BundleEntryRequest> = {},
): BundleEntry => {
  const { fullUrl, ...request } = more;
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource: resource as Resource }),
    request: { method, url, ...request },
  };
};

export const bundleOf = (type: 'batch' | 'transaction', entries: BundleEntry[]): Bundle => ({
  resourceType: 'Bundle',
  type,
  ...(entries.length === 0 ? {} : { entry: entries }),
});

export const transaction = (
  app: TestApp,
  entries: BundleEntry[],
  headers: Record<string, string> = {},
): Promise<Answer> => app.send('POST', '', bundleOf('transaction', entries), headers);

export const batch = (app: TestApp, entries: BundleEntry[], headers: Record<string, string> = {}): Promise<Answer> =>
  app.send('POST', '', bundleOf('batch', entries), headers);

/** A JSON Patch as a Bundle carries it. */
export const jsonPatch = (operations: object[]): object => ({
  resourceType: 'Binary',
  contentType: 'application/json-patch+json',
  data: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

/** The status of each entry of an answer. */
export const statuses = ({ body }: Answer): string[] =>
  (body.entry ?? []).map(({ response }: { response: { status: string } }) => response.status);

/** A digest of each table: a transaction that fails leaves all as it was. */
export async function everything({ database }: TestApp): Promise<Record<string, string>> {
  const { pool } = database.db;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' order by r::text)), '') as digest from ${name} r`,
    );
    digests[name] = rows[0]?.digest ?? '';
  }
  return digests;
}
