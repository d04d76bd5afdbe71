/** The canonical base of everything that we define. The one place where it is written. */
export const CANONICAL = 'https://vigie.example/fhir';

/** NCI Thesaurus, as FHIR names it. Source: HL7 Terminology, external code systems. */
export const NCIT = 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl';

/** LOINC, as FHIR names it. Source: HL7 Terminology, external code systems. */
export const LOINC = 'http://loinc.org';

/** Our CodeSystem of PRO-CTCAE v1.0: item ids, term results (`PROCTCAE_<n>_COMP`), answers, opt-outs. */
export const PRO_CTCAE = `${CANONICAL}/CodeSystem/pro-ctcae`;

/** Tags that we set on resources. */
export const TAG = `${CANONICAL}/CodeSystem/tag`;

/** A canonical reference in its two parts: `url|version#fragment`. */
export function splitCanonical(canonical: string): { url: string; version?: string; fragment?: string } {
  const [head = '', fragment] = canonical.split('#', 2);
  const bar = head.lastIndexOf('|');
  const url = bar < 0 ? head : head.slice(0, bar);
  const version = bar < 0 ? undefined : head.slice(bar + 1);
  return { url, ...(version ? { version } : {}), ...(fragment ? { fragment } : {}) };
}
