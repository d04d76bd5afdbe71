import t from 'tap';
import { type ActivityFacts, activityOf, addPatient, nothingOf } from '../../../src/rules/activity/activity.ts';
import { CSV_COLUMNS, cellText, csvHeader, csvLine } from '../../../src/rules/activity/csv.ts';
import { patientReport, totalReport } from '../../../src/rules/activity/measure-report.ts';
import { monthsBetween } from '../../../src/rules/activity/month.ts';
import type { WorkDone } from '../../../src/rules/activity/work.ts';
import { DEFAULT_SITE } from '../../../src/rules/site.ts';
import { faults } from '../resources/r4.ts';
import { FORM, NOBODY_EXPECTS, PARIS } from './builders.ts';

const NOW = '2026-05-01T00:00:00.000Z';
const MONTHS = monthsBetween('2026-03', '2026-04', PARIS);
const AROUND = { site: DEFAULT_SITE, now: NOW };

const work = (hours: number): WorkDone => ({
  opened: '2026-03-02T08:00:00.000Z',
  acted: new Date(Date.parse('2026-03-02T08:00:00.000Z') + hours * 3_600_000).toISOString(),
  endedUnseen: false,
  isOpen: true,
  overdue: false,
  escalated: false,
});

const facts = (extra: Partial<ActivityFacts> = {}): ActivityFacts => ({
  patient: 'p1',
  identifiers: ['https://hospital.example/id|A,"1"'],
  expectations: NOBODY_EXPECTS,
  responses: [{ id: 'r1', at: '2026-03-02T09:00:00.000Z', form: FORM }],
  work: [],
  ...extra,
});

const cells: [name: string, cell: string | number | undefined, text: string][] = [
  ['a plain text', 'Patient/p1', 'Patient/p1'],
  ['a number', 0, '0'],
  ['nothing is empty, and not 0', undefined, ''],
  ['a comma is quoted', 'a,b', '"a,b"'],
  ['a quote is doubled', 'say "no"', '"say ""no"""'],
  ['a line end is quoted', 'a\r\nb', '"a\r\nb"'],
  ['a formula stays a text', '=1+1', "'=1+1"],
  ['also with a comma', '=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
  ['a plus', '+33', "'+33"],
  ['a minus', '-1', "'-1"],
  ['an at', '@SUM(A1)', "'@SUM(A1)"],
  ['a tab', '\t=1', "'\t=1"],
  ['a carriage return', '\r=1', `"'\r=1"`],
  ['a sign further on is none', 'a=1', 'a=1'],
  ['a number below 0 is no formula', -1, '-1'],
  ['nor after a semicolon, where some spreadsheets begin a cell', 'a;=1;+2;b', "a;'=1;'+2;b"],
];

for (const [name, cell, text] of cells) {
  t.test(name, async (t) => {
    t.equal(cellText(cell), text);
  });
}

t.test('a line has a cell for each column, and ends as RFC 4180 says', async (t) => {
  const [activity] = activityOf(facts({ work: [work(2), work(0.5)] }), MONTHS, AROUND);
  if (!activity) throw new Error('a month');
  t.equal(csvHeader(), `${CSV_COLUMNS.join(',')}\r\n`);
  t.equal(new Set(CSV_COLUMNS).size, CSV_COLUMNS.length);
  t.equal(
    csvLine(activity, PARIS),
    'Patient/p1,"https://hospital.example/id|A,""1""",2026-03,Europe/Paris,30,first-report,' +
      '0,0,0,0,0,0,1,1,2,2,0,0,0,2,1.25,2,1.25,2,0,0,0,0,0,0,0\r\n',
  );
});

t.test('a month of which there is nothing to tell is left out, and none is told that has not begun', async (t) => {
  t.same(activityOf(facts({ responses: [] }), MONTHS, AROUND), []);
  const months = (now: string) => activityOf(facts(), MONTHS, { ...AROUND, now }).map(({ month }) => month.name);
  t.same(months(NOW), ['2026-03', '2026-04']);
  t.same(months('2026-03-31T22:00:00.000Z'), ['2026-03', '2026-04']);
  t.same(months('2026-03-31T21:59:59.999Z'), ['2026-03']);
});

t.test('MeasureReports are valid, and say no time that nobody told', async (t) => {
  const [activity] = activityOf(facts(), MONTHS, AROUND);
  if (!activity) throw new Error('a month');
  const report = patientReport(activity, { zone: PARIS, now: NOW });
  t.same(faults(report), []);
  t.match(report, {
    type: 'individual',
    measure: 'https://vigie.example/fhir/Measure/monitoring-activity',
    subject: { reference: 'Patient/p1' },
    date: NOW,
    period: { start: '2026-03-01T00:00:00.000+01:00', end: '2026-03-31T23:59:59.999+02:00' },
  });
  const codes = report.group?.map(({ code }) => code?.coding?.[0]?.code);
  t.same(codes, ['reports', 'days-under-monitoring', 'work-items', 'outcomes']);
});

t.test('all patients together are their sums, and the times of all of them', async (t) => {
  const [month] = MONTHS;
  if (!month) throw new Error('a month');
  const total = nothingOf(month);
  for (const hours of [[1], [4, 2]]) {
    const [activity] = activityOf(facts({ work: hours.map(work) }), [month], AROUND);
    if (activity) addPatient(total, activity);
  }
  t.match(total, { patients: 2, days: 60, reports: { received: 2, extra: 2 }, work: { opened: 3, hours: [1, 4, 2] } });
  const report = totalReport(total, { zone: PARIS, now: NOW });
  t.same(faults(report), []);
  const scores = Object.fromEntries(
    (report.group ?? []).map(({ code, measureScore }) => [code?.coding?.[0]?.code, measureScore?.value]),
  );
  t.match(scores, { 'days-under-monitoring': 60, 'time-median': 2, 'time-longest': 4 });
  t.notOk('subject' in report);
});
