import t from 'tap';
import { checkRoom, connectionsOf } from '../../src/store/connection-room.ts';
import { freshDatabase } from '../support/database.ts';

const server = (room: Partial<Record<'most' | 'reserved' | 'database' | 'role', number>>) => ({
  query: async () => ({ rows: [{ most: 100, reserved: 3, database: -1, role: -1, ...room }] }),
});

t.test('each process may open one more than it is set to', async (t) => {
  t.equal(connectionsOf({ workers: 1, connections: 10 }), 11);
  t.equal(connectionsOf({ workers: 4, connections: 10 }), 44);
});

t.test('all that the server has room for is taken, and one more is refused with what to set', async (t) => {
  await checkRoom(server({ most: 47 }), { workers: 4, connections: 10 });
  await t.rejects(checkRoom(server({ most: 46 }), { workers: 4, connections: 10 }), {
    message:
      '4 processes (WORKERS) of 10 connections each (DB_CONNECTIONS), and one for a simulation, may open 44; the PostgreSQL server has room for ' +
      '43 (max_connections 46, of which 3 are reserved). Set DB_CONNECTIONS to at most 9, or raise that limit.',
  });
  await t.rejects(checkRoom(server({ most: 11 }), { workers: 4, connections: 2 }), /Set WORKERS to fewer/);
  await t.rejects(
    checkRoom(server({ most: 5 }), { workers: 1, connections: 2 }),
    /^1 process \(WORKERS\) .* Raise that limit\.$/,
  );
});

t.test('a limit of the database or of the role counts where it is the least', async (t) => {
  await checkRoom(server({ database: 11, role: 11 }), { workers: 1, connections: 10 });
  await t.rejects(
    checkRoom(server({ database: 10 }), { workers: 1, connections: 10 }),
    /CONNECTION LIMIT 10 of the database/,
  );
  await t.rejects(checkRoom(server({ role: 10 }), { workers: 1, connections: 10 }), /CONNECTION LIMIT 10 of the role/);
});

t.test('a server is asked', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  t.teardown(() => database.drop());
  const { pool } = database.db;
  await checkRoom(pool, { workers: 2, connections: 10 });
  const name = new URL(database.url).pathname.slice(1);
  await pool.query(`alter database ${name} connection limit 21`);
  await t.rejects(checkRoom(pool, { workers: 2, connections: 10 }), /CONNECTION LIMIT 21 of the database/);
});
