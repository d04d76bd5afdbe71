import type { Explained } from './explain-parameters.ts';
import type { Words } from './explain-words.ts';
import type { Change } from './neighbours.ts';
import { ATTRIBUTE, type Language } from './resources/labels.ts';

/** What would have changed the outcome, as one sentence; nothing where that could not be looked for. */
export function changesText({ step, neighbours }: Explained, words: Words, language: Language): string[] {
  if (!neighbours) return [];
  const wasOpen = step.episodeBefore !== undefined;
  const told = neighbours.map(({ changes, situation: { flag, priority } }) => {
    const what = changes.map((change) => changeText(change, words, language)).join(words.and);
    return words.led(what, words.outcome(flag, wasOpen, priority ? words.priority[priority] : ''));
  });
  return [told.length > 0 ? words.wouldChange(told.join(words.semicolon)) : words.nothingNear];
}

function changeText(change: Change, words: Words, language: Language): string {
  if (change.kind === 'calm') return words.moreCalm(change.days);
  const what = change.kind === 'answer' ? ATTRIBUTE[change.attribute][language] : words.grade;
  return words.instead(what, String(change.to), change.from === undefined ? words.unknown : String(change.from));
}
