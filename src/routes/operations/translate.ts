import type { ConceptMap } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import type { Holdings } from '../../fhir/terminology/holdings.ts';
import { mapOf, translate } from '../../fhir/terminology/translate.ts';
import { CODE_INPUTS, canonicalOf, codingsOf, holdingsOf, onlyOne, received, stored } from './held.ts';
import { addOperation, type Call, type Operation } from './operation.ts';

/** `ConceptMap/$translate`. Source: FHIR R4, operation ConceptMap-translate. */
export const translateOperation: Operation = {
  name: 'translate',
  scope: ['type', 'instance'],
  types: ['ConceptMap'],
  definition: 'http://hl7.org/fhir/OperationDefinition/ConceptMap-translate',
  affectsState: false,
  addRoute(app, deps) {
    const { display: _display, ...code } = CODE_INPUTS;
    const parameters = {
      url: 'uri',
      conceptMap: 'Resource',
      conceptMapVersion: 'string',
      ...code,
      source: 'uri',
      target: 'uri',
      targetsystem: 'uri',
      reverse: 'boolean',
    } as const;
    addOperation(app, translateOperation, { parameters }, async (call) => {
      const holdings = await holdingsOf(deps, call);
      const maps = await mapsOf(deps, holdings, call);
      const targetSystem = call.inputs.text('targetsystem');
      return translate(maps, holdings, {
        codings: codingsOf(call.inputs),
        reverse: call.inputs.truth('reverse') === true,
        ...(targetSystem === undefined ? {} : { targetSystem }),
      });
    });
  },
};

/** The maps that are asked: the instance, one that came along, that of `url`, or all between the value sets and systems that are named. */
async function mapsOf(deps: Deps, holdings: Holdings, call: Call): Promise<readonly ConceptMap[]> {
  const { inputs, id } = call;
  const url = inputs.text('url');
  const sent = inputs.resource('conceptMap');
  const [source, target] = [inputs.text('source'), inputs.text('target')];
  const between = id === undefined && url === undefined && sent === undefined;
  if (!between) onlyOne({ 'the instance': id, url, conceptMap: sent });
  if (id !== undefined)
    return [holdings.conceptMapById(id) ?? (await stored<ConceptMap>(deps, call, 'ConceptMap', id))];
  if (sent) return [received<ConceptMap>(sent, 'ConceptMap')];
  if (url !== undefined) {
    const canonical = canonicalOf(url, inputs.text('conceptMapVersion'));
    const map = mapOf(holdings, canonical);
    if (!map) throw new FhirError([fault('not-found', `The ConceptMap ${canonical} is not held here`)]);
    return [map];
  }
  if (source === undefined && target === undefined && !inputs.has('targetsystem')) {
    throw badRequest('Expected one of url, conceptMap, source, target, targetsystem to choose the maps by');
  }
  const maps = newestOf(holdings.conceptMaps).filter(
    (map) => names(map.sourceCanonical ?? map.sourceUri, source) && names(map.targetCanonical ?? map.targetUri, target),
  );
  if (maps.length === 0) {
    throw new FhirError([fault('not-found', 'No ConceptMap between these value sets is held here')]);
  }
  return maps;
}

/** Of several versions of one map the first, which is the newest in use. */
function newestOf(maps: readonly ConceptMap[]): ConceptMap[] {
  const seen = new Set<string>();
  return maps.filter(({ url }) => url === undefined || (!seen.has(url) && seen.add(url)));
}

const names = (canonical: string | undefined, wanted: string | undefined): boolean =>
  wanted === undefined ||
  (canonical !== undefined && (canonical === wanted || splitCanonical(canonical).url === wanted));
