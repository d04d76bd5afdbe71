import type { Questionnaire } from '@medplum/fhirtypes';
import { Catalog, type Snapshot } from '../../src/catalog.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { openDatabase } from '../../src/store/database.ts';
import { auditShard } from './audit-shard.ts';
import type { Bed } from './bed.ts';
import type { Client } from './http.ts';
import type { Known } from './journal.ts';
import { patientShards, readShard, sameBody } from './stored.ts';
import { IDENTIFIERS } from './writer.ts';

export interface Audit {
  violations: string[];
  counts: Record<string, number>;
}

/** Looks for every acknowledged write, over HTTP and in the database, and for halves of what was not. */
export async function audit(
  bed: Bed,
  http: Client,
  form: Questionnaire,
  known: ReadonlyMap<string, Known>,
): Promise<Audit> {
  const found: Audit = { violations: [], counts: {} };
  const count = (what: string, by = 1): void => {
    found.counts[what] = (found.counts[what] ?? 0) + by;
  };
  const say = (what: string): void => void found.violations.push(what);
  await overHttp(http, known, count, say);

  const client = await bed.connect();
  if (!client) throw new Error('The database cannot be reached for the audit');
  const database = openDatabase(await urlOf(client), { connections: 2 });
  try {
    const snapshot: Snapshot = await new Catalog(database).at(everyone());
    const { rows } = await client.query<{ key: string }>(
      `select type || '/' || id || '/_history/' || version as key from resource_version
       where type not in ('QuestionnaireResponse', 'Observation', 'Flag', 'Provenance', 'Patient')`,
    );
    const others = new Set(rows.map(({ key }) => key));
    const met = new Map<string, string>();
    for (const shard of await patientShards(client)) {
      auditShard(await readShard(client, shard), { known, snapshot, form, others, met, count, say });
    }
    for (const [identifier, one] of known) {
      if (one.acknowledged.length > 0 && !met.has(identifier))
        say(`${identifier}: acknowledged, and not in the database`);
    }
    const claims = await client.query<{ key: string }>(
      // The claim of a url and version names the version that was written last: id/version.
      `select c.key from claim c where not exists (
         select 1 from resource_version r
         where r.tenant = c.tenant and r.type = c.type and r.id = split_part(c.id, '/', 1)
           and (position('/' in c.id) = 0 or r.version::text = split_part(c.id, '/', 2)))`,
    );
    for (const { key } of claims.rows) say(`a claim is held for a resource that is not there: ${key}`);
    const loose = await client.query<{ key: string }>(
      `select v.type || '/' || v.id || '/_history/' || v.version as key from resource_version v
       left join resource_current c using (tenant, shard, type, id) where c.id is null or v.version > c.version`,
    );
    for (const { key } of loose.rows) say(`a version without a current one: ${key}`);
  } finally {
    await database.close();
    await client.end();
  }
  return found;
}

type Count = (what: string, by?: number) => void;
type Say = (what: string) => void;

/** Every acknowledged response can be read in its last version, and some are searched for as a client would. */
async function overHttp(http: Client, known: ReadonlyMap<string, Known>, count: Count, say: Say): Promise<void> {
  let turn = 0;
  for (const { identifier, id, acknowledged } of known.values()) {
    const last = acknowledged.at(-1);
    if (!last) continue;
    const answer = await http.insist('GET', `/QuestionnaireResponse/${id}`);
    if (answer.status !== 200) say(`${identifier}: acknowledged, and reading it gives ${answer.status}`);
    else if (answer.etag !== last.version)
      say(`${identifier}: version ${last.version} acknowledged, ${answer.etag} is read`);
    else if (!sameBody(JSON.parse(answer.text), JSON.parse(last.body)))
      say(`${identifier}: is read otherwise than it was sent`);
    count('responses read over HTTP');
    turn += 1;
    if (turn % 10 > 0) continue;
    const same = await bundle(http, `/QuestionnaireResponse?identifier=${IDENTIFIERS}|${identifier}`);
    if (same.length !== 1) say(`${identifier}: a search by identifier finds ${same.length}`);
    const observations = await bundle(http, `/Observation?derived-from=QuestionnaireResponse/${id}`);
    if (observations.length === 0) say(`${identifier}: a search finds no Observation of it`);
    const [observation] = observations;
    const provenances = observation
      ? await bundle(http, `/Provenance?target=Observation/${observation.resource?.id}`)
      : [];
    if (provenances.length === 0) say(`${identifier}: a search finds no Provenance of its Observation`);
    count('responses searched for over HTTP');
  }
}

async function bundle(http: Client, path: string): Promise<{ resource?: { id?: string } }[]> {
  const answer = await http.insist('GET', path);
  if (answer.status !== 200) return [];
  return JSON.parse(answer.text).entry ?? [];
}

async function urlOf(client: { host: string; port: number }): Promise<string> {
  return `postgres://vigie@localhost/vigie?host=${encodeURIComponent(client.host)}&port=${client.port}&sslmode=disable`;
}
