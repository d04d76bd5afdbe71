import { parseArgs } from 'node:util';

/** What a run of the bench does. */
export interface BenchOptions {
  connections: number;
  /** Seconds that each row and each baseline is measured, after a warm-up. */
  seconds: number;
  /** Rows of writes measure the service and its limits in turns, so often: a machine that slows down meanwhile slows all of them. */
  turns: number;
  /** Responses that are stored before anything is measured. */
  rows: number;
  patients: number;
  /** Names of rows to run; empty runs all. */
  only: readonly string[];
  /** A Markdown file whose measured part is written anew. */
  write?: string;
}

export const USAGE = `npm run bench -- [options]
  --connections N   open HTTP or database connections (16)
  --seconds N       seconds per row and per baseline (6)
  --turns N         turns of the service and its limits, in rows of writes (3)
  --rows N          responses stored before measuring (4000)
  --patients N      patients they belong to (200)
  --only A,B        post, post-once, workers, read-patient, read-response, flags, newest,
                    observations, worklist, has, chain, total, transaction, paging, many,
                    cold, start (all)
  --write FILE      also put the tables into FILE, between its marks
`;

/** Throws a RangeError that says what is wrong with the arguments. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: 'string', default: '16' },
      seconds: { type: 'string', default: '6' },
      turns: { type: 'string', default: '3' },
      rows: { type: 'string', default: '4000' },
      patients: { type: 'string', default: '200' },
      only: { type: 'string', default: '' },
      write: { type: 'string' },
    },
  });
  const count = (name: 'connections' | 'seconds' | 'turns' | 'rows' | 'patients'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} takes a whole number above 0`);
    return value;
  };
  return {
    connections: count('connections'),
    seconds: count('seconds'),
    turns: count('turns'),
    rows: count('rows'),
    patients: count('patients'),
    only: values.only.split(',').filter(Boolean),
    ...(values.write === undefined ? {} : { write: values.write }),
  };
}
