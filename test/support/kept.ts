import type { Database } from '../../src/store/database.ts';

/**
 * Makes of a database what others are copied from: it keeps what it holds now in the schema `kept`, whose function `reset` brings it, or any
 * copy of it, back to that. To make a database costs a quarter of a second, with connections that know no statement yet.
 */
export async function keep(db: Database): Promise<void> {
  await db.pool.query(KEEP);
}

/**
 * Brings the database back to what `keep` found. Rejects where that cannot be promised: somebody else is connected or a statement is under
 * way, its tables are no longer what they were, or it holds so much that a new one is cheaper.
 */
export async function reset(db: Database): Promise<void> {
  if (db.usage.inUse > 0 || db.usage.waiting > 0 || db.usage.laneStatements > 0) throw new Error('it is in use');
  const { inUse, idle } = db.usage;
  const client = await db.pool.connect();
  try {
    await client.query('select kept.reset($1)', [Math.max(inUse + idle, 1)]);
  } finally {
    client.release();
  }
}

/** Rows that are newer than the mark are taken away; a table of which older ones were changed is filled anew. */
const KEEP = `
  create schema kept;
  create function kept.shape() returns text language sql as $$
    select concat_ws(' ',
      (select count(*) from pg_class where oid >= 16384),
      (select count(*) from pg_attribute where attrelid >= 16384),
      (select count(*) from pg_constraint), (select count(*) from pg_trigger), (select count(*) from pg_proc),
      (select count(*) from pg_db_role_setting))
  $$;
  create function kept.reset(connections int) returns void language plpgsql as $$
  declare
    name text;
    same boolean;
  begin
    if (select count(*) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend') > connections then
      raise exception 'somebody else is connected';
    end if;
    if kept.shape() <> (select shape from kept.mark) then raise exception 'its tables have changed'; end if;
    if (select sum(pg_relation_size(oid)) from pg_class where relnamespace = 'public'::regnamespace) > 8 * 1024 * 1024 then
      raise exception 'it is large';
    end if;
    for name in select tablename from pg_tables where schemaname = 'public' loop
      execute format('delete from public.%I where age(xmin) <= (select age(xid) from kept.mark)', name);
      execute format('select (select count(*) from public.%1$I) = (select count(*) from kept.%1$I)', name) into same;
      if not same then
        execute format('delete from public.%I', name);
        execute format('insert into public.%1$I select * from kept.%1$I', name);
      end if;
    end loop;
  end $$;
  do $$
  declare
    name text;
  begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
      execute format('create table kept.%1$I as select * from public.%1$I', name);
    end loop;
    create table kept.mark (xid xid, shape text);
    insert into kept.mark values (pg_current_xact_id()::xid, '');
    update kept.mark set shape = kept.shape();
  end $$;
`;
