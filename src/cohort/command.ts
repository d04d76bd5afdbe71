import { parseArgs } from 'node:util';
import { type CohortOptions, START } from './entry.ts';

export const USAGE = `Posts a cohort of patients who do not exist to a running service, and looks for what was planted in it.

  npm run cohort -- [options]

  --patients N      patients (default 500)
  --weeks N         weekly reports of each, at least 5 (default 26)
  --seed N          the same seed gives the same cohort (default 1)
  --start DATE      day on which the first patients begin (default ${START})
  --base URL        FHIR base of the service (default http://127.0.0.1:8080/fhir)
  --connections N   patients that are sent at a time (default 16)
  --out FILE        writes the resources to FILE as NDJSON, and what was planted to FILE.planted, in place of posting
`;

/** What a run does. */
export interface Command {
  cohort: CohortOptions;
  base: string;
  connections: number;
  out?: string;
}

/** Throws a RangeError or TypeError that says what is wrong with the arguments; undefined where help is asked for. */
export function readCommand(args: readonly string[], now: Date): Command | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      patients: { type: 'string', default: '500' },
      weeks: { type: 'string', default: '26' },
      seed: { type: 'string', default: '1' },
      start: { type: 'string', default: START },
      base: { type: 'string', default: 'http://127.0.0.1:8080/fhir' },
      connections: { type: 'string', default: '16' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const cohort = {
    patients: whole('patients', values.patients, 1, 100_000),
    weeks: whole('weeks', values.weeks, 5, 520),
    seed: whole('seed', values.seed, 0, 2 ** 31),
    start: values.start,
  };
  const begins = midnightOf(cohort.start);
  if (begins === undefined) throw new RangeError('--start takes a day of the calendar such as 2025-01-06');
  // Four weeks until all have begun, and three for what arrives late.
  if (begins + (cohort.weeks + 7) * 7 * 86_400_000 > now.getTime()) {
    throw new RangeError('--start: the cohort would end in the future, and its reports be refused');
  }
  return {
    cohort,
    base: values.base.replace(/\/+$/, ''),
    connections: whole('connections', values.connections, 1, 200),
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

/** Unix milliseconds of midnight, UTC; undefined for what is no day of the calendar. Read as a date alone, 30 February would be 2 March. */
function midnightOf(day: string): number | undefined {
  const midnight = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  return midnight;
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} takes a whole number from ${least} to ${most}`);
}
