import type { CodeableConcept, Coding, Quantity, Range, Reference, UsageContext } from '@medplum/fhirtypes';
import type { CompareWords } from './compare-vocabulary.ts';
import { kindOf } from './policy/use-context.ts';

/** Whom a policy is meant for, in words: of which kind, and what. What this engine does not act on is called as it calls itself. */
export function contextWords(context: UsageContext, words: CompareWords): string {
  const value = valueWords(context, words);
  const kind = kindOf(context);
  return kind ? words.contextOf(kind, value) : `${context.code?.display ?? context.code?.code ?? ''}: ${value}`;
}

/** Source: HL7 FHIR R4 4.0.1, UsageContext.value[x]. */
function valueWords(
  { valueCodeableConcept, valueQuantity, valueRange, valueReference }: UsageContext,
  words: CompareWords,
): string {
  if (valueCodeableConcept) return conceptWords(valueCodeableConcept, words);
  if (valueQuantity) return quantityWords(valueQuantity);
  if (valueRange) return rangeWords(valueRange);
  return valueReference ? referenceWords(valueReference) : '–';
}

/** Its text and the codes that it is known by, one of which has to fit; without a text each code by its own name. */
function conceptWords({ text, coding = [] }: CodeableConcept, words: CompareWords): string {
  if (text === undefined) return words.oneOf(coding.map((one) => named(one.display, codeWords(one))));
  return named(text, words.oneOf(coding.map(codeWords).filter((code) => code !== '')));
}

/** A code of a system that has a short name is told with it, any other as search parameters have it. */
function codeWords({ system, code }: Coding): string {
  if (system === undefined || code === undefined) return code ?? '';
  const short = SHORT[system];
  return short === undefined ? `${system}|${code}` : `${short} ${code}`;
}

/** What code systems are called. Source: HL7 FHIR R4 4.0.1, terminologies-systems.html. */
const SHORT: Readonly<Record<string, string>> = {
  'http://snomed.info/sct': 'SNOMED CT',
  'http://loinc.org': 'LOINC',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'RxNorm',
  'http://www.whocc.no/atc': 'ATC',
  'http://hl7.org/fhir/sid/icd-10': 'ICD-10',
  'http://hl7.org/fhir/sid/icd-10-cm': 'ICD-10-CM',
};

const quantityWords = ({ comparator, value, unit, code }: Quantity): string =>
  `${comparator ?? ''}${value ?? ''} ${unit ?? code ?? ''}`.trim();

const rangeWords = ({ low, high }: Range): string =>
  `${low ? quantityWords(low) : ''} – ${high ? quantityWords(high) : ''}`.trim();

function referenceWords({ display, reference, identifier }: Reference): string {
  const { system, value } = identifier ?? {};
  const found =
    reference ?? (value === undefined ? '' : [system, value].filter((part) => part !== undefined).join('|'));
  return named(display, found);
}

/** What people call it, and behind that what it is known by. */
function named(name: string | undefined, known: string): string {
  if (name === undefined) return known;
  return known === '' ? name : `${name} (${known})`;
}
