import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import { fault, type Issue, type IssueCode } from '../errors.ts';

/** The beginning of the canonicals of HL7's own definitions. */
export const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/** Gives a definition that is held, or undefined. */
export type FindDefinition = (canonical: string) => StructureDefinition | undefined;

/** Profiles of profiles; longer chains are cycles. */
const MOST_BASES = 20;

/** What one definition says. */
export interface LayerOf {
  elements: readonly ElementDefinition[];
  where: string;
}

/** Element definitions in the order in which they are applied, the base's first. */
export function layersOf(
  definition: StructureDefinition,
  find: FindDefinition,
): { layers: LayerOf[] } | { faults: Issue[] } {
  const layers: LayerOf[] = [];
  const seen: StructureDefinition[] = [];
  for (let at: StructureDefinition = definition; ; ) {
    const refuse = (code: IssueCode, message: string, place: string): { faults: Issue[] } => ({
      faults: [fault(code, `${at === definition ? '' : `${at.url}: `}${message}`, `StructureDefinition.${place}`)],
    });
    if (seen.includes(at) || seen.length > MOST_BASES)
      return refuse('business-rule', 'the profile rests on itself', 'baseDefinition');
    seen.push(at);
    if (at.type !== definition.type)
      return refuse('business-rule', `it is a profile of ${safe(at.type ?? '')}, another type`, 'baseDefinition');
    const base = at.baseDefinition;
    const isCore = base === `${CORE}${definition.type}`;
    const next = isCore || base === undefined ? undefined : find(base);
    if (at.differential && (isCore || next)) {
      layers.unshift({ elements: at.differential.element, where: 'StructureDefinition.differential' });
    } else if (at.snapshot) {
      layers.unshift({ elements: at.snapshot.element, where: 'StructureDefinition.snapshot' });
      return { layers };
    } else if (base === undefined) {
      return refuse('required', 'expected baseDefinition, the type or profile that it constrains', 'baseDefinition');
    } else if (!isCore && !next) {
      return refuse(
        'not-found',
        'its baseDefinition is not held here and it has no snapshot: create the base first, or send the snapshot',
        'baseDefinition',
      );
    } else {
      return refuse('required', 'expected a differential or a snapshot', 'differential');
    }
    if (!next) return { layers };
    at = next;
  }
}

/** A name as it may be repeated to a client. */
export const safe = (name: string): string => (/^[\w[\]-]{1,60}$/.test(name) ? name : 'that name');
