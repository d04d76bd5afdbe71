import type { Annotation, Task } from '@medplum/fhirtypes';

/** The end of its time to respond, UTC instant. */
export function endOf({ restriction }: Pick<Task, 'restriction'>): string | undefined {
  const at = Date.parse(restriction?.period?.end ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** What the engine notes on work that is overdue since a UTC instant. */
export const overdueSince = (at: string): string => `overdue since ${at}`;

/** Whether the engine has noted that the time to respond, as it is now, has run out. */
export function isCalledOverdue(task: Pick<Task, 'note' | 'restriction'>): boolean {
  const end = endOf(task);
  return end !== undefined && task.note?.some(({ text }) => text === overdueSince(end)) === true;
}

/** Whether a note is that of the engine on what is overdue, or looks like it: people write none such. */
export const isOverdueNote = ({ text }: Pick<Annotation, 'text'>): boolean =>
  /^overdue since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text ?? '');

/** Whether it was ever overdue: the engine has noted it. */
export const wasOverdue = ({ note }: Pick<Task, 'note'>): boolean => note?.some(isOverdueNote) === true;
