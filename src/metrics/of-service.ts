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
  const { policies, backlog } = database;
  return [
    ...families,
    family('vigie_policies', [
      [{ state: 'active' }, policies.active],
      [{ state: 'broken' }, policies.broken],
    ]),
    family(
      'vigie_work_open',
      backlog.work.map(({ state, level, count }) => [{ state, level }, count]),
    ),
    one('vigie_work_overdue', backlog.overdue),
    one('vigie_work_oldest_waiting_seconds', age(backlog.waitingSince, now)),
    one('vigie_outbox_oldest_seconds', backlog.outboxSeconds),
    one('vigie_due_waiting', backlog.due),
    one('vigie_due_parked', backlog.parked),
    one('vigie_due_lag_seconds', age(backlog.dueSince, now)),
    family(
      'vigie_jobs',
      backlog.jobs.map(({ kind, status, count }) => [{ kind, status }, count]),
    ),
  ];
}

const family = (name: ServiceMetric, series: readonly (readonly [Labels, number])[]): Family => ({
  name,
  series: series.map(([labels, value]) => ({ labels, value })),
});

const one = (name: ServiceMetric, value: number, labels: Labels = {}): Family => family(name, [[labels, value]]);

const age = (since: string | undefined, now: Date): number =>
  since === undefined ? 0 : Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
