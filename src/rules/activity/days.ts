import type { Expectations, ExpectedItem } from '../calendar/expectations.ts';
import type { Schedule } from '../calendar/schedule.ts';
import { slotsFrom } from '../calendar/slots.ts';
import type { Month } from './month.ts';

/** What tells whether a patient is followed: a plan that expects reports, or that a first report has come; none where neither is there. */
export type Basis = 'plan' | 'first-report' | 'none';

/** What days are counted by. UTC instants. */
export interface Followed {
  expectations: Expectations;
  /** Of the first report ever. */
  firstReport?: string;
  /** Death: the first moment after it, or after its day. No later day counts. */
  until?: string;
}

export function basisOf({ expectations, firstReport }: Followed): Basis {
  if (expectations.items.some(isPlan)) return 'plan';
  return firstReport === undefined ? 'none' : 'first-report';
}

/**
 * The days of a month, up to `now`, of which some moment was under monitoring: a plan was active and neither paused nor the patient in hospital; of a
 * patient who never had a plan from the first report on.
 */
export function daysFollowed(followed: Followed, { days }: Month, now: string): number {
  // Now is a moment of its day.
  const over = Math.min(Date.parse(now) + 1, millis(followed.until, Number.POSITIVE_INFINITY));
  const stretches = stretchesOf(followed).map(([from, to]): Stretch => [from, Math.min(to, over)]);
  return days.filter(([start, end]) => stretches.some(([from, to]) => from < to && from < end && to > start)).length;
}

type Stretch = readonly [from: number, to: number];

const isPlan = ({ void: isVoid, spans }: ExpectedItem): boolean => !isVoid && spans.length > 0;

function stretchesOf(followed: Followed): Stretch[] {
  const { expectations, firstReport } = followed;
  switch (basisOf(followed)) {
    case 'none':
      return [];
    case 'first-report':
      return [[millis(firstReport, 0), Number.POSITIVE_INFINITY]];
    case 'plan':
      return expectations.items.filter(isPlan).flatMap((item) => ofItem(item, expectations));
  }
}

function ofItem(item: ExpectedItem, { stays }: Expectations): Stretch[] {
  const pauses = [...Object.values(stays), ...item.pauses, ...item.holds].map(
    ({ start, end }): Stretch => [Date.parse(start), millis(end, Number.POSITIVE_INFINITY)],
  );
  const active = item.spans.map(({ from, until, schedule }, place): Stretch => {
    // The first plan says itself when it began; one that replaces another holds from when it does.
    const begins = Math.max(Date.parse(schedule.anchor), place === 0 ? 0 : Date.parse(from));
    return [begins, Math.min(millis(until, Number.POSITIVE_INFINITY), endOf(schedule))];
  });
  return pauses.reduce<Stretch[]>((left, pause) => left.flatMap((stretch) => without(stretch, pause)), active);
}

/** When a plan is over: at its end, or with the last of so many slots. */
function endOf(schedule: Schedule): number {
  const { rule, anchor, end } = schedule;
  const limit = millis(end, Number.POSITIVE_INFINITY);
  if (rule.kind === 'cycle' && rule.count === undefined) return limit;
  let last = Number.NEGATIVE_INFINITY;
  for (const { close } of slotsFrom(schedule, anchor)) last = Math.max(last, Date.parse(close));
  return Math.min(limit, last);
}

function without([from, to]: Stretch, [begins, ends]: Stretch): Stretch[] {
  if (begins >= to || ends <= from) return [[from, to]];
  const before: Stretch = [from, begins];
  const after: Stretch = [ends, to];
  return [before, after].filter(([start, end]) => start < end);
}

const millis = (at: string | undefined, otherwise: number): number => (at === undefined ? otherwise : Date.parse(at));
