import { OUTCOMES } from '../work/codes.ts';
import { longestOf, medianOf, type PatientActivity } from './activity.ts';
import { hundredths } from './measure-report.ts';

type Cell = string | number | undefined;

/** Every column: its name, and what it holds. A time that nobody told is empty, and not 0. */
const COLUMNS: readonly (readonly [name: string, of: (activity: PatientActivity, zone: string) => Cell])[] = [
  ['patient', ({ patient }) => `Patient/${patient}`],
  ['identifiers', ({ identifiers }) => identifiers.join(' ')],
  ['month', ({ month }) => month.name],
  ['time_zone', (_, zone) => zone],
  ['days_under_monitoring', ({ days }) => days],
  ['days_counted_by', ({ basis }) => (basis.plan > 0 ? 'plan' : basis['first-report'] > 0 ? 'first-report' : '')],
  ['reports_expected', ({ reports }) => reports.expected],
  ['reports_met', ({ reports }) => reports.met],
  ['reports_late', ({ reports }) => reports.late],
  ['reports_missing', ({ reports }) => reports.missing],
  ['reports_waiting', ({ reports }) => reports.waiting],
  ['reports_paused', ({ reports }) => reports.paused],
  ['reports_received', ({ reports }) => reports.received],
  ['reports_extra', ({ reports }) => reports.extra],
  ['work_items_opened', ({ work }) => work.opened],
  ['work_items_acknowledged', ({ work }) => work.acknowledged],
  ['work_items_overdue', ({ work }) => work.overdue],
  ['work_items_escalated', ({ work }) => work.escalated],
  ['work_items_ended_unseen', ({ work }) => work.endedUnseen],
  ['work_items_still_open', ({ work }) => work.stillOpen],
  ['hours_to_acknowledgement_median', ({ work }) => rounded(medianOf(work.hours))],
  ['hours_to_acknowledgement_longest', ({ work }) => rounded(longestOf(work.hours))],
  ['service_hours_to_acknowledgement_median', ({ work }) => rounded(medianOf(work.serviceHours))],
  ['service_hours_to_acknowledgement_longest', ({ work }) => rounded(longestOf(work.serviceHours))],
  ...OUTCOMES.map(
    (code) => [`outcome_${code.replaceAll('-', '_')}`, ({ work }: PatientActivity) => work.outcomes[code]] as const,
  ),
];

/** The names of the columns. */
export const CSV_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** The line of names, with its end. Source: RFC 4180, section 2. */
export const csvHeader = (): string => line(CSV_COLUMNS);

/** The line of one patient's month, with its end. Source: RFC 4180, section 2. */
export const csvLine = (activity: PatientActivity, zone: string): string =>
  line(COLUMNS.map(([, of]) => of(activity, zone)));

const rounded = (hours: number | undefined): number | undefined =>
  hours === undefined ? undefined : hundredths(hours);

const line = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`;

/**
 * One cell. A text that a spreadsheet would take for a formula is preceded by an apostrophe, which keeps it a text.
 * Source: RFC 4180, section 2; OWASP, CSV Injection.
 */
export function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  // Where a comma is the decimal sign, as in France, spreadsheets begin a new cell after a semicolon.
  const text = cell.replaceAll(/(^|;)(?=[=+\-@\t\r\n＝＋－＠])/g, "$1'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
