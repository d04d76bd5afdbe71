import type { Patient } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Consequence } from '../evaluation/evaluating.ts';
import { type SlotDue, slotDue } from '../evaluation/expected.ts';
import { type AboutSlot, isMark, markedStart, ofSlot, withoutSlot } from '../evaluation/of-slot.ts';
import { readReport } from '../evaluation/stored-report.ts';
import { evaluate } from '../evaluation.ts';
import { splitCanonical } from '../fhir/canonical.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { isAfterDeath } from '../rules/calendar/death.ts';
import {
  type Expectations,
  type ExpectedItem,
  type ExpectedSlot,
  expectedSlots,
  itemKey,
  readExpectations,
  slotOf,
  waitingFor,
} from '../rules/calendar/expectations.ts';
import { isWithin } from '../rules/calendar/slots.ts';
import type { Report } from '../rules/finding.ts';
import { type Happening, happen } from '../save/moment.ts';
import { counted } from '../save/writing.ts';
import { type PatientContext, patientHistory } from '../store/context.ts';
import type { Due } from '../store/due.ts';
import { StaleRead } from '../store/errors.ts';
import { type Answered, answersBetween } from '../store/expected.ts';
import type { RunDue } from './scheduler.ts';

/**
 * The end of a slot that is waited for, or all that was expected by a part of a plan gone through anew. What was not met becomes a report that nothing
 * came, which is folded as any report is; then the next slot is waited for. One report at a time: what is left stays due.
 */
export const slot: RunDue = (deps, within, due) =>
  happen(deps, within, due, async (deps, context): Promise<Happening | undefined> => {
    const { item: key }: SlotDue = JSON.parse(due.content);
    const expectations = readExpectations(context.expected);
    const item = expectations.items.find((one) => itemKey(one) === key);
    if (!item) return undefined;
    const about: About = { deps, within, context, patient: due.patient, expectations, item };
    return item.unsettled === undefined ? ended(about) : settled(about, due);
  });

/** What is waited for of a patient by an item, and what a change of it rests on. */
export interface Waiting {
  context: Pick<PatientContext, 'shard' | 'n'>;
  patient: string;
  expectations: Expectations;
  item: ExpectedItem;
}

interface About extends Waiting {
  deps: Deps;
  within: Compartment;
  context: PatientContext;
}

/** The open slot has ended: the next one is waited for, and where nothing came that is said. */
async function ended(about: About): Promise<Happening | undefined> {
  const { deps, within, context, patient } = about;
  const past = passed(about);
  if (!past?.expected) return past?.goesOn;
  const { goesOn, expected } = past;
  if (isDead(context, expected)) return goesOn;
  const window = { from: expected.slot.open, to: expected.slot.due };
  const answers = await answersBetween(deps.db, within, context.shard, patient, window);
  if (answers.some((answer) => isMetBy(expected, answer, about))) return goesOn;
  return together(leftBehind(await evaluate(deps, within, ofSlot(await slotAbout(about), expected, false))), goesOn);
}

/**
 * The open slot of an item, once it has ended: what is written where nothing has to be said, and the slot itself, where somebody has to have answered it. Undefined
 * where nothing is waited for any more.
 */
export function passed(waiting: Waiting): { goesOn: Kept; expected?: ExpectedSlot } | undefined {
  const { expectations, item } = waiting;
  const { open } = item;
  if (!open) return undefined;
  const slots = remembered(expectedSlots(item, expectations, open.due));
  const goesOn = withItem(waiting, waitingFor(item, expectations, open.due, slots));
  const expected = slotNamed(slots, open.start);
  return !expected || expected.isPaused ? { goesOn } : { goesOn, expected };
}

/**
 * The earliest mark that is wanting, or no longer right, is set right; when none is left the next slot is waited for. All that is as of the moment at which it is due: what
 * ended later has its own moment still before it.
 */
async function settled(about: About, due: Due): Promise<Happening> {
  const { deps, within, context, patient, expectations, item } = about;
  const now = deps.now().toISOString();
  const { n, reports } = await patientHistory(deps.db, within, context.shard, patient);
  if (n !== context.n) throw new StaleRead();
  const all = reports.map((text) => readReport(text).report);
  const met = new Set(all.flatMap(answerOf).map((answer) => slotMet(answer, item, expectations)?.slot.start));
  const marks = new Map(
    all.flatMap((report) => (isMark(report, item) ? [[markedStart(report), report] as const] : [])),
  );
  const lastMarked = [...marks.keys()].sort().at(-1) ?? '';
  const wanted = new Set<string>();
  let upTo = due.at;
  for (const expected of expectedSlots(item, expectations, item.spans[0]?.from ?? now)) {
    const { start, due: last } = expected.slot;
    // What has happened stays, also where the clock has been put back to before it.
    if (last > due.at && start > lastMarked) break;
    if (last <= now && last > upTo) upTo = last;
    if (expected.isPaused) continue;
    wanted.add(start);
    if (last <= now && !met.has(start) && !marks.has(start) && !isDead(context, expected)) {
      // What nobody has looked at yet ended in its own time; that nothing came of the others after all is known since then.
      const since = item.open && last >= item.open.due ? last : due.at;
      return onceMore(about, due, await evaluate(deps, within, ofSlot(await slotAbout(about), expected, true, since)));
    }
  }
  // What has come since for a slot that was called missing the fold knows.
  const wrong = [...marks.values()].find((report) => !wanted.has(markedStart(report)));
  if (wrong) {
    return onceMore(about, due, await evaluate(deps, within, withoutSlot(await slotAbout(about), wrong, due.at)));
  }
  return withItem(about, waitingFor(item, expectations, upTo));
}

/**
 * Whether the patient had died by the end of a slot: nobody is called because somebody who is dead has not answered. Slots are gone through all the same, so that
 * what was recorded by mistake hides none that ends after it has been put right.
 */
export function isDead(
  { patient: { content } }: { patient: { content: string } },
  expected: Pick<ExpectedSlot, 'slot' | 'zone'>,
): boolean {
  const { deceasedBoolean, deceasedDateTime }: Patient = JSON.parse(content);
  // Where no date is said nobody knows since when: nobody is called for any slot.
  if (deceasedBoolean === true) return true;
  return deceasedDateTime !== undefined && isAfterDeath(expected, { at: deceasedDateTime });
}

/** A report that is a complete answer to a form. */
const answerOf = ({ source: { type, id }, form, draft, at }: Report): Answered[] =>
  type !== 'QuestionnaireResponse' || draft || form === undefined ? [] : [{ id, form, at }];

/** The slot that an answer to the form meets; undefined where it meets none. */
function slotMet({ form, at }: Answered, item: ExpectedItem, expectations: Expectations): ExpectedSlot | undefined {
  if (splitCanonical(form).url !== item.form) return undefined;
  const expected = slotOf(item, expectations, at);
  return expected && at <= expected.slot.due ? expected : undefined;
}

/** Whether that slot of an item, which is not paused, is the one that an answer meets. */
export function isMetBy(
  { slot }: ExpectedSlot,
  answer: Answered,
  { item, expectations }: Pick<Waiting, 'item' | 'expectations'>,
): boolean {
  // Of one schedule a slot tells itself where it ends: the calendar need not be gone through for each answer.
  if (item.spans.length > 1) return slotMet(answer, item, expectations)?.slot.start === slot.start;
  return splitCanonical(answer.form).url === item.form && isWithin(slot, answer.at);
}

function slotNamed(slots: Iterable<ExpectedSlot>, start: string): ExpectedSlot | undefined {
  for (const expected of slots) {
    if (expected.slot.start === start) return expected;
    if (expected.slot.start > start) return undefined;
  }
  return undefined;
}

/** What is gone through once, and may be gone through again from its beginning: by then what was found is known. */
function remembered<T>(all: Iterable<T>): Iterable<T> {
  const found: T[] = [];
  const rest = all[Symbol.iterator]();
  return {
    *[Symbol.iterator]() {
      yield* found;
      for (let next = rest.next(); !next.done; next = rest.next()) {
        found.push(next.value);
        yield next.value;
      }
    },
  };
}

async function slotAbout({ deps, within, context, patient, item }: About): Promise<AboutSlot> {
  return { snapshot: await deps.catalog.at(within, context.generation), patient, context, item };
}

/** The expectations with the item as it goes on, and when it is looked at next. */
function withItem({ context, patient, expectations, item }: Waiting, next: ExpectedItem): Kept {
  const items = expectations.items.map((one) => (one === item ? next : one));
  return {
    versions: [],
    patient: { ...counted(patient, context), expected: JSON.stringify({ ...expectations, items }) },
    due: [slotDue(next, { patient, context })],
  };
}

/** What is written where nothing has to be said. */
export type Kept = Required<Pick<Happening, 'versions' | 'patient' | 'due'>>;

/** What an evaluation writes, and how it goes on. */
function together(consequence: Consequence | undefined, goesOn: Kept): Happening {
  if (!consequence) return goesOn;
  const { versions, patient, work, due = [] } = consequence;
  return {
    versions,
    patient: { ...patient, ...(goesOn.patient.expected === undefined ? {} : { expected: goesOn.patient.expected }) },
    due: [...due, ...goesOn.due],
    ...(work ? { work } : {}),
  };
}

/** What an evaluation writes; then the same is due again. */
const onceMore = ({ context, patient }: About, due: Due, consequence: Consequence | undefined): Happening =>
  together(leftBehind(consequence), {
    versions: [],
    patient: counted(patient, context),
    due: [{ shard: due.shard, id: due.id, at: due.at, patient: due.patient, kind: due.kind, content: due.content }],
  });

/**
 * An evaluation that leaves behind that it was done. Throws where it does not: no report came that could be lost, so the slot stays due and is told once that can be done.
 * Otherwise it would be forgotten, or done again and again at once, and each time somebody would be told that a report was received.
 */
function leftBehind(consequence: Consequence | undefined): Consequence {
  if (!consequence?.patient.reports?.length && !consequence?.patient.retract) {
    throw new Error('a slot that went by could not be evaluated: it stays due');
  }
  return consequence;
}
