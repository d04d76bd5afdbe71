import { gunzipSync } from 'node:zlib';
import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import { splitCanonical } from '../canonical.ts';
import { R4_TERMINOLOGY } from '../generated/r4-terminology.js';
import { buildTerminology, type Definitions, NO_TERMINOLOGY, type Terminology } from '../terminology.ts';

/**
 * The value sets and code systems that R4 itself publishes, by `url` or `url|version`. Unpacked at the first question, and each read when it is
 * asked for. Source: FHIR R4 (4.0.1), valuesets, v2-tables and v3-codesystems.
 */
export const R4: Definitions = {
  codeSystem: (canonical) => found('CodeSystem', canonical) as CodeSystem | undefined,
  valueSet: (canonical) => found('ValueSet', canonical) as ValueSet | undefined,
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

interface Packed {
  version: string;
  from: number;
  to: number;
  resource?: CodeSystem | ValueSet;
}

function found(type: string, canonical: string): CodeSystem | ValueSet | undefined {
  const { url, version } = splitCanonical(canonical);
  const { bytes, index } = unpacked();
  const packed = index.get(`${type} ${url}`);
  if (!packed || (version !== undefined && version !== packed.version && version !== VERSION)) return undefined;
  packed.resource ??= JSON.parse(bytes.toString('utf8', packed.from, packed.to)) as CodeSystem | ValueSet;
  return packed.resource;
}

/** Of the specification; v2 tables and v3 code systems have versions of their own. */
const VERSION = '4.0.1';

let read: { bytes: Buffer; index: ReadonlyMap<string, Packed> } | undefined;

/** Bytes outside of the heap, and where in them each resource stands. */
function unpacked(): NonNullable<typeof read> {
  if (read) return read;
  const bytes = gunzipSync(Buffer.from(R4_TERMINOLOGY, 'base64'));
  const index = new Map<string, Packed>();
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf('\n', at);
    const to = newline < 0 ? bytes.length : newline;
    const one = bytes.indexOf('\t', at);
    const two = bytes.indexOf('\t', one + 1);
    const from = bytes.indexOf('\t', two + 1) + 1;
    const key = `${bytes.toString('utf8', at, one)} ${bytes.toString('utf8', one + 1, two)}`;
    index.set(key, { version: bytes.toString('utf8', two + 1, from - 1), from, to });
    at = to + 1;
  }
  read = { bytes, index };
  return read;
}
