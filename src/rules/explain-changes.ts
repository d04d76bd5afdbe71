import type { Explained } from './explain-parameters.ts';
import { quantityText } from './explain-quantity.ts';
import type { Words } from './explain-words.ts';
import type { Finding } from './finding.ts';
import type { Change } from './neighbours.ts';
import { ATTRIBUTE, type Language } from './resources/labels.ts';

/** What would have changed the outcome, as one sentence; nothing where that could not be looked for. */
export function changesText({ step, neighbours }: Explained, words: Words, language: Language): string[] {
  if (!neighbours) return [];
  const wasOpen = step.episodeBefore !== undefined;
  const told = neighbours.map(({ changes, situation: { flag, priority } }) => {
    const what = changes.map((change) => changeText(change, step.finding, words, language)).join(words.and);
    return words.led(what, words.outcome(flag, wasOpen, priority ? words.priority[priority] : ''));
  });
  return [told.length > 0 ? words.wouldChange(told.join(words.semicolon)) : words.nothingNear];
}

function changeText(change: Change, { system }: Finding, words: Words, language: Language): string {
  if (change.kind === 'calm') return words.moreCalm(change.days);
  if (change.kind === 'value') {
    const { to, from, unit, grade } = change;
    const scale = system === 'ctcae' && grade !== undefined ? ` (${words.grade} ${grade})` : '';
    return words.instead(
      words.value,
      `${quantityText(to, unit, language)}${scale}`,
      quantityText(from, unit, language),
    );
  }
  const isThere = (grade: number) => words.thereIs[grade > 0 ? 'true' : 'false'];
  if (system === 'emergency' && change.kind === 'grade') {
    return words.instead(
      words.emergencyWord,
      isThere(change.to),
      change.from === undefined ? words.unknown : isThere(change.from),
    );
  }
  const what = change.kind === 'answer' ? ATTRIBUTE[change.attribute][language] : words.grade;
  return words.instead(what, String(change.to), change.from === undefined ? words.unknown : String(change.from));
}
