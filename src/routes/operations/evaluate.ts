import type { Flag, Observation, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { badRequest, notSupported } from '../../fhir/errors.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import type { DecisionRecord } from '../../rules/decision-record.ts';
import { parametersOf } from '../../rules/explain-parameters.ts';
import { readRecord } from '../../rules/record.ts';
import type { Language } from '../../rules/resources/labels.ts';
import { outcomeOf } from '../../rules/resources/outcome.ts';
import { type Foreseen, foresee } from '../../save.ts';
import { readResource } from '../../store/resources.ts';
import type { NewVersion } from '../../store/write.ts';
import { languageOf } from './language.ts';
import { addOperation, type Call, type Operation } from './operation.ts';

/**
 * `QuestionnaireResponse/$evaluate` and `Observation/$evaluate` of the resource that came along, as if it were created now; at an instance of
 * the stored one, or of the one that came along as its next version. Answers Parameters with what would be graded, decided and flagged, for
 * this patient at this moment, and stores nothing. What a write would refuse is refused alike.
 */
export const evaluateOperation: Operation = {
  name: 'evaluate',
  scope: ['type', 'instance'],
  types: ['QuestionnaireResponse', 'Observation'],
  definition: `${CANONICAL}/OperationDefinition/evaluate`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = { resource: 'Resource', language: 'code' } as const;
    const run = async ({ inputs, within, request, type = '', id }: Call): Promise<Parameters> => {
      const spec = resourceSpec(type);
      if (!spec) throw notSupported(`${type} is not evaluated`);
      const language = languageOf(inputs.text('language'), request, deps.language);
      const value = inputs.resource('resource') ?? (await storedOne(deps, within, type, id));
      const foreseen = await foresee(deps, within, spec, { value }, id);
      const answer: Parameters = {
        resourceType: 'Parameters',
        language,
        parameter: told(deps, foreseen, language),
      };
      return answer;
    };
    // Of a type the resource has to come along.
    addOperation(app, evaluateOperation, { parameters }, run, ['type']);
  },
};

async function storedOne(deps: Deps, within: Compartment, type: string, id: string | undefined): Promise<Resource> {
  if (id === undefined) throw badRequest(`Expected a ${type}: as the body, or as the parameter resource`);
  return JSON.parse((await readResource(deps.db, within, type, id)).content);
}

function told(deps: Deps, { consequence }: Foreseen, language: Language): ParametersParameter[] {
  const changes = consequence?.changes ?? { flags: [], findings: [], undecided: [] };
  const outcome = outcomeOf({ ...changes, labels: deps.labels, language });
  const decision = consequence?.patient.decision;
  const written = (consequence?.versions ?? []).map((version) => ({ version, resource: resourceOf(deps, version) }));
  const flags = changes.flags.map(({ event, flag, reference }): ParametersParameter => {
    const [, id] = reference.split('/');
    const version = written.find((one) => one.version.type === 'Flag' && one.version.id === id);
    return {
      name: 'flag',
      part: [
        { name: 'event', valueCode: event },
        { name: 'resource', resource: (version?.resource ?? flag) as Flag },
      ],
    };
  });
  return [
    { name: 'evaluated', valueBoolean: consequence !== undefined },
    ...(decision ? decisions(deps, readRecord(decision.content), language) : []),
    ...flags,
    ...written
      .filter(({ version }) => version.type === 'Observation')
      .map(({ resource }) => ({ name: 'observation', resource: resource as Observation })),
    { name: 'outcome', resource: outcome },
    ...(decision ? [{ name: 'record', valueString: decision.content }] : []),
  ];
}

/** Each step of the record: of the resource itself, and of later reports whose Flags it would change. */
function decisions(deps: Deps, record: DecisionRecord, language: Language): ParametersParameter[] {
  return record.terms.map((step) => {
    const display = deps.labels.term(step.finding.term)[language];
    const thresholds = step.conditions.map((condition) => ({ ...condition, comparisons: [] }));
    const facts = parametersOf({ record, step, display, thresholds });
    return { name: 'finding', part: facts.filter(({ name }) => name !== 'engine' && name !== 'policy') };
  });
}

/** What would be stored; the moment of storing is the present one. */
function resourceOf(deps: Deps, { head, tail }: NewVersion): Resource {
  return JSON.parse(head + deps.now().toISOString() + tail);
}
