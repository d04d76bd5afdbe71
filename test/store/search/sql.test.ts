import {
  DummyDriver,
  Kysely,
  sql as ofKysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import t from 'tap';
import { sql } from '../../../src/store/search/sql.ts';

const kysely = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

t.test('a statement is written as the builder of the other statements writes it', async (t) => {
  const ours = (() => {
    const row = sql.raw('c1');
    const named = sql`${row}.id in (${sql.join(['a', 'b'])})`;
    const either = sql`(${sql.join([named, sql`${row}.ts > ${new Date(0)}`, sql`true`], sql` or `)})`;
    return sql`select ${1} from t ${row} where ${either} and ${sql.join([])}${sql``} x = ${null} limit ${2}`.compile();
  })();
  const theirs = (() => {
    const row = ofKysely.raw('c1');
    const named = ofKysely`${row}.id in (${ofKysely.join(['a', 'b'])})`;
    const either = ofKysely`(${ofKysely.join([named, ofKysely`${row}.ts > ${new Date(0)}`, ofKysely`true`], ofKysely` or `)})`;
    return ofKysely`select ${1} from t ${row} where ${either} and ${ofKysely.join([])}${ofKysely``} x = ${null} limit ${2}`.compile(
      kysely,
    );
  })();
  t.equal(ours.text, theirs.sql);
  t.same(ours.values, theirs.parameters);
});

t.test('values never become text', async (t) => {
  const hostile = `'; drop table claim; -- $1`;
  t.same(sql`select ${hostile}, ${sql.join([hostile])}`.compile(), {
    text: 'select $1, $2',
    values: [hostile, hostile],
  });
});

t.test('a piece may stand in a statement more than once, its values each time', async (t) => {
  const piece = sql`a = ${7}`;
  t.same(sql`${piece} or ${piece}`.compile(), { text: 'a = $1 or a = $2', values: [7, 7] });
});
