import { LOINC } from '../../../src/fhir/canonical.ts';
import type { ReviewedCodes } from '../../../src/rules/gradings/ctcae-codes.ts';
import { type Raw, TABLE } from './ctcae-by-hand.ts';

/** Every code of the table, as a site that had reviewed all of them would map them. */
export const ALL_CODES: ReviewedCodes = new Map(
  TABLE.entries.flatMap(({ inputs = [] }: Raw) => inputs.map(({ loinc }: Raw) => [`${LOINC}|${loinc}`, loinc])),
);
