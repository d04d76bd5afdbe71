import type pg from 'pg';
import { shardOfId } from '../src/store/resources.ts';

/** A read that is measured. */
export interface ReadRow {
  name: string;
  title: string;
  goal: string;
  /** Answers per second that are asked for. */
  least?: number;
  /** Milliseconds within which 99 of 100 answers have to come. Such a row is asked by one client at a time. */
  most?: number;
  paths: readonly string[];
  /** Stored after the copy was made that `pg` alone reads. */
  late?: boolean;
}

/** What `pg` alone asks, with the values of each turn and the number of rows that it must find. */
export interface BareRead {
  text: string;
  turns: readonly { values: readonly unknown[]; rows: number }[];
}

export async function readRows(client: pg.Client, patients: readonly string[]): Promise<ReadRow[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from resource_current where tenant = 1 and type = 'QuestionnaireResponse' order by md5(id) limit 400`,
  );
  return [
    {
      name: 'read-patient',
      title: 'GET Patient/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      paths: patients.map((id) => `/fhir/Patient/${id}`),
    },
    {
      name: 'read-response',
      title: 'GET QuestionnaireResponse/{id}',
      goal: '>= 5,000/s',
      least: 5000,
      paths: rows.map(({ id }) => `/fhir/QuestionnaireResponse/${id}`),
    },
    {
      name: 'flags',
      title: 'GET Flag?patient&status=active',
      goal: '>= 4,000/s',
      least: 4000,
      paths: patients.map((id) => `/fhir/Flag?patient=Patient/${id}&status=active`),
    },
    {
      name: 'newest',
      title: 'GET the 20 newest QuestionnaireResponses of a patient',
      goal: '>= 800/s',
      least: 800,
      paths: patients.map((id) => `/fhir/QuestionnaireResponse?patient=Patient/${id}&_sort=-authored&_count=20`),
    },
    {
      name: 'observations',
      title: 'GET the 20 newest Observations of a patient by code and date',
      goal: '>= 2,500/s',
      least: 2500,
      paths: newestOf(patients),
    },
    {
      name: 'has',
      title: 'GET Patient?_has:Flag:patient:status=active, by birth date',
      goal: 'p99 < 50 ms',
      most: 50,
      paths: YEARS.map((year) => `/fhir/Patient?_has:Flag:patient:status=active&birthdate=${year}&_count=20`),
    },
    {
      name: 'chain',
      title: 'GET Provenance?target:Flag.patient:Patient.birthdate (two steps)',
      goal: 'p99 < 50 ms',
      most: 50,
      paths: YEARS.map((year) => `/fhir/Provenance?target:Flag.patient:Patient.birthdate=${year}&_count=20`),
    },
    {
      name: 'total',
      title: 'GET Observation?code&date, _total=accurate',
      goal: 'p99 < 200 ms',
      most: 200,
      paths: YEARS.map(
        (_, weeks) => `/fhir/Observation?code=${TERM}&date=ge${daysAgo(7 * weeks)}&_total=accurate&_count=20`,
      ),
    },
  ];
}

/** Of each patient the 20 newest Observations of a term. */
export const newestOf = (patients: readonly string[]): string[] =>
  patients.map(
    (id) => `/fhir/Observation?patient=Patient/${id}&code=${TERM}&date=ge${YEARS_AGO}&_sort=-date&_count=20`,
  );

/** A term that every response of the bench's form is graded in. */
const TERM = 'PROCTCAE_9_COMP';
const YEARS_AGO = '2020';
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
/** Years in which the patients of the bench were born. */
const YEARS = Array.from({ length: 50 }, (_, at) => 1940 + at);

/** The rows behind the service's own answers, by their keys: reading them cannot be done with less. */
export function bareRead(answers: readonly string[]): BareRead {
  const read = answers.map((answer): Answered => JSON.parse(answer));
  const single = read.every(({ resourceType }) => resourceType !== 'Bundle');
  if (!single && read.some(isMixed)) return { text: MIXED, turns: read.map(mixedTurn) };
  return {
    text: single ? CURRENT : VERSIONS,
    turns: read.flatMap((given) => {
      if (single) return [{ values: [shardOfId(given.id), given.resourceType, given.id], rows: 1 }];
      const found = (given.entry ?? []).map(({ resource }) => resource);
      const [first] = found;
      // An empty list has no row to be read.
      if (!first) return [];
      const ids = found.map(({ id }) => id);
      const versions = found.map(({ meta }) => Number(meta.versionId));
      return [{ values: [shardOfId(first.id), first.resourceType, ids, versions], rows: ids.length }];
    }),
  };
}

/** Of more than one patient, or of more than one type. */
function isMixed({ entry = [] }: Answered): boolean {
  const [first] = entry;
  return entry.some(
    ({ resource: { resourceType, id } }) =>
      resourceType !== first?.resource.resourceType || shardOfId(id) !== shardOfId(first.resource.id),
  );
}

function mixedTurn({ entry = [] }: Answered): BareRead['turns'][number] {
  const found = entry.map(({ resource }) => resource);
  const values = [
    found.map(({ id }) => shardOfId(id)),
    found.map(({ resourceType }) => resourceType),
    found.map(({ id }) => id),
  ];
  return { values, rows: found.length };
}

/**
 * The newest version of each, as the list itself reads them: work that has become overdue since the copy was made has a version there that the
 * copy does not have.
 */
const MIXED = `
select v.content from unnest($1::int2[], $2::text[], $3::text[]) k(shard, type, id)
cross join lateral (
  select content from resource_version
  where tenant = 1 and shard = k.shard and type = k.type and id = k.id order by version desc limit 1
) v`;
const CURRENT = `
select v.content from resource_current c join resource_version v using (tenant, shard, type, id, version)
where c.tenant = 1 and c.shard = $1 and c.type = $2 and c.id = $3`;
const VERSIONS = `
select v.content from unnest($3::text[], $4::int[]) k(id, version)
cross join lateral (
  select content from resource_version
  where tenant = 1 and shard = $1 and type = $2 and id = k.id and version = k.version
) v`;

interface Answered {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  entry?: { resource: Answered }[];
}
