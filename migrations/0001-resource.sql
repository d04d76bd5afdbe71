-- 0001-resource.sql. Every version of every resource, and which one is current.
-- Every key begins (tenant, shard): shard is a 15-bit hash that a patient's id carries and all of the patient's data
-- takes over, so that the same statements run on one server and on a cluster sharded by patient.

create table resource_version (
  tenant   integer     not null,
  shard    smallint    not null,
  type     text        collate "C" not null,
  id       text        collate "C" not null,
  version  integer     not null,
  ts       timestamptz not null,
  deleted  boolean     not null default false,
  -- the body as it is served; '' for a deletion
  content  text        not null,
  primary key (tenant, shard, type, id, version)
);

-- Text of a few kB compresses 4 : 1. lz4 is the faster codec where the server was built with it.
do $$
begin
  execute 'alter table resource_version alter column content set compression lz4';
exception when feature_not_supported then null;
end $$;

-- A vacuum of what was only inserted would make no search faster, since none reads an index without its table, and it took a tenth of the
-- processor from the writes that brought it. PostgreSQL freezes the rows when it has to (autovacuum_freeze_max_age).
alter table resource_version set (autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1);

create table resource_current (
  tenant   integer     not null,
  shard    smallint    not null,
  type     text        collate "C" not null,
  id       text        collate "C" not null,
  version  integer     not null,
  ts       timestamptz not null,
  deleted  boolean     not null default false,
  -- written by the rule engine: read-only to clients
  derived  boolean     not null default false,
  -- the principal code, and the principal date as an interval [lo, hi)
  key1     bigint,
  -- 32 bits of the hash of the principal code without its system; 0 where it names several codes, or none
  code1    integer     not null default 0,
  lo       timestamptz,
  hi       timestamptz,
  -- the patient whose data it is
  patient  text        collate "C",
  -- one bit for each search parameter of the type that has a value here
  present  bigint      not null default 0,
  -- the generation of the search parameters that it was indexed by: what an older one indexed is indexed again
  registry bigint      not null default 0,
  -- 64-bit hashes of tenant, type, parameter and value
  tok      bigint[]    not null,
  primary key (tenant, shard, type, id)
);

-- Tenant and type are part of each hash, since a GIN index cannot lead with plain columns. Every search reads the list of entries that
-- are not merged yet, so that list is kept short: at the server's 4 MB a conditional create cost the database twice as much.
create index resource_current_tok on resource_current using gin (tok) with (gin_pending_list_limit = 128);
-- Nor does what was only inserted need a vacuum here. The rows that updates leave behind still bring one, at a fifth of
-- the table. Each goes through all posting lists of the index of tokens (measured: 30 us a row, a quarter of what the database spent on a response).
alter table resource_current set (autovacuum_vacuum_insert_threshold = -1);
-- Polling by _lastUpdated, and the default order of a search over all patients.
create index resource_current_ts on resource_current (tenant, type, ts, id);
create index resource_current_id on resource_current (tenant, type, id);
-- The newest Observations of one patient, and among them those of a code, whose others are passed over in the index. Of this type alone:
-- patients have few of the others, and every index costs each write.
create index resource_current_newest on resource_current (tenant, shard, lo desc nulls last, id desc, code1) where type = 'Observation';
create index resource_current_date on resource_current (tenant, type, lo, id) where lo is not null;

-- Search parameters that need ranges or prefixes; one row per value. The rows of a resource are those of its current version; `n` tells
-- apart what one statement wrote.
create table index_date (
  tenant  integer     not null,
  shard   smallint    not null,
  type    text        collate "C" not null,
  id      text        collate "C" not null,
  version integer     not null,
  n       integer     not null,
  param   text        collate "C" not null,
  lo      timestamptz not null,
  hi      timestamptz not null,
  primary key (tenant, shard, type, id, version, param, n)
);
create index index_date_lo on index_date (tenant, type, param, lo, id) include (hi);

create table index_number (
  tenant  integer     not null,
  shard   smallint    not null,
  type    text        collate "C" not null,
  id      text        collate "C" not null,
  version integer     not null,
  n       integer     not null,
  param   text        collate "C" not null,
  -- the value, or its bounds; null is without limit
  lo      numeric,
  hi      numeric,
  -- the one bound that there is lies outside
  open    boolean     not null default false,
  -- what a search may name its unit by: system|code, code, text
  unit    text[]      collate "C",
  -- the same in UCUM base units
  clo     numeric,
  chi     numeric,
  cunit   text        collate "C",
  primary key (tenant, shard, type, id, version, param, n)
);
create index index_number_lo on index_number (tenant, type, param, lo, id) include (hi);
create index index_number_clo on index_number (tenant, type, param, cunit, clo, id) include (chi) where cunit is not null;

create table index_string (
  tenant  integer     not null,
  shard   smallint    not null,
  type    text        collate "C" not null,
  id      text        collate "C" not null,
  version integer     not null,
  n       integer     not null,
  param   text        collate "C" not null,
  -- lower case, without marks, white space joined; and the text as it came
  norm    text        collate "C" not null,
  exact   text        collate "C" not null,
  primary key (tenant, shard, type, id, version, param, n)
);
-- An index entry holds 2,700 bytes at most: the beginning is enough to find by.
create index index_string_norm on index_string (tenant, type, param, left(norm, 200), id);

-- Posted search parameters, and how far what was there before them is indexed: what has an older `registry` than `since` is not yet.
create table reindex (
  tenant        integer     not null,
  shard         smallint    not null,
  -- of the SearchParameter
  id            text        collate "C" not null,
  version       integer     not null,
  -- its place in resource_current.present
  bit           smallint    not null,
  since         bigint      not null,
  asked_at      timestamptz not null,
  complete      boolean     not null default false,
  -- who works on it holds it until then
  locked_until  timestamptz not null default '-infinity',
  primary key (tenant, shard, id)
);

-- Small values that all processes share.
create table setting (
  tenant  integer  not null,
  shard   smallint not null,
  name    text     collate "C" not null,
  value   text     not null,
  primary key (tenant, shard, name)
);

-- What must stay single: identifiers of conditional creates (and, later, ids that a client assigns).
create table claim (
  tenant  integer  not null,
  shard   smallint not null,
  key     text     collate "C" not null,
  type    text     collate "C" not null,
  id      text     collate "C" not null,
  primary key (tenant, shard, key)
);

-- A number that grows with each change of a conformance resource, so that every process knows when its compiled
-- Questionnaires and policies are out of date.
create table catalog (
  tenant      integer  not null,
  shard       smallint not null,
  generation  bigint   not null,
  primary key (tenant, shard)
);
insert into catalog (tenant, shard, generation) values (1, 0, 1);

-- Work owed to the outside after a commit: one row per write, naming the versions that it made, save derived Observations: these are
-- the targets of the Provenance that is named.
create table outbox (
  tenant   integer     not null,
  shard    smallint    not null,
  id       text        collate "C" not null,
  ts       timestamptz not null,
  -- the patient's counter, where the write belongs to a patient: the order of delivery
  n        bigint,
  -- `Type/id/version` of each, with a blank between them: a third shorter than an array of references
  changed  text        not null,
  primary key (tenant, shard, id)
);
-- How long the oldest row has been waiting.
create index outbox_ts on outbox (tenant, ts);
