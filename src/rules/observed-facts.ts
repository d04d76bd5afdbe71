import type { Observation, ObservationComponent } from '@medplum/fhirtypes';
import { CLINICAL_FACTS } from './resources/clinical-facts.ts';
import { SYSTEM } from './resources/codes.ts';

const KNOWN: ReadonlySet<string> = new Set(Object.keys(CLINICAL_FACTS));

/** Whether a component states a clinical fact: then it is no part of what was measured. One that measures something too is. */
export const isFact = ({ code, valueQuantity, valueRange, valueInteger, valueString }: ObservationComponent): boolean =>
  code?.coding?.some(({ system }) => system === SYSTEM.clinicalFact) === true &&
  [valueQuantity, valueRange, valueInteger, valueString].every((value) => value === undefined);

/** The clinical facts that an Observation states of its own result. One that is stated both ways, or without a boolean, is not known. */
export function factsOf({ component = [] }: Observation): { facts?: Readonly<Record<string, boolean>> } {
  const stated = new Map<string, boolean | undefined>();
  for (const part of component) {
    for (const { system, code = '' } of part.code?.coding ?? []) {
      if (system !== SYSTEM.clinicalFact || !KNOWN.has(code)) continue;
      const value = part.valueBoolean;
      stated.set(code, stated.has(code) && stated.get(code) !== value ? undefined : value);
    }
  }
  const facts = [...stated].flatMap(([code, value]): [string, boolean][] =>
    value === undefined ? [] : [[code, value]],
  );
  return facts.length === 0 ? {} : { facts: Object.fromEntries(facts.sort(([a], [b]) => (a < b ? -1 : 1))) };
}
