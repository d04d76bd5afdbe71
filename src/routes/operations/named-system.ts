import type { CodeSystem } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import { systemOf } from '../../fhir/terminology/concept.ts';
import type { Holdings } from '../../fhir/terminology/holdings.ts';
import { readSystem, type System } from '../../fhir/terminology.ts';
import { canonicalOf, holdingsOf, onlyOne, received, stored } from './held.ts';
import type { Call } from './operation.ts';

/**
 * The CodeSystem that is meant: the instance, one that came along, or that of a url (`url`, or `system` where the operation calls it
 * so), in `version` where the request names none. Throws 400 without any of them, 404 for one that is not held.
 */
export async function namedSystem(
  deps: Deps,
  call: Call,
  url = call.inputs.text('url'),
  version?: string,
): Promise<{ system: System; holdings: Holdings }> {
  const { inputs, id } = call;
  const holdings = await holdingsOf(deps, call);
  const sent = inputs.resource('codeSystem');
  onlyOne({ 'the instance': id, url, codeSystem: sent });
  if (sent) return { holdings, system: readSystem(received<CodeSystem>(sent, 'CodeSystem')) };
  if (id === undefined) {
    const parts = splitCanonical(canonicalOf(url ?? '', inputs.text('version') ?? version));
    return { holdings, system: systemOf(holdings, parts.url, parts.version) };
  }
  const resource = holdings.codeSystemById(id) ?? (await stored<CodeSystem>(deps, call, 'CodeSystem', id));
  const held = resource.url === undefined ? undefined : holdings.system(resource.url, resource.version);
  return { holdings, system: held?.resource === resource ? held : readSystem(resource) };
}
