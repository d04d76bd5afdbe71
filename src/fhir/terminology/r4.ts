import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import { splitCanonical } from '../canonical.ts';
import { published } from '../profile/published.ts';
import { buildTerminology, type Definitions, NO_TERMINOLOGY, type Terminology } from '../terminology.ts';

/**
 * The value sets and code systems that R4 itself publishes and that elements of the types served are bound to, by `url` or `url|4.0.1`. Of a code
 * system only the codes that these value sets name are known, so it is a fragment. Read at the first question.
 * Source: FHIR R4 (4.0.1), valuesets, v2-tables and v3-codesystems.
 */
export const R4: Definitions = {
  codeSystem: (canonical) => found(data().codeSystems, canonical),
  valueSet: (canonical) => found(data().valueSets, canonical),
};

function r4Terminology(): Terminology {
  terminology ??= buildTerminology([], [], NO_TERMINOLOGY, R4);
  return terminology;
}

let terminology: Terminology | undefined;

/** The value sets that are held, and beyond them those of R4. */
export const withR4 = ({ expand, concept }: Terminology): Terminology => ({
  expand: (valueSet) => expand(valueSet) ?? r4Terminology().expand(valueSet),
  concept,
});

interface Data {
  codeSystems: ReadonlyMap<string, CodeSystem>;
  valueSets: ReadonlyMap<string, ValueSet>;
}

const VERSION = '4.0.1';
/** Code systems that HL7 defines itself; of LOINC or SNOMED CT a few codes are as good as none. */
const OWN = /^http:\/\/(?:hl7\.org\/fhir|terminology\.hl7\.org)\//;

function found<R>(held: ReadonlyMap<string, R>, canonical: string): R | undefined {
  const { url, version = VERSION } = splitCanonical(canonical);
  return version === VERSION ? held.get(url) : undefined;
}

let read: Data | undefined;

function data(): Data {
  if (read) return read;
  const valueSets = new Map<string, ValueSet>();
  const codes = new Map<string, Set<string>>();
  for (const [url, systems] of published().valueSets) {
    const include = Object.entries(systems).map(([system, members]) => ({
      system,
      concept: members.map((code) => ({ code })),
    }));
    valueSets.set(url, { resourceType: 'ValueSet', url, version: VERSION, status: 'active', compose: { include } });
    for (const [system, members] of Object.entries(systems)) {
      if (!OWN.test(system)) continue;
      const known = codes.get(system) ?? new Set();
      for (const code of members) known.add(code);
      codes.set(system, known);
    }
  }
  const codeSystems = new Map<string, CodeSystem>();
  for (const [url, known] of codes) {
    const concept = [...known].map((code) => ({ code }));
    codeSystems.set(url, {
      resourceType: 'CodeSystem',
      url,
      version: VERSION,
      status: 'active',
      content: 'fragment',
      concept,
    });
  }
  read = { codeSystems, valueSets };
  return read;
}
