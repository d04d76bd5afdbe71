import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { shardOf } from '../fhir/ids.ts';
import { toOutcome } from '../fhir/outcome.ts';
import { cancelJob, findJob, type Job } from '../store/jobs.ts';
import { sendJson } from './reply.ts';
import { compartmentOfCaller, READING } from './route.ts';

/** Where a client comes back to for what it asked. */
export const jobUrl = ({ baseUrl }: Pick<Deps, 'baseUrl'>, id: string): string => `${baseUrl}/$job/${id}`;

const AGAIN_SECONDS = 1;

/**
 * The status of long work: 202 with `X-Progress` while it waits or runs, then 200 with its result; 410 once it was cancelled, 500 where it
 * failed. DELETE cancels it. What has ended is kept. Source: FHIR R4, section 3.1.0.1.10; Bulk Data Access 2.0.0, status request.
 */
export function addJobs(app: FastifyInstance, deps: Deps): void {
  const within = compartmentOfCaller();
  app.route<{ Params: { id: string } }>({
    method: READING,
    url: '/$job/:id',
    async handler(request, reply) {
      const { id } = request.params;
      const job = shardOf(id) === undefined ? undefined : await findJob(deps.db, within, id);
      if (!job) throw unknown();
      if (job.status === 'cancelled' || job.cancel) throw new FhirError([fault('deleted', 'This work was cancelled')]);
      if (job.status === 'failed')
        throw new FhirError([fault('exception', 'This work failed; the log of the service says why')]);
      if (job.status === 'done') return sendJson(reply, job.result ?? '');
      const progress = progressOf(job);
      reply.code(202).header('X-Progress', progress).header('Retry-After', String(AGAIN_SECONDS));
      return sendJson(reply, toOutcome([{ severity: 'information', code: 'informational', diagnostics: progress }]));
    },
  });
  app.delete<{ Params: { id: string } }>('/$job/:id', async (request, reply) => {
    const { id } = request.params;
    const status =
      shardOf(id) === undefined ? undefined : await cancelJob(deps.db, within, id, deps.now().toISOString());
    if (status === undefined) throw unknown();
    if (status === 'done' || status === 'failed') {
      throw new FhirError([fault('conflict', 'This work has ended; what came of it is kept')]);
    }
    return reply.code(202).send();
  });
}

const unknown = (): FhirError => new FhirError([fault('not-found', 'No such work is known here')]);

function progressOf({ progress }: Job): string {
  if (progress === '') return 'waiting';
  const { done, total }: { done: number; total: number } = JSON.parse(progress); // written by long work
  return `${done} of ${total}`;
}
