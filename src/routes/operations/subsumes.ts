import { badRequest } from '../../fhir/errors.ts';
import { subsumption } from '../../fhir/terminology/subsumes.ts';
import { onlyOne } from './held.ts';
import type { Inputs } from './input.ts';
import { namedSystem } from './named-system.ts';
import { addOperation, type Operation } from './operation.ts';

/** `CodeSystem/$subsumes`. Source: FHIR R4, operation CodeSystem-subsumes. */
export const subsumesOperation: Operation = {
  name: 'subsumes',
  scope: ['type', 'instance'],
  types: ['CodeSystem'],
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes',
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      codeA: 'code',
      codeB: 'code',
      system: 'uri',
      version: 'string',
      codingA: 'Coding',
      codingB: 'Coding',
    } as const;
    addOperation(app, subsumesOperation, { parameters }, async (call) => {
      const [a, b] = [sideOf(call.inputs, 'A'), sideOf(call.inputs, 'B')];
      const urls = new Set([a.system, b.system, call.inputs.text('system')].filter((url) => url !== undefined));
      if (urls.size > 1) throw badRequest('Both codes must be of one CodeSystem');
      const [url] = urls;
      // An instance is the system, whatever its codings repeat.
      const { system } = await namedSystem(deps, call, call.id === undefined ? url : undefined);
      if (url !== undefined && system.url !== url)
        throw badRequest('The codes are of another CodeSystem than this one');
      return {
        resourceType: 'Parameters',
        parameter: [{ name: 'outcome', valueCode: subsumption(system, a.code, b.code) }],
      };
    });
  },
};

function sideOf(inputs: Inputs, side: 'A' | 'B'): { code: string; system?: string } {
  const code = inputs.text(`code${side}`);
  const coding = inputs.coding(`coding${side}`);
  onlyOne({ [`code${side}`]: code, [`coding${side}`]: coding });
  const given = code ?? coding?.code;
  if (given === undefined) throw badRequest(`coding${side}.code: expected a code`);
  return { code: given, ...(coding?.system === undefined ? {} : { system: coding.system }) };
}
