import type { PlanItem, Stretch } from './plan.ts';
import type { Schedule, Slot } from './schedule.ts';
import { slotAt, slotsFrom } from './slots.ts';

/** What is expected of a patient: kept with the patient's state, and written by what changes a plan or meets a slot. */
export interface Expectations {
  items: readonly ExpectedItem[];
  /** Stays in hospital, by the id of the Encounter. */
  stays: Readonly<Record<string, Stretch>>;
}

/** One part of one plan. */
export interface ExpectedItem {
  type: PlanType;
  /** Of the plan. */
  id: string;
  /** Names it among those of the plan. */
  part: string;
  /** The part of the plan, where that named another form before: then that one has its name. */
  place?: string;
  /** Canonical of the form, without its version. */
  form: string;
  /** Of the form, when the plan was written. */
  title?: string;
  /** When the plan first asked for it, UTC instant, where that was before its form came: what says no beginning begins then. */
  written?: string;
  /** The plan was entered in error: nothing was ever expected by it. */
  void?: true;
  /** What was expected when: the last one still is, where it has no end. */
  spans: readonly Span[];
  /** Of the plan itself. */
  pauses: readonly Stretch[];
  /** While it was on hold. */
  holds: readonly Stretch[];
  /** The slot that is waited for: the moment at which it is looked at is what is due. */
  open?: { start: string; due: string };
  /** Since this UTC instant all that was expected by it is to be gone through anew: something of its past has changed. */
  unsettled?: string;
}

export type PlanType = 'CarePlan' | 'ServiceRequest';

/** A schedule as it stood from one moment to another, UTC instants: a plan that changes does not rewrite what was expected before. */
export interface Span {
  from: string;
  until?: string;
  /** Version of the plan that said so first. */
  version: number;
  schedule: Schedule;
}

/** A slot of a plan, with what has to be known of it. */
export interface ExpectedSlot {
  slot: Slot;
  version: number;
  zone: string;
  isPaused: boolean;
}

export const NOTHING_EXPECTED: Expectations = { items: [], stays: {} };

/** The expectations of a kept text. */
export const readExpectations = (text: string | null | undefined): Expectations =>
  text ? JSON.parse(text) : NOTHING_EXPECTED;

/** Names an item among those of a patient. */
export const itemKey = ({ type, id, part }: Pick<ExpectedItem, 'type' | 'id' | 'part'>): string =>
  `${type}/${id}/${part}`;

/** The parts of a plan that a version of it asks for, beside those of other plans. UTC instants. */
export function withPlan(
  before: Expectations,
  plan: { type: PlanType; id: string; version: number },
  items: readonly PlanItem[],
  now: string,
): Expectations {
  const others = before.items.filter(({ type, id }) => type !== plan.type || id !== plan.id);
  const known = before.items.filter((item) => !others.includes(item));
  // A plan that was entered in error was so with all that it ever asked for.
  const isError = items.length > 0 && items.every(({ standing }) => standing === 'never');
  const kept = known.flatMap((item): ExpectedItem[] => {
    if (items.some((one) => isPart(item, one))) return [];
    return [isError ? { ...ended(item, now), void: true } : ended(item, now)];
  });
  const asked = items.flatMap((item): ExpectedItem[] => {
    const held = known.find((one) => isPart(one, item));
    // Of what was over when it came here nothing was ever expected.
    if (!held && (item.standing === 'ended' || item.standing === 'never')) return [];
    return [
      changed(
        held ?? {
          type: plan.type,
          id: plan.id,
          ...nameOf(item.part, known),
          form: item.form,
          ...(item.title === undefined ? {} : { title: item.title }),
          spans: [],
          pauses: [],
          holds: [],
        },
        item,
        plan.version,
        now,
      ),
    ];
  });
  return { ...before, items: [...others, ...kept, ...asked] };
}

/** Whether an item is that part of its plan, asking for the same form. */
export const isPart = (
  { part, place = part, form }: Pick<ExpectedItem, 'part' | 'place' | 'form'>,
  asked: Pick<PlanItem, 'part' | 'form'>,
): boolean => place === asked.part && form === asked.form;

/** The name of a part that is new: its own, unless one that asked for another form has that. */
function nameOf(part: string, known: readonly ExpectedItem[]): Pick<ExpectedItem, 'part' | 'place'> {
  const taken = new Set(known.map((item) => item.part));
  if (!taken.has(part)) return { part };
  let n = 2;
  while (taken.has(`${part}.${n}`)) n += 1;
  return { part: `${part}.${n}`, place: part };
}

/** Without the plan from now on: what was expected by it before stays. */
export const withoutPlan = (
  before: Expectations,
  plan: Pick<ExpectedItem, 'type' | 'id'>,
  now: string,
): Expectations => ({
  ...before,
  items: before.items.map((item) => (item.type === plan.type && item.id === plan.id ? ended(item, now) : item)),
});

/** With a stay in hospital as it is known now; undefined where there was none. */
export function withStay(before: Expectations, encounter: string, stay: Stretch | undefined): Expectations {
  const { [encounter]: _, ...others } = before.stays;
  return { ...before, stays: stay ? { ...others, [encounter]: stay } : others };
}

function changed(
  before: ExpectedItem,
  { standing, schedule, pauses }: PlanItem,
  version: number,
  now: string,
): ExpectedItem {
  const { void: _, open: __, ...rest } = before;
  if (standing === 'never') return { ...rest, void: true, spans: closed(before.spans, now), pauses };
  if (standing === 'ended') return { ...rest, spans: closed(before.spans, now), pauses };
  const last = before.spans.at(-1);
  const goesOn = last && last.until === undefined && JSON.stringify(last.schedule) === JSON.stringify(schedule);
  const spans = goesOn ? before.spans : [...closed(before.spans, now), { from: now, version, schedule }];
  const onHold = before.holds.at(-1)?.end === undefined ? before.holds.at(-1) : undefined;
  const others = onHold ? before.holds.slice(0, -1) : before.holds;
  const holds =
    standing === 'hold'
      ? [...others, onHold ?? { start: now }]
      : onHold
        ? [...others, { ...onHold, end: now }]
        : others;
  return { ...rest, ...(before.open ? { open: before.open } : {}), spans, pauses, holds };
}

const ended = ({ open: _, ...item }: ExpectedItem, now: string): ExpectedItem => ({
  ...item,
  spans: closed(item.spans, now),
});

const closed = (spans: readonly Span[], now: string): readonly Span[] =>
  spans.map((span) => (span.until === undefined ? { ...span, until: now } : span));

/**
 * The slots of an item in order, from the first that is still waited for at `from` (UTC instant). A slot belongs to the schedule that stood when
 * it was due; of the very first schedule only those that had not passed when it came.
 */
export function* expectedSlots(
  item: ExpectedItem,
  { stays }: Pick<Expectations, 'stays'>,
  from: string,
): Generator<ExpectedSlot> {
  if (item.void) return;
  const pauses = pausesOf(item, stays);
  for (const [place, span] of item.spans.entries()) {
    if (span.until !== undefined && span.until < from) continue;
    for (const slot of slotsFrom(span.schedule, from > span.from ? from : span.from)) {
      if (span.until !== undefined && slot.due > span.until) break;
      if (slot.due < from || !isIn(span, place, slot)) continue;
      yield { slot, version: span.version, zone: span.schedule.zone, isPaused: isPaused(pauses, slot) };
    }
  }
}

const pausesOf = ({ pauses, holds }: ExpectedItem, stays: Expectations['stays']): Stretch[] => [
  ...Object.values(stays),
  ...pauses,
  ...holds,
];

const isIn = ({ from, until }: Span, place: number, { close, due }: Slot): boolean =>
  (place === 0 ? close > from : due > from) && (until === undefined || due <= until);

/**
 * Nothing is expected of who is away when a slot ends: up to that moment. Days of which only the dates are said end where the next begin, so who leaves at the end of a
 * slot was there for all of it, and who is back at its end was not.
 */
const isPaused = (pauses: readonly Stretch[], { close }: Slot): boolean =>
  pauses.some(({ start, end }) => start < close && (end === undefined || end >= close));

/**
 * What is waited for once plans or stays have changed: each item that has a past which is another now is to be gone through anew, and every other waits
 * for its next slot. Gives the items that changed. UTC instant.
 */
export function rewaited(
  before: Expectations,
  after: Expectations,
  now: string,
): { expectations: Expectations; changed: ExpectedItem[] } {
  const changed: ExpectedItem[] = [];
  const items = after.items.map((item) => {
    const was = before.items.find((one) => itemKey(one) === itemKey(item) && one.form === item.form);
    const next = { ...waitsFor(was, before, item, after, now) };
    if (JSON.stringify(next) === JSON.stringify(was)) return was ?? next;
    changed.push(next);
    return next;
  });
  return { expectations: { ...after, items }, changed };
}

/**
 * With the items that are new in what comes after, each waiting for its first slot that is due after a moment; what was expected before stays as it is, whatever has been
 * answered of it since then. Gives the new ones, which the plan has asked for since it was `written`. UTC instants.
 */
export function begun(
  before: Expectations,
  after: Expectations,
  { moment, written }: { moment: string; written: string },
): { expectations: Expectations; changed: ExpectedItem[] } {
  const known = new Set(before.items.map(itemKey));
  const changed = after.items
    .filter((item) => !known.has(itemKey(item)))
    .map((item) => ({ ...waitingFor(item, before, moment), written }));
  return { expectations: { ...before, items: [...before.items, ...changed] }, changed };
}

function waitsFor(
  was: ExpectedItem | undefined,
  before: Expectations,
  item: ExpectedItem,
  after: Expectations,
  now: string,
): ExpectedItem {
  if (!was) return waitingFor(item, after, now);
  const isPast = ({ start }: Stretch): boolean => start < now;
  const pauses = (one: ExpectedItem, { stays }: Expectations) => JSON.stringify(pausesOf(one, stays).filter(isPast));
  const isOther = pauses(was, before) !== pauses(item, after) || was.void !== item.void;
  const { open } = was;
  // What has ended and was not looked at yet is looked at all the same.
  if (isOther || was.unsettled !== undefined || (open && open.due <= now)) {
    return { ...item, ...(open ? { open } : {}), unsettled: was.unsettled ?? now };
  }
  return waitingFor(item, after, now);
}

/** With these items to be gone through anew; undefined where none of them is there. */
export function unsettled(
  before: Expectations,
  keys: ReadonlySet<string>,
  now: string,
): { expectations: Expectations; changed: ExpectedItem[] } | undefined {
  const changed: ExpectedItem[] = [];
  const items = before.items.map((item) => {
    if (!keys.has(itemKey(item))) return item;
    const next = { ...item, unsettled: item.unsettled ?? now };
    changed.push(next);
    return next;
  });
  return changed.length === 0 ? undefined : { expectations: { ...before, items }, changed };
}

/**
 * The item with the next slot that is due after a moment as its open one; with none where none is left. Nothing of it is unsettled. `slots` are those from that
 * moment on, where they are known.
 */
export function waitingFor(
  { open: _, unsettled: __, ...item }: ExpectedItem,
  expectations: Expectations,
  after: string,
  slots?: Iterable<ExpectedSlot>,
): ExpectedItem {
  const next = nextSlot(item, expectations, after, slots);
  return next ? { ...item, open: { start: next.slot.start, due: next.slot.due } } : item;
}

/** The first slot that is due after a moment and not paused; undefined where there is none, or none before what has no end. */
export function nextSlot(
  item: ExpectedItem,
  expectations: Expectations,
  after: string,
  slots = expectedSlots(item, expectations, after) as Iterable<ExpectedSlot>,
): ExpectedSlot | undefined {
  const pauses = pausesOf(item, expectations.stays);
  const forever = pauses
    .filter(({ end }) => end === undefined)
    .map(({ start }) => start)
    .sort()[0];
  for (let found: string | undefined, left = slots; ; left = expectedSlots(item, expectations, found)) {
    found = undefined;
    for (const expected of left) {
      const { close, due } = expected.slot;
      if (forever !== undefined && close > forever) return undefined;
      if (due > after && !expected.isPaused) return expected;
      // A long pause is not gone through slot by slot.
      const ends = pauses.flatMap(({ start, end }) => (end !== undefined && start < close && end > due ? [end] : []));
      found = ends.sort().at(-1);
      if (found !== undefined) break;
    }
    if (found === undefined) return undefined;
  }
}

/** When the first of the slots began to which an answer of that moment or a later one can belong, or that moment itself where none began before. UTC instants. */
export const earliestStart = ({ spans }: Pick<ExpectedItem, 'spans'>, at: string): string =>
  [at, ...spans.flatMap(({ schedule }) => slotAt(schedule, at)?.start ?? [])].sort()[0] ?? at;

/** The slot that an answer of that moment belongs to; undefined where none does, or where it is paused. */
export function slotOf(item: ExpectedItem, { stays }: Expectations, at: string): ExpectedSlot | undefined {
  if (item.void) return undefined;
  const pauses = pausesOf(item, stays);
  let found: ExpectedSlot | undefined;
  for (const [place, span] of item.spans.entries()) {
    const slot = slotAt(span.schedule, at);
    if (!slot || !isIn(span, place, slot) || (found && found.slot.start > slot.start)) continue;
    found = { slot, version: span.version, zone: span.schedule.zone, isPaused: isPaused(pauses, slot) };
  }
  return found?.isPaused ? undefined : found;
}
