-- 0004-history.sql. The history of a type and of the whole system, newest first. The key is short, since every write pays for it: the
-- versions of one write share it, and are kept as one entry.
create index resource_version_ts on resource_version (tenant, type, ts);
