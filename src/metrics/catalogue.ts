/** One metric as Prometheus is told of it; docs/ops/metrics.md says the same, and is tested against this. */
export interface MetricSpec {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  /** Names of its labels; of what each process counts for itself `worker` is added. */
  labels: readonly string[];
  /** Upper bounds of a histogram, in seconds. */
  bounds?: readonly number[];
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const DECISION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** What each process counts for itself. Counters end in `_total`. */
export const OF_PROCESS = {
  vigie_requests_total: {
    type: 'counter',
    help: 'Answers by the pattern of the route, method and class of the status',
    labels: ['route', 'method', 'status'],
  },
  vigie_answers_total: { type: 'counter', help: 'Answers of all routes by class of the status', labels: ['status'] },
  vigie_request_duration_seconds: {
    type: 'histogram',
    help: 'From the first byte of a request to the last of its answer',
    labels: ['route', 'method'],
    bounds: REQUEST_SECONDS,
  },
  vigie_refused_issues_total: {
    type: 'counter',
    help: 'Issues of refused requests by FHIR issue code and status',
    labels: ['code', 'status'],
  },
  vigie_findings_total: {
    type: 'counter',
    help: 'What committed reports were graded to, by grading system, its version and grade',
    labels: ['system', 'version', 'grade'],
  },
  vigie_flag_events_total: {
    type: 'counter',
    help: 'What happened to Flags, by the policy that decided it, event and priority of the Flag',
    labels: ['policy', 'event', 'priority'],
  },
  vigie_undecided_conditions_total: {
    type: 'counter',
    help: 'Conditions of policies that could not be decided, by policy',
    labels: ['policy'],
  },
  vigie_decision_duration_seconds: {
    type: 'histogram',
    help: 'Grading, policies and the fold of one report, up to all that is written of it',
    labels: [],
    bounds: DECISION_SECONDS,
  },
  vigie_due_done_total: {
    type: 'counter',
    help: 'Things that were due, by kind and how it went',
    labels: ['kind', 'outcome'],
  },
  vigie_pool_connections: {
    type: 'gauge',
    help: 'Connections to PostgreSQL by what they are: in use, idle, or the most that there may be',
    labels: ['state'],
  },
  vigie_pool_waiting: { type: 'gauge', help: 'Statements that wait for a connection', labels: [] },
  vigie_pool_lane_statements: { type: 'gauge', help: 'Short reads under way on the shared connections', labels: [] },
  vigie_event_loop_lag_seconds: {
    type: 'gauge',
    help: 'How late the event loop was over the last full quarter of a minute: median, 99th percentile, longest',
    labels: ['stat'],
  },
  vigie_event_loop_busy_seconds_total: { type: 'counter', help: 'Time in which the event loop worked', labels: [] },
  vigie_process_cpu_seconds_total: { type: 'counter', help: 'CPU time of the process', labels: ['mode'] },
  vigie_process_memory_bytes: {
    type: 'gauge',
    help: 'Memory of the process: resident, used on the heap of JavaScript, outside of it',
    labels: ['kind'],
  },
  vigie_process_start_time_seconds: { type: 'gauge', help: 'When the process began, Unix time', labels: [] },
} as const satisfies Record<string, MetricSpec>;

/** What is one for the whole service, told by whichever process is asked. */
export const OF_SERVICE = {
  vigie_build_info: { type: 'gauge', help: '1, with the versions that run', labels: ['version', 'fhirpath', 'node'] },
  vigie_workers: {
    type: 'gauge',
    help: 'Processes of this host: set to run, and answering at this moment',
    labels: ['state'],
  },
  vigie_worker_restarts_total: {
    type: 'counter',
    help: 'Processes of this host that ended and were replaced',
    labels: [],
  },
  vigie_database_up: { type: 'gauge', help: '1 when PostgreSQL answered within a second', labels: [] },
  vigie_policies: {
    type: 'gauge',
    help: 'Alert policies: active, and broken: active ones that cannot be compiled',
    labels: ['state'],
  },
  vigie_work_open: { type: 'gauge', help: 'Open work items by state and level', labels: ['state', 'level'] },
  vigie_work_overdue: { type: 'gauge', help: 'Work items whose time to respond has passed', labels: [] },
  vigie_work_oldest_waiting_seconds: {
    type: 'gauge',
    help: 'Age of the oldest work item that nobody has taken; 0 without one',
    labels: [],
  },
  vigie_outbox_oldest_seconds: {
    type: 'gauge',
    help: 'Age of the oldest row of the outbox; 0 without one',
    labels: [],
  },
  vigie_due_waiting: { type: 'gauge', help: 'Things that are due and have not happened', labels: [] },
  vigie_due_parked: {
    type: 'gauge',
    help: 'Of these, things that have failed so often that they are tried once an hour',
    labels: [],
  },
  vigie_due_lag_seconds: {
    type: 'gauge',
    help: 'For how long the oldest thing that is due, and not parked, has been; 0 without one',
    labels: [],
  },
  vigie_jobs: { type: 'gauge', help: 'Long work by kind and status', labels: ['kind', 'status'] },
} as const satisfies Record<string, MetricSpec>;

export type ProcessMetric = keyof typeof OF_PROCESS;
export type ServiceMetric = keyof typeof OF_SERVICE;

/** All metrics by name. */
export const CATALOGUE: Readonly<Record<string, MetricSpec>> = { ...OF_PROCESS, ...OF_SERVICE };
