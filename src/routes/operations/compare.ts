import type { Parameters, ParametersParameter, PlanDefinition } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL, splitCanonical } from '../../fhir/canonical.ts';
import { businessRule } from '../../fhir/errors.ts';
import { comparePolicies, type PolicyDifference } from '../../rules/compare.ts';
import { comparisonText, sentenceOf, type Telling } from '../../rules/compare-words.ts';
import { currentOfType } from '../../store/catalog.ts';
import { onlyOne, received } from './held.ts';
import { languageOf } from './language.ts';
import { addOperation, type Call, type Operation } from './operation.ts';
import { compileGiven, policyOf } from './policy-input.ts';

/**
 * `PlanDefinition/{id}/$compare`, and `PlanDefinition/$compare` of the policy that came along: what differs from another version of it, as data and in
 * words. Both have to compile.
 */
export const compareOperation: Operation = {
  name: 'compare',
  scope: ['type', 'instance'],
  types: ['PlanDefinition'],
  definition: `${CANONICAL}/OperationDefinition/plandefinition-compare`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = { policy: 'Resource', other: 'Resource', against: 'string', language: 'code' } as const;
    const run = async (call: Call): Promise<Parameters> => {
      const { inputs, within, request, id } = call;
      const after = await policyOf(deps, within, inputs, id);
      const before = await otherOf(deps, call, after);
      compileGiven(after, { held: id !== undefined });
      compileGiven(before, { held: inputs.resource('other') === undefined });
      const language = languageOf(inputs.text('language'), request, deps.language);
      const telling: Telling = { before, after, labels: deps.labels, language };
      const differences = comparePolicies(before, after);
      return {
        resourceType: 'Parameters',
        language,
        parameter: [
          { name: 'from', valueCanonical: canonicalOf(before) },
          { name: 'to', valueCanonical: canonicalOf(after) },
          { name: 'same', valueBoolean: !differences.some(({ decides }) => decides) },
          { name: 'text', valueString: comparisonText(differences, telling) },
          ...differences.map((one) => differencePart(one, telling)),
        ],
      };
    };
    // Of a type the policy has to come along.
    addOperation(app, compareOperation, { parameters }, run, ['type']);
  },
};

const canonicalOf = ({ url, version }: PlanDefinition): string => `${url}|${version}`;

/** The older one: that came along, a released version by its canonical, or the active one of the same url. */
async function otherOf(deps: Deps, { inputs, within }: Call, { url = '' }: PlanDefinition): Promise<PlanDefinition> {
  const sent = inputs.resource('other');
  const against = inputs.text('against');
  if (sent || against !== undefined) onlyOne({ other: sent, against });
  if (sent) return received<PlanDefinition>(sent, 'PlanDefinition');
  const { policies } = await deps.catalog.at(within);
  const canonical = against ?? policies.find((policy) => splitCanonical(policy.canonical).url === url)?.canonical;
  if (canonical === undefined)
    throw businessRule(`No version of ${url} is active: name what to compare with, as against or other`);
  const plans = (await currentOfType(deps.db, within, 'PlanDefinition')).map(
    (text): PlanDefinition => JSON.parse(text),
  );
  const held = plans.find((plan) => canonicalOf(plan) === canonical && plan.status !== 'draft');
  if (!held) throw businessRule(`against: ${canonical} is not a released policy that is held here`);
  return held;
}

function differencePart(difference: PolicyDifference, telling: Telling): ParametersParameter {
  const { kind, what, decides, action, before, after } = difference;
  return {
    name: 'difference',
    part: [
      { name: 'kind', valueCode: kind },
      { name: 'what', valueCode: what },
      { name: 'decides', valueBoolean: decides },
      ...(action === undefined ? [] : [{ name: 'action', valueString: action }]),
      ...(before ? [{ name: 'before', valueString: before }] : []),
      ...(after ? [{ name: 'after', valueString: after }] : []),
      { name: 'text', valueString: sentenceOf(difference, telling) },
    ],
  };
}
