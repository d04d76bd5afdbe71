import { hash, randomFillSync } from 'node:crypto';

/**
 * Ids that the server assigns are UUIDs of version 8 (RFC 9562 section 5.8): 48 bits of Unix time in milliseconds, so
 * that they sort by creation; 12 bits that order ids of one millisecond; and, after the variant, 15 bits of shard. A read by
 * id therefore knows its shard. A Patient's shard bits are drawn at random, what belongs to the Patient takes them over.
 *
 *     tttttttt-tttt-8sss-vvvv-rrrrrrrrrrrr      t time, s sequence, v = 1 0 then 14 bits of shard, r = 1 bit of shard + 47 random
 */
const OURS = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const SHARDS = 1 << 15;

const pool = Buffer.alloc(8 * 512);
let used = pool.length;
let lastMillis = 0;
let sequence = 0;

/** Eight random bytes; the pool saves a system call per id. */
function random(): Buffer {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 8;
  return pool.subarray(used - 8, used);
}

/** A new id in `shard` (0 to 32767), created at `millis` (Unix time). Ids of one process never go backwards. */
export function newId(shard: number, millis: number): string {
  if (millis > lastMillis) {
    lastMillis = millis;
    sequence = random().readUInt16BE(0) & 0x3ff;
  } else {
    sequence += 1;
    if (sequence > 0xfff) {
      lastMillis += 1;
      sequence = 0;
    }
  }
  return assemble(lastMillis, sequence, shard, random());
}

/** A shard for a patient, or for what belongs to none. */
export const drawShard = (): number => random().readUInt16BE(0) & 0x7fff;

/**
 * The id of something derived: the same for the same `origin` and `name`, in the shard of `origin` and as old as it.
 * So a retry, a re-grade or a replay finds what it made before. Its bits are SHA-256 of the one joined to SHA-256 of the other by
 * exclusive or: a response has a dozen derived ids, and the names come again with every response. `shard` is where `origin` lies when
 * a client chose its id.
 */
export function derivedId(origin: string, name: string, shard?: number): string {
  const from = lastOrigin?.origin === origin && lastOrigin.asked === shard ? lastOrigin : originOf(origin, shard);
  lastOrigin = from;
  const bytes = Buffer.allocUnsafe(10);
  const other = digestOfName(name);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = (from.digest[i] ?? 0) ^ (other[i] ?? 0);
  return assemble(from.millis, bytes.readUInt16BE(8) & 0xfff, from.shard, bytes);
}

interface Origin {
  origin: string;
  asked: number | undefined;
  digest: Buffer;
  shard: number;
  millis: number;
}

let lastOrigin: Origin | undefined;

const originOf = (origin: string, asked: number | undefined): Origin => ({
  origin,
  asked,
  digest: hash('sha256', origin, 'buffer'),
  shard: shardOf(origin) ?? asked ?? hashShard(origin),
  millis: OURS.test(origin) ? Number.parseInt(origin.slice(0, 8) + origin.slice(9, 13), 16) : 0,
});

const names = new Map<string, Buffer>();
const MOST_NAMES = 1000;

function digestOfName(name: string): Buffer {
  const known = names.get(name);
  if (known) return known;
  // Another domain than that of origins: an origin that is its own name would have no bits left.
  const made = hash('sha256', `name\0${name}`, 'buffer');
  if (names.size >= MOST_NAMES) names.clear();
  names.set(name, made);
  return made;
}

/** The shard that an id of ours carries; undefined for an id that a client chose. */
export function shardOf(id: string): number | undefined {
  if (!OURS.test(id)) return undefined;
  return ((Number.parseInt(id.slice(19, 23), 16) & 0x3fff) << 1) | (Number.parseInt(id.charAt(24), 16) >> 3);
}

/** Whether a text can be the id of a resource at all. Source: FHIR R4, Data Types, id. */
export const isId = (text: string): boolean => /^[A-Za-z0-9\-.]{1,64}$/.test(text);

/** The shard of anything that is named by text: claims, and ids that a client chose. */
export const hashShard = (text: string): number => hash('sha256', text, 'buffer').readUInt16BE(0) & 0x7fff;

function assemble(millis: number, order: number, shard: number, bytes: Buffer): string {
  const time = millis.toString(16).padStart(12, '0');
  const variant = (0x8000 | (shard >> 1)).toString(16);
  const tail = ((shard & 1) << 15) | (bytes.readUInt16BE(0) & 0x7fff);
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-8${order.toString(16).padStart(3, '0')}-${variant}-` +
    `${tail.toString(16).padStart(4, '0')}${bytes.readUInt32BE(2).toString(16).padStart(8, '0')}`
  );
}
