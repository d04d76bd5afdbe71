import { type ExpectedItem, isPart } from './expectations.ts';
import type { PlanItem } from './plan.ts';

type Asked = Pick<PlanItem, 'part' | 'form' | 'schedule'>;

/**
 * By the name that each part of a new version of a plan has there: the one by which it is known. A part without an id is named by its place, and another part
 * before it moves that: then it is found by what it asks for, or nobody would wait any longer for what is being waited for.
 */
export function knownNames(known: readonly ExpectedItem[], asked: readonly Asked[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const left = new Set([...known].sort((a, b) => Number(isOver(a)) - Number(isOver(b))));
  for (const fits of [isSamePart, isMoved, isPart, isAnyOfForm]) {
    for (const one of asked) {
      if (names.has(one.part)) continue;
      const held = [...left].find((item) => fits(item, one));
      if (!held) continue;
      left.delete(held);
      names.set(one.part, nameOf(held));
    }
  }
  for (const one of asked) {
    if (!names.has(one.part)) names.set(one.part, freeName(one, known, names));
  }
  return names;
}

const nameOf = ({ part, place = part }: ExpectedItem): string => place;

const isOver = ({ spans }: ExpectedItem): boolean => spans.at(-1)?.until !== undefined;

const isPlace = (name: string): boolean => /^\d+$/.test(name);

const isSameTime = ({ spans }: ExpectedItem, { schedule }: Asked): boolean => {
  const last = spans.at(-1)?.schedule;
  return JSON.stringify([last?.rule, last?.window]) === JSON.stringify([schedule.rule, schedule.window]);
};

const isSamePart = (item: ExpectedItem, one: Asked): boolean => isPart(item, one) && isSameTime(item, one);

const isAnyOfForm = (item: ExpectedItem, { part, form }: Asked): boolean =>
  item.form === form && !isOver(item) && isPlace(part) && isPlace(nameOf(item));

const isMoved = (item: ExpectedItem, one: Asked): boolean => isAnyOfForm(item, one) && isSameTime(item, one);

/** Its own name, unless a part that asks for the same form has it. */
function freeName(one: Asked, known: readonly ExpectedItem[], names: ReadonlyMap<string, string>): string {
  if (!known.some((item) => isPart(item, one))) return one.part;
  const taken = new Set([...known.map(nameOf), ...names.keys(), ...names.values()]);
  let n = known.length;
  while (taken.has(String(n))) n += 1;
  return String(n);
}
