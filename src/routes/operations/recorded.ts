import type { Observation } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { badRequest, notSupported } from '../../fhir/errors.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import { readText } from '../../fhir/text.ts';
import { create } from '../../save.ts';
import type { Inputs } from './input.ts';
import type { Call } from './operation.ts';

/** Who records something for the engine, and why: both are asked for, and both are kept. */
export const AUTHOR_INPUTS = { author: 'Reference', reason: 'string' } as const;

/** Performer and note of what a clinician records. Throws 400 without an author or a reason. */
export function authorOf(inputs: Inputs): Pick<Observation, 'performer' | 'note'> {
  const reference = inputs.reference('author');
  const text = inputs.text('reason')?.trim();
  if (reference === undefined) throw badRequest('author: expected a reference to who records this');
  if (!text) throw badRequest('reason: expected a text that says why');
  return { performer: [{ reference }], note: [{ text }] };
}

/** Stores an Observation as any client's is, with all that follows from it; gives its text. */
export async function record(deps: Deps, { within }: Call, observation: Observation): Promise<string> {
  const spec = resourceSpec('Observation');
  if (!spec) throw notSupported('Observation is not served');
  const saved = await create(deps, within, spec, readText(Buffer.from(JSON.stringify(observation))));
  return saved.content;
}
