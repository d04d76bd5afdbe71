import { randomUUID } from 'node:crypto';
import { type Expansion, expandValueSet } from '../../fhir/terminology/expand.ts';
import { holdingsOf, SET_INPUTS, setOf } from './held.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

/** `ValueSet/$expand`, of one that is stored, named by url, or sent along. Source: FHIR R4, operation ValueSet-expand. */
export const expandOperation: Operation = {
  name: 'expand',
  scope: ['type', 'instance'],
  types: ['ValueSet'],
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-expand',
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, expandOperation, { parameters: EXPAND_INPUTS }, async (call) => {
      const holdings = await holdingsOf(deps, call);
      return expandValueSet(await setOf(deps, holdings, call), holdings, askedFor(call.inputs), {
        identifier: `urn:uuid:${randomUUID()}`,
        timestamp: deps.now().toISOString(),
      });
    });
  },
};

/** Expansions here are flat, and hold neither post-coordinated codes nor those that only group others, so three of these change nothing. */
const EXPAND_INPUTS = {
  ...SET_INPUTS,
  filter: 'string',
  offset: 'integer',
  count: 'integer',
  includeDesignations: 'boolean',
  includeDefinition: 'boolean',
  activeOnly: 'boolean',
  excludeNested: 'boolean',
  excludeNotForUI: 'boolean',
  excludePostCoordinated: 'boolean',
  displayLanguage: 'code',
  'exclude-system': 'uri*',
} as const;

function askedFor(inputs: Inputs): Expansion {
  const texts = { filter: inputs.text('filter'), displayLanguage: inputs.text('displayLanguage') };
  const numbers = { offset: inputs.whole('offset'), count: inputs.whole('count') };
  const flags = {
    includeDesignations: inputs.truth('includeDesignations'),
    includeDefinition: inputs.truth('includeDefinition'),
    activeOnly: inputs.truth('activeOnly'),
  };
  return { ...texts, ...numbers, ...flags, excludeSystems: inputs.texts('exclude-system') };
}
