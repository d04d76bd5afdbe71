import { readFileSync } from 'node:fs';
import type { CodeSystem, Measure } from '@medplum/fhirtypes';
import t from 'tap';
import { addPatient, nothingOf } from '../../../src/rules/activity/activity.ts';
import { ACTIVITY_CODES, ACTIVITY_SYSTEM, MONITORING_ACTIVITY } from '../../../src/rules/activity/codes.ts';
import { totalReport } from '../../../src/rules/activity/measure-report.ts';
import { monthsBetween } from '../../../src/rules/activity/month.ts';
import { PARIS } from './builders.ts';

const read = <T>(file: string): T => JSON.parse(readFileSync(`profiles/${file}`, 'utf8'));

t.test('the CodeSystem has the codes that are written, each with its display and what it means', async (t) => {
  const { url, count, concept = [] } = read<CodeSystem>('CodeSystem-monitoring-activity.json');
  t.equal(url, ACTIVITY_SYSTEM);
  t.equal(count, concept.length);
  t.same(Object.fromEntries(concept.map(({ code, display }) => [code, display])), ACTIVITY_CODES);
  for (const { code, definition } of concept) t.ok(definition, code);
});

t.test('a report has the groups and populations that the Measure defines, in their order', async (t) => {
  const measure = read<Measure>('measures/Measure-monitoring-activity.json');
  t.equal(measure.url, MONITORING_ACTIVITY);
  const [month] = monthsBetween('2026-03', '2026-03', PARIS);
  if (!month) throw new Error('a month');
  const total = nothingOf(month);
  addPatient(total, { ...nothingOf(month), work: { ...nothingOf(month).work, hours: [1], serviceHours: [1] } });
  const codesOf = ({ group = [] }: Pick<Measure, 'group'> | ReturnType<typeof totalReport>) =>
    group.map(({ code, population = [] }) => [
      code?.coding?.[0]?.code,
      ...population.map((one) => one.code?.coding?.[0]?.code),
    ]);
  t.same(codesOf(totalReport(total, { zone: PARIS, now: month.end })), codesOf(measure));
});
