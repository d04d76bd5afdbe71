-- 0002-monitoring.sql. What the rule engine keeps of a patient between two reports.

-- One row per patient. `n` is compared and set by every write that derives something: two responses of one patient
-- at the same moment are serialised by it. `state` is the fold after the last report in symptom-time order.
create table patient_state (
  tenant   integer  not null,
  shard    smallint not null,
  patient  text     collate "C" not null,
  n        bigint   not null,
  state    text     not null,
  primary key (tenant, shard, patient)
) with (fillfactor = 70);

-- What each graded resource said: the input of the fold, read again when a report arrives late or is amended.
create table report (
  tenant       integer     not null,
  shard        smallint    not null,
  patient      text        collate "C" not null,
  source_type  text        collate "C" not null,
  source_id    text        collate "C" not null,
  at           timestamptz not null,
  content      text        not null,
  -- canonical of the form, of a complete response: what may meet something that is expected is told without reading each content
  answered     text        generated always as (
    case when source_type = 'QuestionnaireResponse' and content::json ->> 'draft' is null then content::json ->> 'form' end
  ) stored,
  primary key (tenant, shard, patient, source_type, source_id)
);

-- Which Flag stands for which episode. A Flag's identity is written once and never recalculated.
create table episode (
  tenant     integer     not null,
  shard      smallint    not null,
  patient    text        collate "C" not null,
  flag_id    text        collate "C" not null,
  version    integer     not null,
  term       text        collate "C" not null,
  origin     text        collate "C" not null,
  status     text        not null,
  started    timestamptz not null,
  ended      timestamptz,
  signature  text        not null,
  primary key (tenant, shard, patient, flag_id)
);

-- The decision record of an evaluation, by the id of its Provenance. Canonical JSON, never changed.
create table decision (
  tenant   integer  not null,
  shard    smallint not null,
  id       text     collate "C" not null,
  content  text     not null,
  primary key (tenant, shard, id)
);

do $$
begin
  execute 'alter table patient_state alter column state set compression lz4';
  execute 'alter table report alter column content set compression lz4';
  execute 'alter table decision alter column content set compression lz4';
exception when feature_not_supported then null;
end $$;
