import type { SlotRef } from '../calendar/answers.ts';
import type { FoldState } from '../episode.ts';
import type { Finding, Monitored, Outcome, Report } from '../finding.ts';
import type { Grading } from './grading.ts';
import { DATA, monitoringFaults } from './monitoring-data.ts';

/** What is told of the reporting itself: reports that are missing or late, and how a response was answered. No form carries it. */
export const monitoring: Grading = {
  data: DATA,
  sources: DATA.source,
  faults: () => monitoringFaults(DATA),
  check: () => [],
  prepare: () => undefined,
};

export type MonitoringTerm = 'missing-report' | 'late-report' | 'implausibly-fast' | 'straight-lined';

/**
 * What a report says of the reporting, with the slots that were met before it, and those that are after it. The first response of a slot meets
 * it, in time or late; a further one meets nothing. A mark that nothing came counts where nothing has come up to its moment, whatever was known
 * when it was made: so the order of arrival has no part in it.
 */
export function reportingOf(
  report: Pick<Report, 'slots' | 'seconds' | 'findings'>,
  before: FoldState['met'],
): { findings: readonly Finding[]; met: FoldState['met'] } {
  const { slots, seconds } = report;
  if (!slots && seconds === undefined) return { findings: NONE, met: before };
  const open = (slots ?? []).filter(({ item, start }) => before?.[item] !== start);
  const answered = open.filter(({ missing }) => !missing);
  const met =
    answered.length === 0
      ? before
      : { ...before, ...Object.fromEntries(answered.map(({ item, start }) => [item, start])) };
  const isMark = slots?.some(({ missing }) => missing) === true;
  return { findings: [...perForm(open), ...(isMark ? [] : answering(report))], met };
}

const NONE: readonly Finding[] = [];

/** Terms that say the same of each form: of two plans that ask for one form the worse stands. */
function perForm(open: readonly SlotRef[]): Finding[] {
  return [...new Set(open.map(({ form }) => form))].flatMap((form) => {
    const slots = open.filter((slot) => slot.form === form);
    const first = slots.reduce((one, other) => (other.start < one.start ? other : one));
    const { title, start, day } = first;
    const about: Monitored = { form, ...(title === undefined ? {} : { title }), slot: start, day };
    if (slots.some(({ missing }) => missing)) return [finding('missing-report', graded(true), about)];
    return [
      finding('missing-report', graded(false), about),
      finding('late-report', graded(slots.some(({ late }) => late)), about),
    ];
  });
}

/** How a response was answered. How fast is implausible no source says: that is the policy's to choose. */
function answering({ findings, seconds }: Pick<Report, 'seconds' | 'findings'>): Finding[] {
  const scores = findings.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((answer) => (answer.state === 'answered' ? [answer.value] : [])),
  );
  const distinct = new Set(scores).size;
  const counts: Monitored =
    scores.length === 0 ? { items: 0 } : { items: scores.length, distinct, highest: Math.max(...scores) };
  return [
    ...(seconds === undefined ? [] : [finding('implausibly-fast', UNSETTLED, { seconds, ...counts })]),
    ...(scores.length < 2 ? [] : [finding('straight-lined', graded(distinct === 1), counts)]),
  ];
}

const graded = (is: boolean): Outcome => ({ kind: 'graded', grade: is ? 1 : 0 });

const UNSETTLED: Outcome = { kind: 'at-least', min: 0, max: 1, missing: ['threshold'] };

const finding = (term: MonitoringTerm, outcome: Outcome, monitored: Monitored): Finding => ({
  term,
  system: 'monitoring',
  version: DATA.version,
  kind: 'monitoring',
  outcome,
  attributes: {},
  monitored,
  dataQuality: [],
});
