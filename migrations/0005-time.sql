-- 0005-time.sql. What happens without a request: what is due at a moment, the work of people that is open, long work after a request.

-- One row per thing that is to happen at a moment. It goes, or moves on, in the very statement that writes what it comes to.
create table due (
  tenant        integer     not null,
  shard         smallint    not null,
  -- names the thing: what is asked for twice is one row
  id            text        collate "C" not null,
  patient       text        collate "C" not null,
  kind          text        collate "C" not null,
  -- in the service's own time, which tests and demonstrations move
  at            timestamptz not null,
  content       text        not null default '{}',
  -- who works on it holds it until then, in the database's time
  locked_until  timestamptz not null default '-infinity',
  attempts      integer     not null default 0,
  primary key (tenant, shard, id)
  -- room on each page: that a row is taken changes no index
) with (fillfactor = 50);
create index due_at on due (tenant, at, id);
-- What comes before it for the same patient.
create index due_patient on due (tenant, shard, patient, at, id);

-- Open Tasks about Flags, in the order in which they are worked on. The Task itself is a resource like any other; this is its place in the list.
create table work (
  tenant   integer     not null,
  shard    smallint    not null,
  -- of the Task
  id       text        collate "C" not null,
  patient  text        collate "C" not null,
  flag     text        collate "C" not null,
  -- `waiting`, `taken` or `snoozed`
  state    text        collate "C" not null,
  -- whose turn it is: a level of the site
  level    text        collate "C" not null,
  -- reference to who has it
  owner    text        collate "C",
  -- 0 is the most urgent
  urgency  smallint    not null,
  due      timestamptz not null,
  opened   timestamptz not null,
  primary key (tenant, shard, id)
);
create index work_order on work (tenant, urgency, due, id);
-- A level, or a person, may have little of what is open.
create index work_level on work (tenant, level, urgency, due, id);
create index work_owner on work (tenant, owner) where owner is not null;
create index work_flag on work (tenant, shard, flag);

-- What the list of work shows of a patient: a short text that spares it the whole state.
alter table patient_state add column last_grades text not null default '';
-- What plans expect of the patient, and which slot is waited for: null where nothing ever was.
alter table patient_state add column expected text;

-- Long work that a client asked for and comes back to.
create table job (
  tenant        integer     not null,
  shard         smallint    not null,
  id            text        collate "C" not null,
  kind          text        collate "C" not null,
  -- `queued`, `running`, `done`, `failed`, `cancelled`
  status        text        collate "C" not null,
  asked_at      timestamptz not null,
  ended_at      timestamptz,
  -- who works on it holds it until then
  locked_until  timestamptz not null default '-infinity',
  -- names the taking: who has lost it changes nothing any more
  holder        text        collate "C" not null default '',
  -- how often it was taken since it last went on
  attempts      integer     not null default 0,
  -- the client wants it to end
  cancel        boolean     not null default false,
  progress      text        not null default '',
  request       text        not null,
  result        text,
  primary key (tenant, shard, id)
);
create index job_open on job (tenant, asked_at, id) where status in ('queued', 'running');
