import { totalmem } from 'node:os';

const MEGABYTE = 1024 * 1024;

/** Bytes of memory that this process and its children may use: the machine's, or what its container is limited to. */
export function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * PostgreSQL's `shared_buffers` on a machine of `memory` bytes that the server shares with the service: an eighth, at least PostgreSQL's own
 * 128 MB and at most 1 GB. Where the data in use has no room there, each page is read from the kernel again and its checksum counted anew:
 * with 20,000 stored, 264 responses were written a second at 128 MB and 341 to 373 at 1 GB (docs/performance-history.md).
 */
export function sharedBuffers(memory: number): string {
  return `${Math.min(1024, Math.max(128, Math.floor(memory / 8 / MEGABYTE)))}MB`;
}
