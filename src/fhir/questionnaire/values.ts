import type { Attachment, Coding, Quantity, Reference } from '@medplum/fhirtypes';
import { compareIntervals, dateInterval, timeOfDay } from '../dates.ts';

/** What answers, options, initial values and extensions have in common: one `value[x]`. */
export interface Valued {
  valueBoolean?: boolean;
  valueDecimal?: number;
  valueInteger?: number;
  valueDate?: string;
  valueDateTime?: string;
  valueTime?: string;
  valueString?: string;
  valueUri?: string;
  valueAttachment?: Attachment;
  valueCoding?: Coding;
  valueQuantity?: Quantity;
  valueReference?: Reference;
}

export type Kind = keyof Valued;

/** Every type that an answer may have. Source: FHIR R4, QuestionnaireResponse.item.answer.value[x]. */
export const KINDS: readonly Kind[] = [
  'valueInteger',
  'valueCoding',
  'valueString',
  'valueBoolean',
  'valueDecimal',
  'valueDate',
  'valueDateTime',
  'valueTime',
  'valueUri',
  'valueQuantity',
  'valueReference',
  'valueAttachment',
];

/** Which `value[x]` it has, if any. */
export function kindOf(valued: Valued): Kind | undefined {
  for (const kind of KINDS) if (valued[kind] !== undefined) return kind;
  return undefined;
}

/**
 * A text that two values share exactly when they are equal: codes by system and code, numbers whether integer or
 * decimal, dates by the stretch of time they mean, quantities by number and unit. Undefined where equality cannot be
 * said (attachments, a code without a code, a quantity with a comparator).
 */
export function keyOf(valued: Valued): string | undefined {
  if (valued.valueCoding !== undefined) return codingKey(valued.valueCoding.system, valued.valueCoding.code);
  const number = valued.valueInteger ?? valued.valueDecimal;
  if (number !== undefined) return `number|${number}`;
  const text = valued.valueString ?? valued.valueUri;
  if (text !== undefined) return `text|${text}`;
  if (valued.valueBoolean !== undefined) return `boolean|${valued.valueBoolean}`;
  const date = valued.valueDate ?? valued.valueDateTime;
  if (date !== undefined) {
    const interval = dateInterval(date);
    return interval && `date|${interval.start}|${interval.end}`;
  }
  if (valued.valueTime !== undefined) return `time|${timeOfDay(valued.valueTime) ?? valued.valueTime}`;
  if (valued.valueQuantity !== undefined) {
    const { value, comparator } = valued.valueQuantity;
    return value === undefined || comparator ? undefined : `quantity|${value}|${unitOf(valued.valueQuantity)}`;
  }
  return valued.valueReference?.reference === undefined ? undefined : `reference|${valued.valueReference.reference}`;
}

/** Codes are the same when system and code are; version and display do not count. */
export const codingKey = (system: string | undefined, code: string | undefined): string | undefined =>
  code === undefined ? undefined : `coding|${system ?? ''}|${code}`;

/** The unit as code if it has one, else as it is written. */
export const unitOf = ({ system, code, unit }: Quantity): string =>
  code === undefined ? `unit|${unit ?? ''}` : `code|${system ?? ''}|${code}`;

/** Whether a value equals `bound`; undefined where nothing could. Codes and numbers are compared without building keys. */
export function equalTo(bound: Valued): ((valued: Valued) => boolean) | undefined {
  const key = keyOf(bound);
  if (key === undefined) return undefined;
  if (bound.valueCoding !== undefined) {
    const { system, code } = bound.valueCoding;
    return ({ valueCoding: given }) => given !== undefined && given.code === code && given.system === system;
  }
  const number = bound.valueInteger ?? bound.valueDecimal;
  if (number !== undefined) return (valued) => (valued.valueInteger ?? valued.valueDecimal) === number;
  return (valued) => keyOf(valued) === key;
}

/** Whether a value equals one of these, decided by a look-up. */
export function among(list: readonly Valued[]): (valued: Valued) => boolean {
  const codes = new Map<string | undefined, Set<string>>();
  const keys = new Set<string>();
  for (const valued of list) {
    const key = keyOf(valued);
    if (key !== undefined) keys.add(key);
    if (valued.valueCoding?.code === undefined) continue;
    const { system, code } = valued.valueCoding;
    codes.set(system, (codes.get(system) ?? new Set()).add(code));
  }
  return (valued) => {
    const coding = valued.valueCoding;
    if (coding !== undefined) return coding.code !== undefined && codes.get(coding.system)?.has(coding.code) === true;
    const key = keyOf(valued);
    return key !== undefined && keys.has(key);
  };
}

/**
 * How a value lies to `bound`: below (-1), equal (0), above (1), or undefined where that cannot be said: another type,
 * another unit, dates of which one contains the other, types without an order.
 */
export function comparerTo(bound: Valued): (valued: Valued) => -1 | 0 | 1 | undefined {
  const number = bound.valueInteger ?? bound.valueDecimal;
  if (number !== undefined) return (valued) => order(valued.valueInteger ?? valued.valueDecimal, number);
  const date = bound.valueDate ?? bound.valueDateTime;
  if (date !== undefined) {
    const interval = dateInterval(date);
    return (valued) => {
      const text = valued.valueDate ?? valued.valueDateTime;
      const other = text === undefined ? undefined : dateInterval(text);
      return interval && other && compareIntervals(other, interval);
    };
  }
  if (bound.valueTime !== undefined) {
    const time = timeOfDay(bound.valueTime);
    return ({ valueTime }) => order(valueTime === undefined ? undefined : timeOfDay(valueTime), time);
  }
  const text = bound.valueString ?? bound.valueUri;
  if (text !== undefined) return (valued) => order(valued.valueString ?? valued.valueUri, text);
  const quantity = bound.valueQuantity;
  if (quantity !== undefined) {
    const unit = unitOf(quantity);
    return ({ valueQuantity: other }) =>
      other && !other.comparator && !quantity.comparator && unitOf(other) === unit
        ? order(other.value, quantity.value)
        : undefined;
  }
  return () => undefined;
}

/** Types whose values have an order. */
export const ORDERED: ReadonlySet<Kind> = new Set<Kind>([
  'valueInteger',
  'valueDecimal',
  'valueDate',
  'valueDateTime',
  'valueTime',
  'valueString',
  'valueUri',
  'valueQuantity',
]);

function order<T extends number | string>(a: T | undefined, b: T | undefined): -1 | 0 | 1 | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}
