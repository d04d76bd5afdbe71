import { performance } from 'node:perf_hooks';
import type { Rest } from './simulation-past.ts';

/**
 * Reports that a simulation judges in a second while this process answers requests. What it does on a core that is idle for a moment slows the writers
 * all the same, since they share caches and memory with it: without a limit by a quarter, with this one by less than a fifth (docs/performance.md).
 */
export const MOST_BESIDE_REQUESTS = 2050;
/** What was missed for want of a processor may be caught up, as far as this. */
const CATCH_UP_MILLIS = 2000;

/** Share of the time in which the thread that answers requests had something to do; above this it is busy. */
const BUSY = 0.2;
const LOOKS_EVERY_MILLIS = 50;

/** Tells a thread whether this one is busy, in shared memory, until it is stopped. */
export function tellBusy(): { busy: Int32Array; stop: () => void } {
  const busy = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    Atomics.store(busy, 0, performance.eventLoopUtilization(now, before).utilization > BUSY ? 1 : 0);
    before = now;
  }, LOOKS_EVERY_MILLIS).unref();
  return { busy, stop: () => clearInterval(timer) };
}

/** Milliseconds from any moment on, and a wait. */
interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
};

/** Rests as long as it takes not to go above the limit, while the other thread is busy. */
export function restBeside(busy: Int32Array, { now, sleep }: Clock = CLOCK): Rest {
  /** When all that was judged may have been judged. */
  let paid = 0;
  return async (reports) => {
    const at = now();
    paid = Math.max(paid, at - CATCH_UP_MILLIS);
    if (Atomics.load(busy, 0) === 0) return turn();
    paid += (reports / MOST_BESIDE_REQUESTS) * 1000;
    return paid > at ? sleep(paid - at) : turn();
  };
}

/** Everything else in this thread has its turn. */
export const turn: () => Promise<void> = () => new Promise((resolve) => void setImmediate(resolve));
