/** Invariants of the R4 data types. Source: FHIR R4 (4.0.1), data types; the keys are the specification's. */
import { dateInterval } from '../dates.ts';
import { child, has, hasChoice, type Invariant, isNode, type Node, size, text } from './node.ts';

const UCUM = 'http://unitsofmeasure.org';
const ucumOnly = (node: Node): boolean =>
  (has(node, 'code') || !has(node, 'value')) && (!has(node, 'system') || node.system === UCUM);
const needs =
  (name: string, other: string): Invariant =>
  (node) =>
    !has(node, name) || has(node, other);
const notBoth =
  (name: string, other: string): Invariant =>
  (node) =>
    !has(node, name) || !has(node, other);
const exactlyOne =
  (name: string, other: string): Invariant =>
  (node) =>
    has(node, name) !== has(node, other);
const notNegative =
  (name: string): Invariant =>
  (node) =>
    typeof node[name] !== 'number' || node[name] >= 0;

/** An event time that meals already fix takes no offset. Source: FHIR R4, Timing, tim-9. */
const MEALS = new Set<unknown>(['C', 'CM', 'CD', 'CV']);

export const DATA_TYPES: Readonly<Record<string, Invariant>> = {
  'age-1': (node) => ucumOnly(node) && (typeof node.value !== 'number' || node.value > 0),
  'att-1': needs('data', 'contentType'),
  'cnt-3': (node) =>
    ucumOnly(node) &&
    (!has(node, 'code') || node.code === '1') &&
    (typeof node.value !== 'number' || Number.isInteger(node.value)),
  'cpt-2': needs('value', 'system'),
  'dis-1': ucumOnly,
  'drq-1': exactlyOne('path', 'searchParam'),
  'drq-2': exactlyOne('path', 'searchParam'),
  'drt-1': (node) => !has(node, 'code') || (node.system === UCUM && has(node, 'value')),
  'exp-1': (node) => has(node, 'expression') || has(node, 'reference'),
  'ext-1': (node) => has(node, 'extension') !== hasChoice(node, 'value'),
  'per-1': (node) => inOrder(node.start, node.end),
  'qty-3': needs('code', 'system'),
  'rat-1': (node) =>
    has(node, 'numerator') === has(node, 'denominator') && (has(node, 'numerator') || has(node, 'extension')),
  'rng-2': (node) => notAbove(child(node, 'low'), child(node, 'high')),
  'sqty-1': (node) => !has(node, 'comparator'),
  'tim-1': needs('duration', 'durationUnit'),
  'tim-2': needs('period', 'periodUnit'),
  'tim-4': notNegative('duration'),
  'tim-5': notNegative('period'),
  'tim-6': needs('periodMax', 'period'),
  'tim-7': needs('durationMax', 'duration'),
  'tim-8': needs('countMax', 'count'),
  'tim-9': (node) =>
    !has(node, 'offset') ||
    (size(node, 'when') > 0 && (!Array.isArray(node.when) || !node.when.some((w) => MEALS.has(w)))),
  'tim-10': notBoth('timeOfDay', 'when'),
  'trd-1': (node) => !has(node, 'data') || !hasChoice(node, 'timing'),
  'trd-2': needs('condition', 'data'),
  'trd-3': (node) => {
    const type = text(node, 'type') ?? '';
    if (type === 'named-event') return has(node, 'name');
    if (type === 'periodic') return hasChoice(node, 'timing');
    return !type.startsWith('data-') || has(node, 'data');
  },
};

/** start <= end, of two dates or date-times; undecided (and so no violation) where the precisions leave it open. */
export function inOrder(start: unknown, end: unknown): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return true;
  const from = dateInterval(start);
  const to = dateInterval(end);
  return from === undefined || to === undefined || from.start < to.end;
}

/** low <= high in the same unit. Other units need UCUM arithmetic and stay undecided here. */
function notAbove(low: Node | undefined, high: Node | undefined): boolean {
  if (!isNode(low) || !isNode(high)) return true;
  if (typeof low.value !== 'number' || typeof high.value !== 'number') return true;
  const sameUnit = low.system === high.system && low.code === high.code && (has(low, 'code') || low.unit === high.unit);
  return !sameUnit || low.value <= high.value;
}
