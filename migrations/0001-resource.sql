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
  lo       timestamptz,
  hi       timestamptz,
  -- 64-bit hashes of tenant, type, parameter and value
  tok      bigint[]    not null,
  primary key (tenant, shard, type, id)
);

-- Tenant and type are part of each hash, since a GIN index cannot lead with plain columns. Every search reads the list of entries that
-- are not merged yet, so that list is kept short: at the server's 4 MB a conditional create cost the database twice as much.
create index resource_current_tok on resource_current using gin (tok) with (gin_pending_list_limit = 128);
-- Polling by _lastUpdated, and the default order of a search over all patients.
create index resource_current_ts on resource_current (tenant, type, ts, id);
create index resource_current_id on resource_current (tenant, type, id);
create index resource_current_date on resource_current (tenant, type, lo, id) where lo is not null;

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
  changed  text[]      not null,
  primary key (tenant, shard, id)
);
