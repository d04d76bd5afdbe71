import type { Group, OperationOutcome, PlanDefinition } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL, splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, businessRule, FhirError, fault } from '../../fhir/errors.ts';
import { drawShard, newId } from '../../fhir/ids.ts';
import { toOutcome } from '../../fhir/outcome.ts';
import { ownReference } from '../../fhir/search-parameters.ts';
import { MATTERED } from '../../rules/simulation-judged.ts';
import { patientsOf, SIMULATE, type SimulationRequest } from '../../rules/simulation-request.ts';
import { OUTCOMES } from '../../rules/work/codes.ts';
import { addJob } from '../../store/jobs.ts';
import { findResource } from '../../store/resources.ts';
import { jobUrl } from '../jobs.ts';
import { sendJson } from '../reply.ts';
import { compartmentOfCaller } from '../route.ts';
import { type Inputs, type InputTable, readInputs } from './input.ts';
import { type Operation, pathsOf } from './operation.ts';
import { compileGiven, policyOf } from './policy-input.ts';

/**
 * `PlanDefinition/{id}/$simulate`, and `PlanDefinition/$simulate` of the policy that came along: what it would have said of the past, against what is
 * in force. Stores nothing but its own result. Always answered 202: the result is at `Content-Location` once it is there. What could not be
 * simulated is refused at once. Source of the pattern: FHIR R4, section 3.1.0.1.10 (asynchronous request).
 */
export const simulateOperation: Operation = {
  name: 'simulate',
  scope: ['type', 'instance'],
  types: ['PlanDefinition'],
  definition: `${CANONICAL}/OperationDefinition/plandefinition-simulate`,
  affectsState: true,
  addRoute(app, deps) {
    for (const { path } of pathsOf(simulateOperation)) {
      app.post<{ Params: { id?: string } }>(path, async (request, reply) => {
        const within = compartmentOfCaller();
        const job = await ask(deps, within, readInputs(request, INPUTS), request.params.id);
        const outcome: OperationOutcome = toOutcome([
          { severity: 'information', code: 'informational', diagnostics: 'The simulation waits for its turn' },
        ]);
        return sendJson(reply.code(202).header('Content-Location', jobUrl(deps, job)), outcome);
      });
    }
  },
};

const INPUTS = {
  parameters: {
    policy: 'Resource',
    against: 'string',
    cohort: 'Reference',
    start: 'dateTime',
    end: 'dateTime',
    mattered: 'code*',
  },
} as const satisfies InputTable;

/** Notes the simulation; gives the id of its job. */
async function ask(deps: Deps, within: Compartment, inputs: Inputs, id: string | undefined): Promise<string> {
  const candidate = await policyOf(deps, within, inputs, id);
  const snapshot = await deps.catalog.at(within);
  const cohort = inputs.reference('cohort');
  const mattered = inputs.texts('mattered');
  for (const code of mattered) {
    if (!(OUTCOMES as readonly string[]).includes(code))
      throw badRequest(`mattered: expected one of ${OUTCOMES.join(', ')}`);
  }
  const now = deps.now();
  const stretch = stretchOf(inputs, now);
  const request: SimulationRequest = {
    candidate,
    digest: compileGiven(candidate, { held: id !== undefined }).digest,
    ...policiesOf(snapshot, candidate, inputs.text('against')),
    ...(cohort === undefined ? {} : { cohort: await cohortOf(deps, within, cohort, stretch) }),
    ...stretch,
    site: deps.site,
    baseUrl: deps.baseUrl,
    mattered: mattered.length > 0 ? [...new Set(mattered)].sort() : MATTERED,
  };
  const job = newId(drawShard(), now.getTime());
  await addJob(deps.db, within, {
    id: job,
    kind: SIMULATE,
    askedAt: now.toISOString(),
    request: JSON.stringify(request),
  });
  return job;
}

type Snapshot = Awaited<ReturnType<Deps['catalog']['at']>>;

/** What the candidate is compared with, and what stands beside it: the policies that are in force now. */
function policiesOf(
  { policies, broken, policy }: Snapshot,
  { url = '' }: PlanDefinition,
  wanted: string | undefined,
): Pick<SimulationRequest, 'against' | 'beside'> {
  const urlOf = (canonical: string): string => splitCanonical(canonical).url;
  const unusable = broken.filter((canonical) => urlOf(canonical) !== url);
  if (unusable.length > 0) {
    throw businessRule(
      `${unusable.join(', ')} cannot be compiled: no report is evaluated until it is mended or retired`,
    );
  }
  const active = policies.map(({ canonical }) => canonical);
  const against = wanted === undefined ? active.find((canonical) => urlOf(canonical) === url) : wanted;
  const compared = against === undefined || against === NONE ? null : against;
  if (compared !== null && !policy(compared)) {
    throw new FhirError(
      [fault('not-found', `against: ${compared} is not a released policy that is held here and can be compiled`)],
      {
        status: 422,
      },
    );
  }
  const apart = new Set([url, ...(compared === null ? [] : [urlOf(compared)])]);
  return { against: compared, beside: active.filter((canonical) => !apart.has(urlOf(canonical))) };
}

const NONE = 'none';

/** The Group as it is now, by version. Throws 422 where none of its members is simulated. */
async function cohortOf(
  deps: Deps,
  within: Compartment,
  reference: string,
  asked: Pick<SimulationRequest, 'within'>,
): Promise<string> {
  const own = ownReference(reference, deps.baseUrl);
  if (own?.type !== 'Group' || own.version !== undefined) {
    throw badRequest('cohort: expected a reference to a Group of this server');
  }
  const { id } = own;
  const held = await findResource(deps.db, within, 'Group', id);
  if (!held || held.deleted) throw businessRule(`cohort: Group/${id} is not held here`);
  const group: Group = JSON.parse(held.content);
  if (patientsOf(group, { within: asked.within, baseUrl: deps.baseUrl }).length === 0) {
    throw businessRule(
      `cohort: Group/${id} has no member that is a Patient of this server in the period that is asked for`,
      'Group.member',
    );
  }
  return `Group/${id}/_history/${held.version}`;
}

/** From the first moment of `start` to the last of `end`, by the precision in which they are written; to now at most. */
function stretchOf(inputs: Inputs, now: Date): Pick<SimulationRequest, 'within' | 'endAsked'> {
  const [start, end] = [inputs.text('start'), inputs.text('end')];
  const from = start === undefined ? undefined : dateInterval(start)?.start;
  const asked = end === undefined ? undefined : dateInterval(end)?.end;
  const to = Math.min(asked ?? Number.POSITIVE_INFINITY, now.getTime());
  if (from !== undefined && from >= to) throw badRequest('start: expected a moment before the end, and before now');
  return {
    within: {
      ...(from === undefined ? {} : { start: new Date(from).toISOString() }),
      end: new Date(to).toISOString(),
    },
    endAsked: asked !== undefined,
  };
}
