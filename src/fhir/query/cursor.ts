import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { badRequest, type FhirError } from '../errors.ts';
import { isId } from '../ids.ts';

/** Where a page begins: the values that the last entry before it is sorted by, as text, and its id. */
export interface Cursor {
  values: readonly (string | null)[];
  id: string;
  /** Unix milliseconds that `ap` was measured from on the first page, where that matters. */
  now?: number;
}

/**
 * A position as text for a link. It is encrypted and authenticated (AES-256-GCM), since a value that is sorted by may be a name; and bound
 * to `search`, so that it continues no other. It carries a position and nobody's rights, and does not expire. `key` has 32 bytes.
 */
export function sealCursor(key: Buffer, search: string, { values, id, now }: Cursor): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(search));
  const text = JSON.stringify(now === undefined ? [values, id] : [values, id, now]);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The position that a link of ours holds. Throws 400 for any other text, also for one that belongs to another search. */
export function openCursor(key: Buffer, search: string, text: string): Cursor {
  const bytes = Buffer.from(text, 'base64url');
  // Bits that base64url leaves over would let two texts be one.
  if (bytes.length < 30 || bytes.toString('base64url') !== text) throw badCursor();
  let opened: unknown;
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    cipher.setAAD(Buffer.from(search));
    cipher.setAuthTag(bytes.subarray(12, 28));
    opened = JSON.parse(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString('utf8'));
  } catch {
    throw badCursor();
  }
  if (!Array.isArray(opened)) throw badCursor();
  const [values, id, now]: unknown[] = opened;
  if (!Array.isArray(values) || typeof id !== 'string' || !isId(id)) throw badCursor();
  return { values, id, ...(typeof now === 'number' ? { now } : {}) };
}

/** 400: a position that no page of this search ends at. */
export const badCursor = (): FhirError =>
  badRequest('_cursor: this link was not made here for this search; begin again from the first page');
