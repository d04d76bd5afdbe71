/**
 * Arrays for PostgreSQL in its binary format, so that one named statement takes any number of rows. Text needs no
 * escaping there, which node-pg's own array literals pay for on every byte of a resource.
 * Source: PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv.
 */
const OID = { bool: 16, int8: 20, int2: 21, int4: 23, text: 25 } as const;

/** text[]; a null element is SQL null. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let bytes = HEADER;
  for (const value of values) bytes += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const buffer = start(values.length, OID.text, bytes);
  let at = HEADER;
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(-1, at);
    } else {
      const length = buffer.write(value, at + 4);
      buffer.writeInt32BE(length, at);
      at += 4 + length;
    }
  }
  return buffer;
}

/** int2[]. */
export function int2Array(values: readonly number[]): Buffer {
  const buffer = start(values.length, OID.int2, HEADER + 6 * values.length);
  let at = HEADER;
  for (const value of values) {
    at = buffer.writeInt32BE(2, at);
    at = buffer.writeInt16BE(value, at);
  }
  return buffer;
}

/** int4[]. */
export function int4Array(values: readonly number[]): Buffer {
  const buffer = start(values.length, OID.int4, HEADER + 8 * values.length);
  let at = HEADER;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return buffer;
}

/** boolean[]. */
export function boolArray(values: readonly boolean[]): Buffer {
  const buffer = start(values.length, OID.bool, HEADER + 5 * values.length);
  let at = HEADER;
  for (const value of values) {
    at = buffer.writeInt32BE(1, at);
    at = buffer.writeUInt8(value ? 1 : 0, at);
  }
  return buffer;
}

/** bigint[]; a null element is SQL null. */
export function int8Array(values: readonly (bigint | null)[]): Buffer {
  let bytes = HEADER;
  for (const value of values) bytes += value === null ? 4 : 12;
  const buffer = start(values.length, OID.int8, bytes);
  let at = HEADER;
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(-1, at);
    } else {
      at = buffer.writeInt32BE(8, at);
      at = buffer.writeBigInt64BE(value, at);
    }
  }
  return buffer;
}

const HEADER = 20;

/** Dimensions, has-nulls flag, element type, then length and lower bound of the one dimension. */
function start(length: number, oid: number, bytes: number): Buffer {
  if (length === 0) {
    const empty = Buffer.alloc(12);
    empty.writeInt32BE(oid, 8);
    return empty;
  }
  const buffer = Buffer.allocUnsafe(bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}
