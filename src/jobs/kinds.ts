import { awaitedForm, heldForm } from './awaited-form.ts';
import type { LookDue, RunDue } from './scheduler.ts';
import { slot } from './slot.ts';
import { lookAtSlots } from './slot-look.ts';
import { taskOverdue } from './task-overdue.ts';
import { lookAtTicks, tick } from './tick.ts';

/** What is due, by its kind. One row per kind. */
export const KINDS: Readonly<Record<string, RunDue>> = {
  'task-overdue': taskOverdue,
  tick,
  slot,
  'awaited-form': awaitedForm,
  'held-form': heldForm,
};

/** Those of which much may come to nothing. */
export const LOOKS: Readonly<Record<string, LookDue>> = { tick: lookAtTicks, slot: lookAtSlots };
