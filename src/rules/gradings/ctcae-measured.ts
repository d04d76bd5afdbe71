import type { Observation, ObservationReferenceRange, Quantity } from '@medplum/fhirtypes';
import { UCUM } from '../../fhir/ucum.ts';
import type { SourceRef } from '../finding.ts';

/** An amount as it was received; without `unit` where it had no UCUM code. */
export interface MeasuredQuantity {
  value: number;
  /** UCUM code. */
  unit?: string;
  comparator?: '<' | '<=' | '>=' | '>';
  /** The other end of a range, in the same unit. */
  upTo?: number;
}

export interface MeasuredCoding {
  system?: string;
  code?: string;
}

/** A recorded baseline of the same analyte, with the limits of normal of that result. */
export interface RecordedBaseline extends MeasuredQuantity {
  at: string;
  source: SourceRef;
  low?: MeasuredQuantity;
  high?: MeasuredQuantity;
}

/** One result and what is known beside it: plain data, so that a grade depends on nothing else. */
export interface MeasuredInput {
  codings: readonly MeasuredCoding[];
  value?: MeasuredQuantity;
  /** There is a value, and no amount: a text, a code. */
  unclear?: true;
  /** Limits of normal of the same result. */
  low?: MeasuredQuantity;
  high?: MeasuredQuantity;
  /** Parts of a panel: the two blood pressures. */
  components?: readonly { codings: readonly MeasuredCoding[]; value?: MeasuredQuantity }[];
  /** Only `final`, `amended` and `corrected` results are graded. */
  status: string;
  /** The recorded baseline of an analyte, by any of its LOINC codes; of a panel, by the code of the part. Never a guess. */
  baseline?: (loincs: readonly string[]) => RecordedBaseline | undefined;
  /** Another result that belongs to the same moment, by any of its LOINC codes. */
  beside?: (loincs: readonly string[]) => (MeasuredQuantity & { loinc: string }) | undefined;
  /**
   * Clinical facts that somebody has stated, by the words of the table (`life_threatening`, `on_anticoagulation`, `symptomatic`, …) and
   * by `fasting`, `corrected` (for albumin), `resting`, `sustained`, `chronic`. What nobody has stated is left out: it is unknown.
   */
  facts?: Readonly<Record<string, boolean>>;
  /** Age of the patient when it was measured, in years. */
  ageYears?: number;
}

/** Statuses of results that are graded. Source: FHIR R4, ObservationStatus; a preliminary result awaits its final one. */
export const GRADED_STATUSES: readonly string[] = ['final', 'amended', 'corrected'];

/**
 * An Observation as ladders read it: numbers with their UCUM codes, and those limits of normal that are numbers and not contradicted by
 * another range of the same result. What the laboratory made of it (`interpretation`, ranges in words) is not read.
 */
export function measuredOf(observation: Observation): MeasuredInput {
  const { code, status, valueQuantity, referenceRange = [], component } = observation;
  const value = quantityOf(valueQuantity);
  const low = limitOf(referenceRange, 'low', valueQuantity);
  const high = limitOf(referenceRange, 'high', valueQuantity);
  return {
    codings: codingsOf(code),
    status: status ?? '',
    ...(value ? { value } : {}),
    ...(low ? { low } : {}),
    ...(high ? { high } : {}),
    ...(component
      ? {
          components: component.map((part) => {
            const partValue = quantityOf(part.valueQuantity);
            return { codings: codingsOf(part.code), ...(partValue ? { value: partValue } : {}) };
          }),
        }
      : {}),
  };
}

/** An amount with its UCUM code; undefined where there is no number. */
export function quantityOf(quantity: Quantity | undefined): MeasuredQuantity | undefined {
  if (quantity?.value === undefined) return undefined;
  const { value, system, code, comparator } = quantity;
  return {
    value,
    ...(system === UCUM && code ? { unit: code } : {}),
    ...(comparator ? { comparator } : {}),
  };
}

function codingsOf(concept: Observation['code'] | undefined): readonly MeasuredCoding[] {
  return (concept?.coding ?? []).map(({ system, code }) => ({
    ...(system ? { system } : {}),
    ...(code ? { code } : {}),
  }));
}

/** The one limit of normal that the ranges agree on; ranges of another kind (therapeutic, target…) are not limits of normal. */
function limitOf(
  ranges: readonly ObservationReferenceRange[],
  end: 'low' | 'high',
  value: Quantity | undefined,
): MeasuredQuantity | undefined {
  let found: MeasuredQuantity | undefined;
  for (const range of ranges) {
    const limit = isNormal(range) ? limitIn(range[end], value) : undefined;
    if (!limit) continue;
    if (found && (found.value !== limit.value || found.unit !== limit.unit)) return undefined;
    found = limit;
  }
  return found;
}

/** The unit is the limit's own; one that is written as that of the value is written is the same. */
function limitIn(limit: Quantity | undefined, value: Quantity | undefined): MeasuredQuantity | undefined {
  const quantity = quantityOf(limit);
  if (!quantity || !limit || quantity.unit) return quantity;
  const unit = quantityOf(value)?.unit;
  const same = limit.code === undefined && limit.unit !== undefined && limit.unit === value?.unit;
  return same && unit ? { ...quantity, unit } : quantity;
}

const RANGE_MEANING = 'http://terminology.hl7.org/CodeSystem/referencerange-meaning';

/** Source: FHIR R4, Observation.referenceRange.type: without a type it is the normal range. */
function isNormal({ type }: ObservationReferenceRange): boolean {
  const codings = type?.coding;
  if (!codings) return type?.text === undefined;
  return codings.some(({ system, code }) => system === RANGE_MEANING && code === 'normal');
}
