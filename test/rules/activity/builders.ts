import type { Expectations, ExpectedItem } from '../../../src/rules/calendar/expectations.ts';
import type { Cycle, Schedule } from '../../../src/rules/calendar/schedule.ts';

export const PARIS = 'Europe/Paris';
export const FORM = 'https://hospital.example/Questionnaire/weekly';

/** Every Monday at nine in Paris, from the second of March 2026 on. */
export const WEEKLY: Schedule = {
  zone: PARIS,
  anchor: '2026-03-02T08:00:00.000Z',
  rule: { kind: 'cycle', unit: 'wk', period: 1, times: 1 } satisfies Cycle,
  window: {},
};

/** A part of a plan that was written when it began. */
export const item = (schedule: Schedule, extra: Partial<ExpectedItem> = {}): ExpectedItem => ({
  type: 'CarePlan',
  id: 'plan',
  part: '0',
  form: FORM,
  spans: [{ from: schedule.anchor, version: 1, schedule }],
  pauses: [],
  holds: [],
  ...extra,
});

export const expecting = (items: readonly ExpectedItem[], stays: Expectations['stays'] = {}): Expectations => ({
  items,
  stays,
});

export const NOBODY_EXPECTS = expecting([]);
