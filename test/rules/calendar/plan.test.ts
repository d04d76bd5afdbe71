import type { CarePlan, ServiceRequest } from '@medplum/fhirtypes';
import t from 'tap';
import {
  expectedSlots,
  NOTHING_EXPECTED,
  rewaited,
  slotOf,
  withPlan,
} from '../../../src/rules/calendar/expectations.ts';
import { type Plan, readPlan } from '../../../src/rules/calendar/plan.ts';
import { stayOf } from '../../../src/rules/calendar/stay.ts';
import { aPlan, MONDAYS, WEEKLY } from '../../support/plans.ts';

const WRITTEN = '2026-11-01T12:00:00.000Z';

const read = (plan: Plan) =>
  readPlan(plan, {
    zone: 'Europe/Paris',
    written: () => WRITTEN,
    formOf: (named) => (named.some((one) => one.startsWith(WEEKLY)) ? { url: WEEKLY, title: 'Weekly' } : undefined),
  });

const expressions = (plan: Plan): (string | undefined)[] => read(plan).issues.map(({ expression }) => expression);

const activity = (detail: object): CarePlan => ({
  ...aPlan('Patient/p'),
  activity: [{ detail: { status: 'scheduled', instantiatesCanonical: [WEEKLY], ...detail } }],
});

t.test('a part that names a form of ours at a time is read, whatever its version', async (t) => {
  t.match(read(aPlan('Patient/p', MONDAYS, { form: `${WEEKLY}|9` })).items, [
    { part: '0', form: WEEKLY, title: 'Weekly', standing: 'active', schedule: { anchor: WRITTEN } },
  ]);
  t.same(read(aPlan('Patient/p', MONDAYS, { form: 'https://elsewhere.example/form' })).items, []);
  t.same(read(activity({})).items, [], 'without a time nothing is expected at any time');
  t.same(read(activity({ scheduledTiming: MONDAYS, doNotPerform: true })).items, []);
  t.same(read({ ...aPlan('Patient/p'), intent: 'proposal' }).items, [], 'a proposal has not been asked for');
  t.same(read({ ...aPlan('Patient/p'), intent: 'option' }).items, []);
  t.equal(read({ ...aPlan('Patient/p'), intent: 'order' }).items.length, 1);
});

t.test('a part is named by its id, where that can be part of another', async (t) => {
  const plan = aPlan('Patient/p');
  const named = (id: string): CarePlan => ({ ...plan, activity: [{ ...plan.activity?.[0], id }] });
  t.equal(read(named('weekly')).items[0]?.part, 'weekly');
  t.equal(read(named('each ~ week')).items[0]?.part, '0');
  t.equal(read(named('7')).items[0]?.part, '0', 'an id that looks like a place is none of its own');
  const [part] = named('weekly').activity ?? [];
  if (!part) throw new Error('a part');
  const twice = read({ ...plan, activity: [part, part] });
  t.same(
    twice.items.map(({ part }) => part),
    ['0', '1'],
    'nor is one that two parts have',
  );
});

t.test('the standing is that of the plan or the part, whichever expects less', async (t) => {
  const standing = (status: CarePlan['status'], detail: string) =>
    read({ ...activity({ status: detail, scheduledTiming: MONDAYS }), status }).items[0]?.standing;
  t.equal(standing('active', 'in-progress'), 'active');
  t.equal(standing('active', 'on-hold'), 'hold');
  t.equal(standing('on-hold', 'scheduled'), 'hold');
  t.equal(standing('completed', 'scheduled'), 'ended');
  t.equal(standing('draft', 'scheduled'), 'ended', 'a draft expects nothing yet');
  t.equal(standing('active', 'cancelled'), 'ended');
  t.equal(standing('entered-in-error', 'scheduled'), 'never');
  t.equal(standing('active', 'no-such-status'), 'ended');
  t.equal(standing('unknown', 'scheduled'), 'active', 'what nobody knows is not taken for an end');
  t.equal(standing('active', 'unknown'), 'active');
  t.equal(standing('unknown', 'on-hold'), 'hold');
});

t.test('what cannot be read names its element; what is over is not read', async (t) => {
  const at = 'CarePlan.activity[0].detail';
  t.same(expressions(activity({ scheduledString: 'each Monday' })), [`${at}.scheduledString`]);
  t.same(expressions(activity({ scheduledPeriod: { start: '2026-11-02' } })), [`${at}.scheduledPeriod`]);
  t.same(expressions(activity({ scheduledTiming: { event: ['2026-11-02T08:00:00Z'] } })), [`${at}.scheduledTiming`]);
  t.same(expressions({ ...activity({ scheduledString: 'each Monday' }), status: 'completed' }), []);
  t.same(expressions(aPlan('Patient/p', MONDAYS, { window: { length: [0.5, 'd'] } })), [
    `${at}.extension[0].extension[0]`,
  ]);
  t.same(expressions(aPlan('Patient/p', MONDAYS, { window: { length: [2, 'fortnights'] } })), [
    `${at}.extension[0].extension[0]`,
  ]);
  t.same(expressions(aPlan('Patient/p', MONDAYS, { pauses: [{ start: '2026-11-03', end: '2026-11-02' }] })), [
    'CarePlan.extension[0]',
  ]);
});

t.test('the end is that of the plan or of the timing, whichever comes first', async (t) => {
  const end = (plan: string, bounds: string) =>
    read({
      ...aPlan('Patient/p', { repeat: { ...MONDAYS.repeat, boundsPeriod: { end: bounds } } }),
      period: { start: '2026-10-01', end: plan },
    }).items[0]?.schedule;
  t.match(end('2026-11-30', '2026-12-31'), { anchor: '2026-09-30T22:00:00.000Z', end: '2026-11-30T23:00:00.000Z' });
  t.match(end('2026-12-31', '2026-11-30'), { end: '2026-11-30T23:00:00.000Z' });
});

t.test('a request asks by reference or canonical; a proposal has not been asked for', async (t) => {
  const request: ServiceRequest = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/p' },
    occurrenceTiming: MONDAYS,
    extension: [
      {
        url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-servicerequest-questionnaire',
        valueCanonical: WEEKLY,
      },
    ],
  };
  t.match(read(request).items, [{ part: '0', form: WEEKLY }]);
  t.same(read({ ...request, intent: 'proposal' }).items, []);
});

t.test('slots of earlier times stay those of earlier times', async (t) => {
  const plan = { type: 'CarePlan', id: 'c', version: 1 } as const;
  const first = rewaited(
    NOTHING_EXPECTED,
    withPlan(NOTHING_EXPECTED, plan, read(aPlan('Patient/p')).items, WRITTEN),
    WRITTEN,
  );
  t.match(first.changed, [{ open: { start: '2026-11-02T08:00:00.000Z', due: '2026-11-09T08:00:00.000Z' } }]);
  const thursdays = read(aPlan('Patient/p', { repeat: { dayOfWeek: ['thu'], timeOfDay: ['09:00:00'] } })).items;
  const now = '2026-11-17T12:00:00.000Z';
  const changed = withPlan(first.expectations, { ...plan, version: 2 }, thursdays, now);
  const [item] = changed.items;
  if (!item) throw new Error('no item');
  const starts: string[] = [];
  for (const { slot, version } of expectedSlots(item, changed, WRITTEN)) {
    if (starts.push(`${slot.start.slice(5, 10)} v${version}`) === 5) break;
  }
  t.same(
    starts,
    ['11-02 v1', '11-09 v1', '11-12 v2', '11-19 v2', '11-26 v2'],
    'the Monday that had begun is the Thursday’s',
  );
  t.equal(slotOf(item, changed, '2026-11-04T12:00:00.000Z')?.version, 1);
  t.equal(slotOf(item, changed, '2026-11-20T12:00:00.000Z')?.version, 2);
  const same = withPlan(first.expectations, { ...plan, version: 2 }, read(aPlan('Patient/p')).items, now);
  t.same(same.items[0]?.spans, first.expectations.items[0]?.spans, 'a plan that says the same goes on');
});

t.test('an Encounter is a stay only with a bed, while the patient is there or once it has ended', async (t) => {
  const stay = (code: string, status: string, period?: { start?: string; end?: string }) =>
    stayOf(
      { resourceType: 'Encounter', class: { code }, status: status as 'finished', ...(period ? { period } : {}) },
      WRITTEN,
    );
  t.same(stay('IMP', 'in-progress'), { start: WRITTEN });
  t.same(stay('ACUTE', 'onleave', { start: '2026-11-01T08:00:00+01:00' }), { start: '2026-11-01T07:00:00.000Z' });
  t.same(stay('NONAC', 'finished', { start: '2026-11-01', end: '2026-11-02' }), {
    start: '2026-11-01T00:00:00.000Z',
    end: '2026-11-03T00:00:00.000Z',
  });
  t.equal(stay('IMP', 'finished', { start: '2026-11-01' }), undefined, 'nobody knows when it ended');
  t.equal(stay('IMP', 'planned', { start: '2026-11-01', end: '2026-11-02' }), undefined);
  t.equal(stay('IMP', 'cancelled', { start: '2026-11-01', end: '2026-11-02' }), undefined);
  t.equal(stay('AMB', 'in-progress'), undefined);
});

t.test('a part that asks for another form from now on is another one', async (t) => {
  const plan = { type: 'CarePlan', id: 'c', version: 1 } as const;
  const part = (form: string) => [{ ...read(aPlan('Patient/p')).items[0], form }] as ReturnType<typeof read>['items'];
  const first = withPlan(NOTHING_EXPECTED, plan, part('a'), WRITTEN);
  const second = withPlan(first, { ...plan, version: 2 }, part('b'), '2026-11-03T12:00:00.000Z');
  const third = withPlan(second, { ...plan, version: 3 }, part('b'), '2026-11-04T12:00:00.000Z');
  t.same(
    third.items.map((item) => [item.part, item.form, item.spans.map(({ until }) => until !== undefined)]),
    [
      ['0', 'a', [true]],
      ['0.2', 'b', [false]],
    ],
  );
  const wrong = withPlan(
    third,
    { ...plan, version: 4 },
    part('b').map((item) => ({ ...item, standing: 'never' as const })),
    WRITTEN,
  );
  t.same(
    wrong.items.map((item) => item.void),
    [true, true],
    'a plan entered in error was so with all that it ever asked for',
  );
});

t.test('a long pause is not gone through slot by slot; an end in the last year of the calendar is none', async (t) => {
  const hourly = { repeat: { period: 1, periodUnit: 'h' as const, boundsPeriod: { start: '1950-01-01' } } };
  const open = (pauses: { start: string; end?: string }[]) => {
    const { items } = read(aPlan('Patient/p', hourly, { pauses }));
    const after = withPlan(NOTHING_EXPECTED, { type: 'CarePlan', id: 'c', version: 1 }, items, WRITTEN);
    return rewaited(NOTHING_EXPECTED, after, WRITTEN).changed[0]?.open?.due;
  };
  t.match(open([]), /^2026-11-01T13:/, 'also of what began long ago');
  t.match(open([{ start: '2026-11-01', end: '3026-11-01' }]), /^3026-11-0/);
  t.equal(open([{ start: '2026-11-01', end: '9999-12-31' }]), undefined);
});
