import { badRequest } from '../../fhir/errors.ts';
import { systemOf } from '../../fhir/terminology/concept.ts';
import { type CodeQuestion, validateInCodeSystem, validateInValueSet } from '../../fhir/terminology/validate-code.ts';
import { CODE_INPUTS, codingsOf, holdingsOf, SET_INPUTS, setOf } from './held.ts';
import type { Inputs } from './input.ts';
import { namedSystem } from './named-system.ts';
import { addOperation, type Operation } from './operation.ts';

const HOW = { displayLanguage: 'code', abstract: 'boolean' } as const;

/** `ValueSet/$validate-code`. Source: FHIR R4, operation ValueSet-validate-code. */
export const validateCodeOperation: Operation = {
  name: 'validate-code',
  scope: ['type', 'instance'],
  types: ['ValueSet'],
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code',
  affectsState: false,
  addRoute(app, deps) {
    const { version, ...code } = CODE_INPUTS;
    const parameters = { ...SET_INPUTS, ...code, systemVersion: version, ...HOW } as const;
    addOperation(app, validateCodeOperation, { parameters }, async (call) => {
      const holdings = await holdingsOf(deps, call);
      const set = await setOf(deps, holdings, call);
      const wanted = call.inputs.text('systemVersion');
      const codings = codingsOf(call.inputs).map((coding) => (wanted ? { version: wanted, ...coding } : coding));
      const [coding] = codings;
      // Another version than what is held answers another question.
      if (wanted !== undefined && coding?.system !== undefined) systemOf(holdings, coding.system, wanted);
      return validateInValueSet(set, holdings, question(call.inputs, codings));
    });
  },
};

/** `CodeSystem/$validate-code`. Source: FHIR R4, operation CodeSystem-validate-code. */
export const validateCodeInSystemOperation: Operation = {
  name: 'validate-code',
  scope: ['type', 'instance'],
  types: ['CodeSystem'],
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code',
  affectsState: false,
  addRoute(app, deps) {
    const { system: _system, ...code } = CODE_INPUTS;
    const parameters = { url: 'uri', codeSystem: 'Resource', ...code, ...HOW } as const;
    addOperation(app, validateCodeInSystemOperation, { parameters }, async (call) => {
      const coding = call.inputs.coding('coding');
      const { system } = await namedSystem(deps, call, call.inputs.text('url'), coding?.version);
      if (system.url === '') throw badRequest('A CodeSystem without url has no codes that can be asked for');
      const codings = codingsOf(call.inputs, system.url);
      return validateInCodeSystem(system, question(call.inputs, codings));
    });
  },
};

const question = (inputs: Inputs, codings: CodeQuestion['codings']): CodeQuestion => {
  const displayLanguage = inputs.text('displayLanguage');
  return {
    codings,
    abstract: inputs.truth('abstract') === true,
    ...(displayLanguage === undefined ? {} : { displayLanguage }),
  };
};
