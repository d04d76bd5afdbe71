-- 0003-claim-home.sql. Ids that clients assign do not say where their resource lies, as those of the server do: what belongs to a
-- patient lies in that patient's shard. So the claim of such an id keeps the shard. It never changes: a resource stays with its patient.
alter table claim add column home smallint;
