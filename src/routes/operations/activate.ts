import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import { badRequest, businessRule } from '../../fhir/errors.ts';
import { shardOf } from '../../fhir/ids.ts';
import { parseReference } from '../../fhir/search-parameters.ts';
import { SIMULATE, type SimulationRequest } from '../../rules/simulation-request.ts';
import { activate } from '../../save.ts';
import { findJob } from '../../store/jobs.ts';
import { jobUrl } from '../jobs.ts';
import { onlyOne } from './held.ts';
import { addOperation, type Call, type Operation } from './operation.ts';
import { AUTHOR_INPUTS, authorOf } from './recorded.ts';

/**
 * `PlanDefinition/{id}/$activate`: from now on reports are judged by this policy. It needs a finished simulation of this very content, or an override whose
 * reason is kept. Answers the PlanDefinition as it is then.
 */
export const activateOperation: Operation = {
  name: 'activate',
  scope: ['instance'],
  types: ['PlanDefinition'],
  definition: `${CANONICAL}/OperationDefinition/plandefinition-activate`,
  affectsState: true,
  addRoute(app, deps) {
    const parameters = {
      simulation: 'string',
      override: 'boolean',
      retirePrevious: 'boolean',
      ...AUTHOR_INPUTS,
    } as const;
    addOperation(app, activateOperation, { parameters }, async (call) => {
      const { inputs, within, id = '' } = call;
      const { performer, note } = authorOf(inputs);
      const author = performer?.[0]?.reference ?? '';
      if (!AUTHORS.includes(parseReference(author)?.type ?? '')) {
        throw badRequest(`author: expected a reference to one of ${AUTHORS.join(', ')}`, 'author');
      }
      const named = inputs.text('simulation');
      const overridden = inputs.truth('override') === true;
      onlyOne({ simulation: named, override: overridden ? true : undefined });
      return activate(deps, within, id, {
        author,
        reason: note?.[0]?.text ?? '',
        retirePrevious: inputs.truth('retirePrevious') === true,
        ground: async (digest) => (named === undefined ? undefined : simulationOf(deps, call, named, digest)),
      });
    });
  },
};

/** Who may answer for it, as its OperationDefinition says. Nobody changes the Provenance that names them. */
export const AUTHORS: readonly string[] = ['Practitioner', 'PractitionerRole', 'Organization'];

/** The simulation that was named, by its id or its URL. Throws 422 where it is none, was cancelled, is not done, or is of another content. */
async function simulationOf(
  deps: Deps,
  { within }: Pick<Call, 'within'>,
  named: string,
  digest: string,
): Promise<{ job: string; url: string }> {
  const id = named.startsWith(jobUrl(deps, '')) ? named.slice(jobUrl(deps, '').length) : named;
  if (shardOf(id) === undefined)
    throw badRequest('simulation: expected the id of a simulation, or the URL of its result');
  const job = await findJob(deps.db, within, id);
  if (!job || job.kind !== SIMULATE) throw businessRule('simulation: no such simulation is known here');
  if (job.cancel || job.status === 'cancelled')
    throw businessRule('simulation: it was cancelled: nothing rests on it. Simulate the policy again');
  if (job.status !== 'done') throw businessRule('simulation: it has not come to its end; its result is asked for');
  const request: SimulationRequest = JSON.parse(job.request);
  if (request.digest !== digest) {
    throw businessRule('simulation: it is of another content than this policy has now: simulate it as it is');
  }
  return { job: id, url: jobUrl(deps, id) };
}
