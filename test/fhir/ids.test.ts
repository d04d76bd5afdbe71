import t from 'tap';
import { derivedId, drawShard, hashShard, newId, SHARDS, shardOf } from '../../src/fhir/ids.ts';

const MILLIS = Date.parse('2026-11-21T12:00:00.123Z');
/** Both ends, both sides of each power of two, and patterns of alternating bits. */
const EDGES = [
  ...new Set([
    0,
    SHARDS - 1,
    0x5555,
    0x2aaa,
    ...Array.from({ length: 15 }, (_, bit) => [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]).flat(),
  ]),
].filter((shard) => shard >= 0 && shard < SHARDS);

t.test('an id carries its shard, and it is read back', async (t) => {
  for (const shard of EDGES) t.equal(shardOf(newId(shard, MILLIS)), shard, `shard ${shard}`);
  const wrong = Array.from({ length: SHARDS }, (_, shard) => shard).filter(
    (shard) => shardOf(newId(shard, MILLIS)) !== shard,
  );
  t.strictSame(wrong, [], 'all 32768 of them');
});

t.test('version and variant bits are those of RFC 9562, section 5.8', async (t) => {
  for (const shard of EDGES) {
    for (const id of [newId(shard, MILLIS), derivedId(newId(shard, MILLIS), 'term')]) {
      t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      t.equal(id.charAt(14), '8', 'version 8');
      t.equal(Number.parseInt(id.charAt(19), 16) >> 2, 0b10, 'variant 10');
      t.ok(id.length <= 64 && /^[A-Za-z0-9\-.]+$/.test(id), 'a FHIR id');
    }
  }
});

t.test('ids hold the time and sort by creation', async (t) => {
  const later = MILLIS + 3_600_000; // later than any other test of this file has asked for
  const first = newId(SHARDS - 1, later);
  t.equal(Number.parseInt(first.slice(0, 8) + first.slice(9, 13), 16), later);
  const ids = [first];
  for (let i = 0; i < 10_000; i += 1) ids.push(newId(drawShard(), later));
  for (let i = 1; i < 100; i += 1) ids.push(newId(drawShard(), later + 1000 * i));
  t.strictSame([...ids].sort(), ids, 'also within one millisecond, whatever the shard');
  const last = ids.at(-1) ?? '';
  t.ok(newId(0, later - 5_000) > last, 'a clock that goes back does not take the ids with it');
});

t.test('100,000 ids are 100,000 different ones', async (t) => {
  const ids = new Set(Array.from({ length: 100_000 }, () => newId(7, MILLIS)));
  t.equal(ids.size, 100_000);
});

t.test('a derived id is the same for the same origin and name, and another for another', async (t) => {
  const origin = newId(4711, MILLIS);
  const other = newId(4711, MILLIS);
  const id = derivedId(origin, 'PROCTCAE_16');
  t.equal(derivedId(origin, 'PROCTCAE_16'), id);
  t.not(derivedId(origin, 'PROCTCAE_17'), id, 'another name');
  t.not(derivedId(other, 'PROCTCAE_16'), id, 'another origin');
  t.not(derivedId(`${origin}a`, 'b'), derivedId(origin, 'ab'), 'where origin ends and name begins counts');
  t.equal(shardOf(id), 4711, 'in the shard of its origin');
  t.equal(id.slice(0, 13), origin.slice(0, 13), 'as old as its origin');
  const many = new Set(Array.from({ length: 10_000 }, (_, i) => derivedId(origin, `term ${i}`)));
  t.equal(many.size, 10_000);
});

t.test('an id that a client chose carries no shard, and has one all the same', async (t) => {
  for (const id of ['a', 'Patient-1', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '019a-8', '']) {
    t.equal(shardOf(id), undefined, id);
    const shard = hashShard(id);
    t.ok(Number.isInteger(shard) && shard >= 0 && shard < SHARDS);
    t.equal(shardOf(derivedId(id, 'term')), shard, 'what is derived from it lies with it');
  }
});

t.test('drawn shards lie in range and spread', async (t) => {
  const drawn = Array.from({ length: 20_000 }, drawShard);
  t.ok(drawn.every((shard) => Number.isInteger(shard) && shard >= 0 && shard < SHARDS));
  t.ok(new Set(drawn).size > 10_000);
});
