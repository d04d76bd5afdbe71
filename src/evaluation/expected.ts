import type { Deps } from '../deps.ts';
import { movedOn } from '../rules/calendar/answers.ts';
import { type ExpectedItem, itemKey, readExpectations, unsettled } from '../rules/calendar/expectations.ts';
import type { Finding, Report } from '../rules/finding.ts';
import { reportingOf } from '../rules/gradings/monitoring.ts';
import type { DueChange } from '../store/due.ts';
import type { Evaluating, Said } from './evaluating.ts';
import type { StoredReport } from './stored-report.ts';

/** The kind of what is due of an item of a plan. */
export const SLOT_DUE = 'slot';

/** What is due of an item needs to know. */
export interface SlotDue {
  /** `itemKey`. */
  item: string;
}

/** What a write does to the expectations of its patient. */
export interface Waits {
  /** JSON text; absent where they stay as they are. */
  expected?: string;
  due: DueChange[];
}

/** Whose data it is, as rows of what is due name them. */
type Place = Pick<Evaluating, 'patient'> & { context: Pick<Evaluating['context'], 'shard'> };

/** The row of what is due of an item: at once where something of its past has changed, else at the end of its open slot; none where nothing is waited for. */
export function slotDue(item: ExpectedItem, { patient, context: { shard } }: Place): DueChange {
  const content: SlotDue = { item: itemKey(item) };
  const id = `slot/${content.item}`;
  const at = item.unsettled ?? item.open?.due;
  if (at === undefined) return { shard, id, at: null };
  return { shard, id, at, patient, kind: SLOT_DUE, content: JSON.stringify(content) };
}

/**
 * What an evaluated response does to the slots that are waited for: it meets its own, and the next one is waited for; where an earlier version of it met
 * another, or it is withdrawn, all is gone through anew.
 */
export function waitingAfter(
  deps: Pick<Deps, 'now'>,
  input: Evaluating,
  { before, report }: { before: StoredReport | undefined; report: StoredReport | undefined },
): Waits {
  const met = slotsMet(report);
  const lost = slotsMet(before).filter(
    (ref) => !met.some(({ item, start }) => item === ref.item && start === ref.start),
  );
  if (met.length === 0 && lost.length === 0) return { due: [] };
  const known = readExpectations(input.context.expected);
  const moved = report && movedOn(known, met, report.report.at);
  const again = unsettled(
    moved?.expectations ?? known,
    new Set(lost.map(({ item }) => item)),
    deps.now().toISOString(),
  );
  const expectations = again?.expectations ?? moved?.expectations;
  if (!expectations) return { due: [] };
  const changed = new Map([...(moved?.moved ?? []), ...(again?.changed ?? [])].map((item) => [itemKey(item), item]));
  return { expected: JSON.stringify(expectations), due: [...changed.values()].map((item) => slotDue(item, input)) };
}

const slotsMet = (stored: StoredReport | undefined) => stored?.report.slots?.filter(({ missing }) => !missing) ?? [];

/** What is said, with all that the report could say of the reporting: facts are asked for of it too. */
export function withReporting(
  said: Said,
  report: Pick<Report, 'slots' | 'seconds'>,
): { findings: readonly Finding[]; measured?: Said['measured'] } {
  const { findings } = reportingOf({ ...report, findings: said.findings }, undefined);
  return findings.length === 0 ? said : { ...said, findings: [...said.findings, ...findings] };
}
