import type { Basic, Extension } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Tick } from '../finding.ts';
import { timeOf } from '../policy/ask-again.ts';
import { EXTENSION } from './codes.ts';

/** Our CodeSystem of what a moment is. */
export const MOMENT = `${CANONICAL}/CodeSystem/moment`;

/** Displays of CodeSystem `moment`. */
const DISPLAYS: Readonly<Record<Tick['why'], string>> = {
  'snooze-ended': 'Expected level ended',
  'ask-again': 'Asked again',
};

/**
 * The Basic that stands for a moment at which a term was asked again: what Provenance and Flags of what time did refer to. `created` is its day in
 * UTC; the moment itself is in the extension. Source: HL7 FHIR R4 4.0.1, Basic.
 */
export function momentResource({
  tick,
  at,
  patient,
  device,
}: {
  tick: Tick;
  at: string;
  patient: string;
  device: string;
}): Basic {
  const { term, why, since, after } = tick;
  const parts: Extension[] = [
    { url: 'term', valueString: term },
    { url: 'at', valueInstant: at },
    { url: 'since', valueInstant: since },
  ];
  if (after !== undefined) {
    const { value, unit } = timeOf(after);
    parts.push({ url: 'after', valueDuration: { value, unit, system: 'http://unitsofmeasure.org', code: unit } });
  }
  return {
    resourceType: 'Basic',
    extension: [{ url: EXTENSION.moment, extension: parts }],
    code: { coding: [{ system: MOMENT, code: why, display: DISPLAYS[why] }] },
    subject: { reference: patient },
    created: at.slice(0, 10),
    author: { reference: device },
  };
}

/** The moment that a resource stands for; undefined for any other Basic. */
export function momentOf({ code, extension }: Basic): { tick: Tick; at: string } | undefined {
  const why = code.coding?.find(({ system }) => system === MOMENT)?.code;
  const parts = extension?.find(({ url }) => url === EXTENSION.moment)?.extension;
  const part = (url: string): Extension | undefined => parts?.find((one) => one.url === url);
  const [term, at, since] = [part('term')?.valueString, part('at')?.valueInstant, part('since')?.valueInstant];
  const { value, code: unit } = part('after')?.valueDuration ?? {};
  if ((why !== 'snooze-ended' && why !== 'ask-again') || term === undefined || at === undefined || since === undefined)
    return undefined;
  return { tick: { term, why, since, ...(value === undefined ? {} : { after: `${value} ${unit}` }) }, at };
}
