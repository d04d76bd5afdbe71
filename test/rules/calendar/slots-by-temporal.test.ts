import t from 'tap';
import type { Cycle, Rule, Schedule, Unit, Window } from '../../../src/rules/calendar/schedule.ts';
import { dayIn, isWithin, slotAt, slotsFrom } from '../../../src/rules/calendar/slots.ts';
import { instantText } from '../../../src/rules/calendar/zone-clock.ts';
import { often } from '../../support/often.ts';
import { dayIn as dayByTemporal, slotAt as slotByTemporal, slotsFrom as slotsByTemporal } from './by-temporal/slots.ts';

/** Numbers from 0 to below 1, the same ones again for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** Zones whose clocks change in each half of the year, at midnight, by half an hour, in Ramadan, never, or have passed over a day (Apia, 30 December 2011). */
const ZONES = [
  'Europe/Paris',
  'Europe/Paris',
  'Europe/Dublin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Havana',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'Antarctica/Troll',
  'UTC',
  '+05:30',
];

/** About these days something happens in a calendar. */
const DAYS = [
  '2026-03-29',
  '2026-10-25',
  '2028-02-29',
  '2027-02-28',
  '2026-01-31',
  '2026-12-31',
  '2011-12-30',
  '2018-11-04',
  '2026-11-01',
  '2026-03-08',
  '2026-03-22',
  '2100-02-28',
  '1969-12-31',
];
const SHORT = ['PT30M', 'PT12H', 'P1D', 'P2D', 'P0D', 'PT0H', 'P1DT6H'];
const LONG = ['P6D', 'P1W', 'P1M', 'P1M', 'P1Y'];
const CLOCKS = ['00:00:00', '00:30:00', '02:00:00', '02:30:00', '03:00:00', '09:00:00', '18:45:30', '23:59:59'];

function aSchedule(random: () => number): Schedule {
  const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T; // never empty
  const some = <T>(all: readonly T[]): T[] => all.filter(() => random() < 0.3);
  const near = (): string => {
    const whole = random() < 0.4;
    const at = Date.parse(`${one(DAYS)}T00:00:00Z`) + Math.floor((random() - 0.5) * (whole ? 20 : 20 * 86_400_000));
    return new Date(at).toISOString();
  };
  const window: Window = {};
  const rule = aRule({ random, one, some });
  // Hours of a year are gone through one by one.
  const durations = rule.kind === 'cycle' && rule.unit === 'h' ? SHORT : [...SHORT, ...LONG];
  if (random() < 0.4) window.before = one(durations);
  if (random() < 0.5) window.length = one(durations);
  if (random() < 0.5) window.grace = one(durations);
  const anchor = near();
  const end = random() < 0.2 ? new Date(Date.parse(anchor) + random() * 4e9).toISOString() : undefined;
  return { zone: one(ZONES), anchor, ...(end === undefined ? {} : { end }), rule, window };
}

interface Choice {
  random: () => number;
  one: <T>(all: readonly T[]) => T;
  some: <T>(all: readonly T[]) => T[];
}

function aRule({ random, one, some }: Choice): Rule {
  const unit = one<Unit>(['h', 'd', 'd', 'wk', 'wk', 'wk', 'mo', 'a']);
  const days = unit === 'wk' && random() < 0.5 ? some([1, 2, 3, 4, 5, 6, 7]) : [];
  const at = unit !== 'h' && random() < 0.5 ? some(CLOCKS) : [];
  const rule: Cycle = {
    kind: 'cycle',
    unit,
    period: random() < 0.6 ? 1 : 1 + Math.floor(random() * 6),
    times: days.length || at.length ? Math.max(1, days.length) * Math.max(1, at.length) : one([1, 1, 2, 3, 7]),
  };
  if (days.length) rule.days = days;
  if (at.length) rule.at = at;
  if (random() < 0.2) rule.count = 1 + Math.floor(random() * 20);
  return rule;
}

t.test('slots are those that Temporal tells, whatever the schedule, the zone and the day', async (t) => {
  const random = chance(20261122);
  let slots = 0;
  const schedules = often(200);
  for (let n = 0; n < schedules; n += 1) {
    const schedule = aSchedule(random);
    const from = new Date(Date.parse(schedule.anchor) + Math.floor((random() - 0.2) * 3e10)).toISOString();
    const [ours, theirs] = [slotsFrom, slotsByTemporal].map((make) => {
      const found = [];
      for (const slot of make(schedule, from)) if (slot.due >= from && found.push(slot) === 12) break;
      return found;
    });
    slots += ours?.length ?? 0;
    const last = ours?.at(-1)?.start ?? from;
    for (const at of [from, last, new Date(Date.parse(last) - 1).toISOString()]) {
      if (JSON.stringify(slotAt(schedule, at)) === JSON.stringify(slotByTemporal(schedule, at))) continue;
      t.same(slotAt(schedule, at), slotByTemporal(schedule, at), `${JSON.stringify(schedule)} at ${at}`);
      return;
    }
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      t.same(ours, theirs, `${JSON.stringify(schedule)} from ${from}`);
      return;
    }
  }
  t.ok(slots > 7.5 * schedules, `${slots} slots were compared`);
});

t.test('the day of an instant is the one that Temporal tells', async (t) => {
  const random = chance(4);
  for (const day of DAYS) {
    const moments = ZONES.flatMap((zone) =>
      Array.from({ length: 12 }, () => {
        const at = Date.parse(`${day}T00:00:00Z`) + Math.floor((random() - 0.5) * 4 * 86_400_000);
        return { zone, at: new Date(at).toISOString() };
      }),
    );
    t.same(
      moments.map(({ zone, at }) => dayIn(zone, at)),
      moments.map(({ zone, at }) => dayByTemporal(zone, at)),
      day,
    );
  }
});

t.test('an instant is written as a Date writes it', async (t) => {
  const random = chance(7);
  const moments = Array.from({ length: 2000 }, () => Math.floor((random() - 0.3) * 1e13));
  t.same(
    moments.map(instantText),
    moments.map((at) => new Date(at).toISOString()),
  );
  t.throws(() => instantText(Number.NaN), RangeError);
});

t.test('a zone that nobody knows is said to be none', async (t) => {
  t.throws(() => dayIn('Europe/Atlantis', '2026-03-29T00:00:00.000Z'), RangeError);
});

t.test(
  'a slot tells itself which answers belong to it and are not too late, as all slots of the schedule tell it',
  async (t) => {
    const random = chance(20261123);
    let [within, without] = [0, 0];
    const schedules = often(400);
    for (let n = 0; n < schedules; n += 1) {
      const schedule = aSchedule(random);
      const from = new Date(Date.parse(schedule.anchor) + Math.floor((random() - 0.2) * 1e10)).toISOString();
      let found = 0;
      for (const slot of slotsFrom(schedule, from)) {
        found += 1;
        if (found > 4) break;
        const edges = [slot.open, slot.start, slot.close, slot.due, slot.next ?? slot.due].map((edge) =>
          Date.parse(edge),
        );
        for (const moment of edges.flatMap((edge) => [edge - 1, edge, edge + 1])) {
          const at = new Date(moment).toISOString();
          const holds = slotAt(schedule, at);
          const expected = holds?.start === slot.start && at <= holds.due;
          if (isWithin(slot, at) !== expected) {
            t.equal(isWithin(slot, at), expected, `${JSON.stringify(schedule)}: ${JSON.stringify(slot)} at ${at}`);
            return;
          }
          if (expected) within += 1;
          else without += 1;
        }
      }
    }
    t.ok(within > 2 * schedules && without > 2 * schedules, `${within} within, ${without} not`);
  },
);
