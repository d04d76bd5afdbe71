import { int4Array, textArray } from './pg-arrays.ts';
import type { Param, PatientWrite, ReportRow } from './write-input.ts';

/** What the fold and the explanation keep of a patient. */
export function ofPatient(
  { id, shard, reports = [], retract, decision, episodes = [] }: PatientWrite,
  p: Param,
): string[] {
  const parts: string[] = [];
  if (reports.length > 0) {
    parts.push(`reported as (
  insert into report (tenant, shard, patient, source_type, source_id, at, content)
  ${reportRows({ id, shard }, reports, p)}
  on conflict (tenant, shard, patient, source_type, source_id) do update set at = excluded.at, content = excluded.content
)`);
  }
  if (retract) {
    parts.push(`retracted as (
  delete from report
  where tenant = $1 and shard = ${p(shard)} and patient = ${p(id)} and source_type = ${p(retract.type)} and source_id = ${p(retract.id)}
)`);
  }
  if (decision) {
    parts.push(`decided as (
  insert into decision (tenant, shard, id, content) values ($1, ${p(shard)}, ${p(decision.id)}, ${p(decision.content)})
)`);
  }
  if (episodes.length > 0) {
    parts.push(`episodes as (
  insert into episode (tenant, shard, patient, flag_id, version, term, origin, status, started, ended, signature)
  select $1, ${p(shard)}::int2, ${p(id)}, e.flag_id, e.version, e.term, e.origin, e.status, e.started::timestamptz, e.ended::timestamptz,
         e.signature
  from unnest(${p(textArray(episodes.map(({ flagId }) => flagId)))}::text[], ${p(int4Array(episodes.map(({ version }) => version)))}::int4[],
              ${p(textArray(episodes.map(({ term }) => term)))}::text[], ${p(textArray(episodes.map(({ origin }) => origin)))}::text[],
              ${p(textArray(episodes.map(({ status }) => status)))}::text[], ${p(textArray(episodes.map(({ started }) => started)))}::text[],
              ${p(textArray(episodes.map(({ ended }) => ended)))}::text[],
              ${p(textArray(episodes.map(({ signature }) => signature)))}::text[])
       as e(flag_id, version, term, origin, status, started, ended, signature)
  on conflict (tenant, shard, patient, flag_id) do update
  set version = excluded.version, status = excluded.status, started = excluded.started, ended = excluded.ended,
      signature = excluded.signature
)`);
  }
  return parts;
}

/** One row in most writes; several where a changed baseline grades earlier reports anew. */
function reportRows(
  { id, shard }: Pick<PatientWrite, 'id' | 'shard'>,
  reports: readonly ReportRow[],
  p: Param,
): string {
  const [first, ...more] = reports;
  if (first && more.length === 0) {
    return `values ($1, ${p(shard)}, ${p(id)}, ${p(first.type)}, ${p(first.id)}, ${p(first.at)}, ${p(first.content)})`;
  }
  return `select $1, ${p(shard)}::int2, ${p(id)}, r.type, r.id, r.at::timestamptz, r.content
  from unnest(${p(textArray(reports.map(({ type }) => type)))}::text[], ${p(textArray(reports.map(({ id }) => id)))}::text[],
              ${p(textArray(reports.map(({ at }) => at)))}::text[], ${p(textArray(reports.map(({ content }) => content)))}::text[])
       as r(type, id, at, content)`;
}
