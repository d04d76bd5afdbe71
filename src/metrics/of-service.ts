import type { ServiceMetric } from './catalogue.ts';
import type { Family, Labels } from './family.ts';

/** What is known of the whole service at one moment. */
export interface ServiceFacts {
  build: { version: string; fhirpath: string; node: string };
  /** Processes of this host that are set to run, that have answered, and how often one was replaced. */
  workers: { set: number; answering: number; restarts: number };
  /** Undefined where the database did not answer in time. */
  database?: {
    policies: { active: number; broken: number };
    backlog: {
      work: readonly { state: string; level: string; count: number }[];
      overdue: number;
      waitingSince?: string;
      outboxSeconds: number;
      due: number;
      parked: number;
      dueSince?: string;
      jobs: readonly { kind: string; status: string; count: number }[];
    };
    /** All words there are for these: what is counted under none of them is told as 0. */
    words: Readonly<Record<'states' | 'levels' | 'kinds' | 'statuses', readonly string[]>>;
  };
}

/** The metrics of the whole service. Ages are up to `now`, in the service's own time. */
export function ofService({ build, workers, database }: ServiceFacts, now: Date): Family[] {
  const families = [
    one('vigie_build_info', 1, build),
    family('vigie_workers', [
      [{ state: 'set' }, workers.set],
      [{ state: 'answering' }, workers.answering],
    ]),
    one('vigie_worker_restarts_total', workers.restarts),
    one('vigie_database_up', database ? 1 : 0),
  ];
  if (!database) return families;
  const { policies, backlog, words } = database;
  return [
    ...families,
    family('vigie_policies', [
      [{ state: 'active' }, policies.active],
      [{ state: 'broken' }, policies.broken],
    ]),
    family(
      'vigie_work_open',
      completed(
        backlog.work.map(({ state, level, count }) => [{ state, level }, count]),
        words.states.flatMap((state) => words.levels.map((level) => ({ state, level }))),
      ),
    ),
    one('vigie_work_overdue', backlog.overdue),
    one('vigie_work_oldest_waiting_seconds', age(backlog.waitingSince, now)),
    one('vigie_outbox_oldest_seconds', backlog.outboxSeconds),
    one('vigie_due_waiting', backlog.due),
    one('vigie_due_parked', backlog.parked),
    one('vigie_due_lag_seconds', age(backlog.dueSince, now)),
    family(
      'vigie_jobs',
      completed(
        backlog.jobs.map(({ kind, status, count }) => [{ kind, status }, count]),
        words.kinds.flatMap((kind) => words.statuses.map((status) => ({ kind, status }))),
      ),
    ),
  ];
}

type Told = readonly [Labels, number];

/** What was counted, and 0 for each of `all` that was not; a word that is known no longer is told while something is counted under it. */
function completed(counted: readonly Told[], all: readonly Labels[]): Told[] {
  const keyOf = (labels: Labels): string => Object.values(labels).join('\n');
  const held = new Set(counted.map(([labels]) => keyOf(labels)));
  return [...all.filter((labels) => !held.has(keyOf(labels))).map((labels): Told => [labels, 0]), ...counted];
}

const family = (name: ServiceMetric, series: readonly Told[]): Family => ({
  name,
  series: series.map(([labels, value]) => ({ labels, value })),
});

const one = (name: ServiceMetric, value: number, labels: Labels = {}): Family => family(name, [[labels, value]]);

const age = (since: string | undefined, now: Date): number =>
  since === undefined ? 0 : Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
