import type { RecordedCondition, RecordedTerm } from './decision-record.ts';
import { existenceOf, reasonText, type Wording } from './explain-comparison.ts';
import { logicOf, type Reason, reasonsOf, type Truth } from './explain-logic.ts';
import { existenceKind } from './explain-variables.ts';
import { type Comparison, comparisonsOf } from './policy/comparisons.ts';
import type { Policy } from './policy.ts';
import type { Context } from './policy-language.ts';

/** A condition of a policy with what it compares. */
export interface Threshold extends RecordedCondition {
  /** Absent where the policy is no longer held as it was. */
  expression?: string;
  comparisons: readonly Comparison[];
}

/** Each condition that was asked, taken apart into what it compares; without comparisons where its policy, or what it was told, is not at hand. */
export function thresholdsOf(
  { conditions }: RecordedTerm,
  policies: readonly Policy[],
  context: Context | undefined,
): readonly Threshold[] {
  return conditions.map((condition) => {
    const policy = policies.find(({ canonical }) => canonical === condition.policy);
    const expression = policy?.actions.find(({ id }) => id === condition.action)?.expression;
    if (expression === undefined) return { ...condition, comparisons: [] };
    return { ...condition, expression, comparisons: context ? comparisonsOf(expression, context) : [] };
  });
}

/**
 * What was met, what was not and what cannot be told, each threshold once with the actions that ask it: of a condition that is true what
 * made it so, of one that is false what kept it from being so. Conditions about other terms or kinds are left to the structured answer.
 */
export function thresholdText(thresholds: readonly Threshold[], wording: Wording): string[] {
  const { words } = wording;
  const told = thresholds.flatMap((threshold) =>
    toldOf(threshold).map((reason) => ({
      value: reason.value,
      text: reasonText(reason, wording),
      action: threshold.action,
    })),
  );
  const listed = (value: Truth): string => {
    const actions = new Map<string, Set<string>>();
    for (const { text, action } of told.filter((one) => one.value === value)) {
      actions.set(text, (actions.get(text) ?? new Set()).add(action));
    }
    return [...actions].map(([text, asking]) => words.of(text, [...asking].join(', '))).join(words.semicolon);
  };
  const [met, notMet, notKnown] = [listed(true), listed(false), listed('undecided')];
  return [
    ...(met ? [words.met(met)] : []),
    ...(notMet ? [words.notMet(notMet)] : []),
    ...(notKnown ? [words.notKnown(notKnown)] : []),
  ];
}

/** What is told of a condition: its reasons without what says which findings it is about, and what goes without saying only where nothing else is there. */
function toldOf(threshold: Threshold): readonly Reason[] {
  const reasons = reasonsBehind(threshold);
  const told = reasons.filter((one) => !isSubject(one) && !isElsewhere(one) && !isSaid(one, threshold.value, reasons));
  const plain = told.filter((one) => !isAside(one));
  return plain.length > 0 ? plain : told;
}

/** Of a condition that could not be asked, or whose evaluation failed, what cannot be told by itself. */
function reasonsBehind({ expression, comparisons, value }: Threshold): readonly Reason[] {
  const logic = expression === undefined ? undefined : logicOf(expression, comparisons);
  if (logic?.value === value) return reasonsOf(logic, isElsewhere);
  return value === 'undecided' ? comparisons.flatMap(unknown) : [];
}

const unknown = (comparison: Comparison): Reason[] =>
  comparison.value === 'undecided' ? [{ comparison, negated: false, value: 'undecided' }] : [];

/** Which findings a condition is about: no threshold. */
const SUBJECTS = new Set(['%finding.system', '%finding.version', '%finding.term', '%finding.kind', '%finding.loinc']);
/** What stands before a threshold to say when it is one. */
const PREMISES = new Set(['%finding.outcome', '%finding.unit']);

const comparesOneOf = ({ comparison: { operands } }: Reason, names: ReadonlySet<string>): boolean =>
  operands.length === 2 &&
  operands.some(
    ({ parts: [part], parts }) => parts.length === 1 && typeof part === 'object' && names.has(part.mention),
  );

const isSubject = (reason: Reason): boolean => comparesOneOf(reason, SUBJECTS);

/** The finding is none of those that the condition is about. */
const isElsewhere = (reason: Reason): boolean =>
  reason.value === false && (isSubject(reason) || comparesOneOf(reason, PREMISES));

/** That there is a previous report, or that something is known, is no threshold by itself; that there is none, or that it is not, may decide. */
function isAside(reason: Reason): boolean {
  if (comparesOneOf(reason, PREMISES)) return true;
  const { mention, there } = existenceOf(reason.comparison) ?? { mention: '', there: false };
  return there && (reason.value === true || existenceKind(mention, there) !== 'there');
}

/** What cannot be told only for want of what the same condition says is not there. */
function isSaid({ comparison, value }: Reason, whole: Truth, reasons: readonly Reason[]): boolean {
  if (value !== 'undecided' || whole === 'undecided') return false;
  const absent = reasons.flatMap((one) => {
    const existence = existenceOf(one.comparison);
    return existence && !existence.there ? [existence.mention] : [];
  });
  const missing = comparison.operands.flatMap(({ parts }) =>
    parts.flatMap((part) => (typeof part === 'object' && part.value === undefined ? [part.mention] : [])),
  );
  return (
    missing.length > 0 &&
    missing.every((mention) => absent.some((one) => mention === one || mention.startsWith(`${one}.`)))
  );
}
