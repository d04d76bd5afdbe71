import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { everyone } from '../fhir/compartment.ts';
import { withPolicies } from '../metrics/begun.ts';
import type { ProcessMetric } from '../metrics/catalogue.ts';
import { CONTENT_TYPE, exposition, formatOf } from '../metrics/exposition.ts';
import type { Family, Series } from '../metrics/family.ts';
import { ofService, type ServiceFacts } from '../metrics/of-service.ts';
import { SIMULATE } from '../rules/simulation-request.ts';
import { readBacklog } from '../store/backlog.ts';
import { PARKED_ATTEMPTS } from '../store/due.ts';
import { JOB_STATUSES } from '../store/jobs.ts';
import { WORK_STATES } from '../store/work.ts';
import { READING } from './route.ts';

/** The processes of this host, and what each that answered in time has counted. */
export interface Peers {
  set: number;
  restarts: number;
  counted: readonly { worker: number; families: readonly Family[] }[];
}

/** A scrape never waits longer for the database. */
const PATIENCE_MILLIS = 1000;
/** Who asks more often is told the same: to count the backlog costs the database something. */
const KEPT_MILLIS = 1000;
/** Long work that this service has. */
const LONG = [SIMULATE];

/**
 * `GET /metrics` for Prometheus: what all processes of this host have counted, each under its number, and what is one for the service. It holds
 * no patient data, and answers also when the database does not. Every metric: docs/ops/metrics.md.
 */
export async function metricsRoute(app: FastifyInstance, deps: Deps, peers?: () => Promise<Peers>): Promise<void> {
  const database = lately(() => readDatabase(deps));
  app.route({
    method: READING,
    url: '/metrics',
    config: { formats: ['text/plain', 'application/openmetrics-text'] },
    handler: async (request, reply) => {
      const [told, { set, restarts, counted }] = await Promise.all([
        inTime(database(), PATIENCE_MILLIS),
        peers ? peers() : { set: 1, restarts: 0, counted: [{ worker: 1, families: countedHere(deps) }] },
      ]);
      const facts: ServiceFacts = {
        build: { version: deps.engine.version, fhirpath: deps.engine.fhirpathVersion, node: process.version },
        workers: { set, answering: counted.length, restarts },
        ...(told ? { database: told.facts } : {}),
      };
      const active = told?.active ?? [];
      const families = [
        ...counted.flatMap(({ worker, families }) =>
          withPolicies(families, active).map((family) => numbered(family, worker)),
        ),
        ...ofService(facts, deps.now()),
      ];
      const format = formatOf(request.headers.accept);
      return reply
        .header('Content-Type', CONTENT_TYPE[format])
        .header('Cache-Control', 'no-store')
        .send(exposition(families, format));
    },
  });
}

/** What this process has counted, and what its connections do at this moment. */
export function countedHere({ db, metrics }: Pick<Deps, 'db' | 'metrics'>): Family[] {
  const { most, inUse, idle, waiting, laneStatements } = db.usage;
  const gauge = (name: ProcessMetric, series: Series[]): Family => ({ name, series });
  const plain = (value: number): Series[] => [{ labels: {}, value }];
  return [
    ...metrics.families,
    gauge('vigie_pool_connections', [
      { labels: { state: 'in-use' }, value: inUse },
      { labels: { state: 'idle' }, value: idle },
      { labels: { state: 'most' }, value: most },
    ]),
    gauge('vigie_pool_waiting', plain(waiting)),
    gauge('vigie_pool_lane_statements', plain(laneStatements)),
  ];
}

/** What the database knows: the facts that are told, and the canonicals of the active policies. */
async function readDatabase({ db, catalog, now, site }: Deps): Promise<{
  facts: NonNullable<ServiceFacts['database']>;
  active: readonly string[];
}> {
  const within = everyone();
  const [{ policies, broken }, backlog] = await Promise.all([
    catalog.at(within),
    readBacklog(db, within, { now: now().toISOString(), parkedAttempts: PARKED_ATTEMPTS }),
  ]);
  const levels = site.levels.map(({ code }) => code);
  const words = { states: WORK_STATES, levels, kinds: LONG, statuses: JOB_STATUSES };
  const facts = { policies: { active: policies.length, broken: broken.length }, backlog, words };
  return { facts, active: policies.map(({ canonical }) => canonical) };
}

/** One question at a time, whose answer serves whoever asks within a second of it. A question that hangs is not asked again beside it. */
function lately<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    if (asked) return asked;
    const asking = ask();
    asked = asking;
    const forget = (): void => {
      if (asked === asking) asked = undefined;
    };
    asking.then(
      () => setTimeout(forget, KEPT_MILLIS).unref(),
      () => forget(),
    );
    return asking;
  };
}

/** Undefined where it fails, or takes too long. */
async function inTime<T>(answer: Promise<T>, millis: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, millis, undefined);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const numbered = ({ name, series }: Family, worker: number): Family => ({
  name,
  series: series.map(({ labels, value }) => ({ labels: { ...labels, worker: String(worker) }, value })),
});
