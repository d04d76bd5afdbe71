import type { DataQuality, MissingFact, Outcome } from '../finding.ts';
import type { Ladder, Table, UnitTables } from './ctcae-ladder.ts';
import type { Scenario, Scenarios } from './ctcae-scenarios.ts';
import type { Known } from './ladder-condition.ts';
import { ANY, compare, scaled } from './ladder-range.ts';

/** What climbing came to. */
export interface Climbed {
  outcome: Outcome;
  dataQuality: readonly DataQuality[];
}

/** The grades that one scenario leaves open. */
interface Span {
  min: number;
  max: number;
  /** Whether the table says nothing of such a result, or may say nothing. */
  outside: boolean | undefined;
  causes: ReadonlySet<MissingFact>;
  met: boolean;
}

/**
 * Grades by ladder, the highest step first, over every scenario that what is missing leaves open: one grade for all of them is the
 * grade, several are a range, and nothing known is no grade. `laboratory`: a stated clinical fact raises a laboratory grade only
 * where the value itself is outside its limits.
 */
export function climb(ladder: Ladder, set: UnitTables, scenarios: Scenarios, stated: boolean): Climbed {
  if (scenarios.list.length === 0) return notGradable('needs-clinician', ['clinical-fact'], ['needs-clinician']);
  const plain = spanOf(ladder, set, scenarios, 'none');
  const mayRaise = ladder.entry.kind !== 'lab' || plain.max > 0;
  const span = stated && mayRaise ? spanOf(ladder, set, scenarios, 'stated') : plain;
  if (span.outside !== false && span.max === 0) {
    const missing: MissingFact[] = span.outside ? ['clinical-fact'] : [...span.causes];
    return notGradable(span.outside ? 'needs-clinician' : reasonOf(missing), missing, qualityOf(missing, true));
  }
  const missing = [...span.causes].sort((one, other) => FACTS.indexOf(one) - FACTS.indexOf(other));
  const higher = span.max > 0 && spanOf(ladder, set, scenarios, 'possible').max > span.max;
  const looked = higher || needsReview(ladder, set, scenarios, span);
  const dataQuality = qualityOf(missing, looked);
  if (span.min === span.max) {
    return { outcome: { kind: 'graded', grade: span.min }, dataQuality: qualityOf([], looked) };
  }
  if (span.min === 0 && !span.met && span.max >= spanOf(ladder, set, blind(scenarios), 'none').max) {
    return notGradable(reasonOf(missing), missing, dataQuality);
  }
  return { outcome: { kind: 'at-least', min: span.min, max: span.max, missing }, dataQuality };
}

/** The same scenarios without any number: what they leave open is everything. */
const blind = ({ list, cause }: Scenarios): Scenarios => ({
  list: list.map((scenario) => ({
    ...scenario,
    known: { ...scenario.known, value: ANY, baseline: ANY, low: ANY, high: ANY, roles: {} },
  })),
  cause,
});

/** In the order in which they are named. */
const FACTS: readonly MissingFact[] = ['value', 'upper-limit', 'lower-limit', 'baseline', 'clinical-fact'];

function notGradable(
  reason: 'needs-clinician' | 'limit-missing' | 'baseline-missing' | 'no-value',
  missing: readonly MissingFact[],
  dataQuality: readonly DataQuality[],
): Climbed {
  return { outcome: { kind: 'not-gradable', reason, missing }, dataQuality };
}

function reasonOf(
  missing: readonly MissingFact[],
): 'needs-clinician' | 'limit-missing' | 'baseline-missing' | 'no-value' {
  if (missing.includes('upper-limit') || missing.includes('lower-limit')) return 'limit-missing';
  if (missing.includes('baseline')) return 'baseline-missing';
  return missing.includes('value') ? 'no-value' : 'needs-clinician';
}

function qualityOf(missing: readonly MissingFact[], clinician: boolean): readonly DataQuality[] {
  const quality: DataQuality[] = [];
  if (missing.includes('upper-limit') || missing.includes('lower-limit')) quality.push('limit-missing');
  if (missing.includes('baseline')) quality.push('baseline-missing');
  if (clinician || missing.includes('clinical-fact')) quality.push('needs-clinician');
  return quality;
}

/** What all scenarios together leave open. */
function spanOf(ladder: Ladder, set: UnitTables, { list, cause }: Scenarios, raise: Known['raise']): Span {
  const spans = list.map((scenario) => spanIn(ladder, set, scenario, raise));
  const causes = new Set(spans.flatMap(({ causes }) => [...causes]));
  const [first] = spans;
  if (spans.some(({ min, max, outside }) => min !== first?.min || max !== first?.max || outside !== first?.outside)) {
    causes.add(cause);
  }
  const outsides = spans.map(({ outside }) => outside);
  const every = outsides.every((outside) => outside === true);
  return {
    min: Math.min(...spans.map(({ min }) => min)),
    max: Math.max(...spans.map(({ max }) => max)),
    outside: every ? true : outsides.some((outside) => outside !== false) ? undefined : false,
    causes,
    met: spans.some(({ met }) => met),
  };
}

function spanIn(ladder: Ladder, set: UnitTables, scenario: Scenario, raise: Known['raise']): Span {
  const table = set.tables.get(scenario.table);
  if (scenario.absent || !table) return { min: 0, max: 0, outside: false, causes: new Set(), met: false };
  const span = climbOne(ladder, table, scenario.known, raise);
  const known: Known = { ...scenario.known, raise: 'none', causes: new Set(), met: false };
  if (table.outside) {
    const outside = table.outside(known);
    if (outside === true) return { ...span, min: 0, max: 0, outside };
    if (outside === undefined) return { ...span, min: 0, outside };
  }
  if (scenario.random && span.min === 0) {
    const above = compare(known.value, '>', known.high);
    const lowest = Math.min(...table.steps.map(({ grade }) => grade));
    if (above === undefined) span.causes.add('upper-limit');
    // Fasting, it would have had one of the grades that only a fasting value is given.
    if (above !== false && span.max === 0) return { ...span, outside: above };
    if (above !== false) return { ...span, max: Math.max(span.max, lowest - 1), outside: undefined };
  }
  return span;
}

/** One table, from the top: undecided steps above the first that holds stay open. */
function climbOne(
  { entry, version }: Ladder,
  { steps }: Table,
  known: Known,
  raise: Known['raise'],
): Span & { causes: Set<MissingFact> } {
  const { maxGradeFromDataAlone: cap } = entry;
  const causes = new Set<MissingFact>();
  let max: number | undefined;
  let met = false;
  const now: Known = { ...known, raise, causes: new Set(), met: false };
  for (const { grade, test } of steps) {
    now.causes.clear();
    now.met = false;
    let holds = test(now);
    if (holds === true && isNewOnly(entry, version, grade) && known.baseline.lo !== known.baseline.hi) {
      holds = undefined;
      now.causes.add('baseline');
    }
    met ||= now.met;
    if (holds === true) {
      if (grade > cap && raise !== 'possible' && byNumber(test, known)) {
        // The number reaches further than data alone may say: so much is certain, the rest is for a clinician.
        causes.add('clinical-fact');
        return { min: cap, max: max ?? grade, outside: false, causes, met };
      }
      return { min: grade, max: max ?? grade, outside: false, causes, met };
    }
    if (holds === undefined) {
      if (grade > cap && raise !== 'possible' && needsPerson(test, known)) continue;
      max ??= grade;
      for (const cause of now.causes) causes.add(cause);
    }
  }
  return { min: 0, max: max ?? 0, outside: false, causes, met };
}

/** Whether a step holds although nobody has stated anything. */
function byNumber(test: (known: Known) => boolean | undefined, known: Known): boolean {
  return test({ ...known, raise: 'none', fact: () => undefined, causes: new Set(), met: false }) === true;
}

/** Whether an undecided step would need a clinical fact that nobody has stated, whatever the numbers are. */
function needsPerson(test: (known: Known) => boolean | undefined, known: Known): boolean {
  const fact = (name: string) => known.fact(name) ?? false;
  return test({ ...known, raise: 'none', fact, causes: new Set(), met: false }) === false;
}

function isNewOnly({ reading }: Ladder['entry'], version: string, grade: number): boolean {
  return reading?.kind === 'new' && reading.version === version && reading.grade === grade;
}

/** Where the wording of a step is ambiguous from some value on, a person looks. */
function needsReview({ entry, version }: Ladder, set: UnitTables, { list }: Scenarios, span: Span): boolean {
  const { reading } = entry;
  if (reading?.kind !== 'review' || reading.version !== version || span.max !== reading.grade) return false;
  const { above } = reading;
  return list.some(
    ({ table, known }) =>
      table === reading.table &&
      set.tables.has(table) &&
      above !== undefined &&
      compare(known.value, '>', scaled(known.high, above.multiple)) !== false,
  );
}
