import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second of /proc/<pid>/stat. Source: proc(5); USER_HZ is 100 on every Linux that Node runs on. */
const TICKS = 100;

interface Stat {
  parent: number;
  /** CPU milliseconds of the process itself, and of its children that have ended. */
  own: number;
  ended: number;
}

/**
 * CPU milliseconds of a process and all its children. What a child has used moves to its parent's account when it
 * ends, so a difference of two readings leaves nothing out, also what short-lived children did in between.
 */
export function cpuOfFamily(parent: number): number | undefined {
  for (;;) {
    const before = readStat(parent);
    if (!before) return undefined;
    let children = 0;
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const child = readStat(Number(entry));
      if (child?.parent === parent) children += child.own + child.ended;
    }
    // A child that ended while they were counted is in neither sum: then all is counted again.
    const after = readStat(parent);
    if (after && after.ended === before.ended) return after.own + after.ended + children;
  }
}

/** Resident memory in MiB, now and at its highest; undefined where there is no /proc. */
export function memoryOf(pid: number): { now: number; highest: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
    return { now: mib('VmRSS'), highest: mib('VmHWM') };
  } catch {
    return undefined;
  }
}

/** The parent of a process; undefined where there is no /proc. */
export const parentOf = (pid: number): number | undefined => readStat(pid)?.parent;

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything; the fields after it are plain.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ms = (index: number): number => (Number(fields[index]) / TICKS) * 1000;
    return { parent: Number(fields[1]), own: ms(11) + ms(12), ended: ms(13) + ms(14) };
  } catch {
    return undefined;
  }
}
