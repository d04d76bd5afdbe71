import { resolve } from 'node:path';
import { readShipped, type Shipped } from '../../src/shipped.ts';

let read: Shipped | undefined;

/** What ships with the service, read once by all services of a test process. */
export function shipped(): Shipped {
  read ??= readShipped(resolve('profiles'));
  return read;
}
