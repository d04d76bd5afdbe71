import type { CodeableConcept } from '@medplum/fhirtypes';
import type { Unknown } from './finding.ts';

/** What one record says of what it codes: that it is so, that it is not, or neither. `codes` is empty where they cannot be read. */
export interface CodedRecord {
  codes: readonly string[];
  says: 'so' | 'not so' | 'perhaps';
}

/** What the records of a patient say of the codes of one kind. `codes` are those that are so, sorted; absent where nothing is known. */
export interface KnownCodes {
  codes?: readonly string[];
  unknown?: Unknown;
}

/**
 * Of which codes the records say yes, and of which others no. What is not in them is not so only where they are read whole, something is recorded
 * as so, and each record that may be of anything can be read: one whose code cannot be read may be of any code. `isCut`: there are more
 * records than were read.
 */
export function knownCodes(records: readonly CodedRecord[], { isCut = false } = {}): KnownCodes {
  const codesThat = (says: CodedRecord['says'], ...others: (readonly string[])[]): string[] => {
    const codes = records.filter((record) => record.says === says).flatMap((record) => record.codes);
    return [...new Set(codes)].filter((code) => !others.some((list) => list.includes(code))).sort();
  };
  const codes = codesThat('so');
  const perhaps = codesThat('perhaps', codes);
  const isOpen = isCut || codes.length === 0 || records.some(mayBeAnything);
  if (!isOpen) return { codes, ...(perhaps.length > 0 ? { unknown: { only: perhaps } } : {}) };
  // Among the records that were not read one may say otherwise.
  const allBut = isCut ? [] : codesThat('not so', codes, perhaps);
  return codes.length + allBut.length === 0 ? {} : { codes, unknown: { allBut } };
}

const mayBeAnything = ({ codes, says }: CodedRecord): boolean => codes.length === 0 && says !== 'not so';

/** Whether it is not known of a code that is in no list. */
export function isUnknown(code: string, unknown: Unknown | undefined): boolean {
  if (unknown === undefined) return false;
  return 'only' in unknown ? unknown.only.includes(code) : !unknown.allBut.includes(code);
}

/** The codes of a concept that can be compared, `system|code`: without a system nobody knows what a code stands for. */
export const readableCodes = (concept: CodeableConcept | undefined): string[] =>
  (concept?.coding ?? []).flatMap(({ system, code }) =>
    system && code && !UNKNOWN_SYSTEMS.has(system) && !UNKNOWN_CODES.has(`${system}|${code}`)
      ? [`${system}|${code}`]
      : [],
  );

/** Their codes say why there is no code. Source: HL7 Terminology, CodeSystems data-absent-reason and v3-NullFlavor. */
const UNKNOWN_SYSTEMS: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  'http://terminology.hl7.org/CodeSystem/v3-NullFlavor',
]);

/** Their meaning is that nothing is known. Source: HL7 International Patient Summary 1.1.0, CodeSystem absent-unknown-uv-ips. */
const UNKNOWN_CODES: ReadonlySet<string> = new Set(
  ['no-medication-info', 'no-problem-info'].map(
    (code) => `http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips|${code}`,
  ),
);
