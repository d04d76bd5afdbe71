import type { Observation } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import { badRequest, businessRule } from '../../fhir/errors.ts';
import { isObserved } from '../../rules/observed.ts';
import { EXTENSION } from '../../rules/resources/codes.ts';
import { readResource } from '../../store/resources.ts';
import { onlyOne } from './held.ts';
import { addOperation, type Call, type Operation } from './operation.ts';
import { AUTHOR_INPUTS, authorOf, record } from './recorded.ts';

/**
 * `Patient/{id}/$set-baseline`: records the baseline of a patient, of a measured analyte (`code` of LOINC, `value`) or of a graded term
 * (`code` of our CodeSystem pro-ctcae or ctcae, `grade`), at a moment, with its author and the reason. It is an Observation that anybody
 * may read, amend or withdraw; reports after that moment are judged anew. Answers it.
 */
export const setBaselineOperation: Operation = {
  name: 'set-baseline',
  scope: ['instance'],
  types: ['Patient'],
  definition: `${CANONICAL}/OperationDefinition/patient-set-baseline`,
  affectsState: true,
  addRoute(app, deps) {
    const parameters = {
      code: 'Coding',
      value: 'Quantity',
      low: 'Quantity',
      high: 'Quantity',
      grade: 'integer',
      at: 'dateTime',
      ...AUTHOR_INPUTS,
    } as const;
    addOperation(app, setBaselineOperation, { parameters }, async (call) => {
      await readResource(deps.db, call.within, 'Patient', call.id ?? '');
      return record(deps, call, baselineOf(deps, call));
    });
  },
};

function baselineOf(deps: Deps, { inputs, id = '' }: Call): Observation {
  const coding = inputs.coding('code');
  if (!coding?.system || !coding.code) throw badRequest('code: expected a Coding with system and code');
  const value = inputs.quantity('value');
  const grade = inputs.whole('grade');
  onlyOne({ value, grade });
  const low = inputs.quantity('low');
  const high = inputs.quantity('high');
  const observation: Observation = {
    resourceType: 'Observation',
    extension: [{ url: EXTENSION.baselineReport, valueBoolean: true }],
    status: 'final',
    code: { coding: [coding] },
    subject: { reference: `Patient/${id}` },
    effectiveDateTime: inputs.text('at') ?? deps.now().toISOString(),
    ...authorOf(inputs),
    ...(value ? { valueQuantity: value } : { valueInteger: grade }),
    ...(low || high ? { referenceRange: [{ ...(low ? { low } : {}), ...(high ? { high } : {}) }] } : {}),
  };
  if (isObserved(observation, deps.labCodes)) return observation;
  throw businessRule(
    'code: expected a LOINC code that CTCAE is graded by, or a term of our CodeSystem pro-ctcae or ctcae (ctcae with its version, 5.0 or 6.0)',
    'code',
  );
}
