import type { Coding } from '@medplum/fhirtypes';
import { badRequest } from '../../fhir/errors.ts';
import { lookUp } from '../../fhir/terminology/lookup.ts';
import { onlyOne } from './held.ts';
import type { Inputs } from './input.ts';
import { namedSystem } from './named-system.ts';
import { addOperation, type Operation } from './operation.ts';

/** `CodeSystem/$lookup`. Source: FHIR R4, operation CodeSystem-lookup. */
export const lookupOperation: Operation = {
  name: 'lookup',
  scope: ['type'],
  types: ['CodeSystem'],
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup',
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      code: 'code',
      system: 'uri',
      version: 'string',
      coding: 'Coding',
      displayLanguage: 'code',
      property: 'code*',
    } as const;
    addOperation(app, lookupOperation, { parameters }, async (call) => {
      const { code, url } = askedFor(call.inputs);
      const { system } = await namedSystem(deps, call, url);
      const displayLanguage = call.inputs.text('displayLanguage');
      return lookUp(system, code, {
        properties: call.inputs.texts('property'),
        ...(displayLanguage === undefined ? {} : { displayLanguage }),
      });
    });
  },
};

function askedFor(inputs: Inputs): { code: string; url: string } {
  const text = inputs.text('code');
  const coding = inputs.coding('coding');
  onlyOne({ code: text, coding });
  const given: Coding = coding ?? { code: text, system: inputs.text('system') };
  const version = coding?.version;
  if (given.code === undefined || given.system === undefined) throw badRequest('Expected a code and its system');
  return { code: given.code, url: version === undefined ? given.system : `${given.system}|${version}` };
}
