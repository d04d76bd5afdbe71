import type { Parameters, ParametersParameter, Provenance } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { replayDecision } from '../../evaluation/replaying.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { FhirError, fault } from '../../fhir/errors.ts';
import type { Difference } from '../../rules/replay.ts';
import { findDecision } from '../../store/context.ts';
import { readResource } from '../../store/resources.ts';
import { type Decided, decisionOf } from './decided.ts';
import { addOperation, type Operation } from './operation.ts';

/**
 * `Flag/[id]/$replay` and `Provenance/[id]/$replay`: computes the decision behind the present version of a Flag, or the one that a Provenance
 * stands for, once more from the stored versions of what it rests on, and compares every byte of its record. Answers Parameters:
 * `outcome` is equal, differs or engine-changed; then whether all but the engine is the same, and each difference by its place in the record.
 */
export const replayOperation: Operation = {
  name: 'replay',
  scope: ['instance'],
  types: ['Flag', 'Provenance'],
  definition: `${CANONICAL}/OperationDefinition/replay`,
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, replayOperation, { parameters: {} }, async ({ within, type = '', id = '' }) => {
      const decided = await decidedBy(deps, within, type, id);
      const provenance: Provenance = JSON.parse(decided.content);
      const { outcome, isSame, engine, differences } = await replayDecision(deps, within, provenance, decided.record);
      const answer: Parameters = {
        resourceType: 'Parameters',
        parameter: [
          { name: 'outcome', valueCode: outcome },
          { name: 'same', valueBoolean: isSame },
          { name: 'provenance', valueReference: { reference: decided.provenance } },
          ...engine.map((one) => differenceParameter('engineChange', one)),
          ...differences.map((one) => differenceParameter('difference', one)),
        ],
      };
      return answer;
    });
  },
};

async function decidedBy(deps: Deps, within: Compartment, type: string, id: string): Promise<Decided> {
  const stored = await readResource(deps.db, within, type, id);
  if (type === 'Flag') {
    const decided = await decisionOf(deps, within, `Flag/${stored.id}/_history/${stored.version}`);
    if (decided) return decided;
    throw none(`No decision is recorded of version ${stored.version} of Flag/${id}: its report was not evaluated`);
  }
  const record = await findDecision(deps.db, within, id);
  if (record !== undefined) return { provenance: `Provenance/${id}`, content: stored.content, record };
  throw none(`Provenance/${id} is not of an evaluation: no decision is recorded of it`);
}

const none = (text: string): FhirError => new FhirError([fault('not-found', text)], { status: 404 });

function differenceParameter(name: string, { path, recorded, replayed }: Difference): ParametersParameter {
  return {
    name,
    part: [
      { name: 'path', valueString: path },
      ...(recorded === undefined ? [] : [{ name: 'recorded', valueString: written(recorded) }]),
      ...(replayed === undefined ? [] : [{ name: 'replayed', valueString: written(replayed) }]),
    ],
  };
}

const written = (value: unknown): string => (typeof value === 'string' ? value || '-' : JSON.stringify(value));
