import { isDeepStrictEqual } from 'node:util';
import { membersOf } from './json-walk.ts';
import { type ReceivedText, receivedOf } from './text.ts';

/**
 * A resource's text in which those members of the root that differ between `before` and `after` are as in `after`; all others keep their text, as
 * 1.50 does. The text is compact and valid, as readText leaves it and as stored resources are, and says `before`.
 */
export function rewritten(text: string, before: object, after: object): ReceivedText {
  const [was, is] = [entries(before), entries(after)];
  const changed = new Set([...was.keys(), ...is.keys()].filter((key) => !isDeepStrictEqual(was.get(key), is.get(key))));
  const kept = membersOf(text, 0).filter(
    ({ key }) => !changed.has(key) && !(key.startsWith('_') && changed.has(key.slice(1))),
  );
  const added = [...changed].flatMap((key) => {
    const value = is.get(key);
    return value === undefined ? [] : [`${JSON.stringify(key)}:${JSON.stringify(value)}`];
  });
  return receivedOf(`{${[...kept.map(({ start, end }) => text.slice(start, end)), ...added].join(',')}}`, after);
}

const entries = (value: object): Map<string, unknown> => new Map(Object.entries(value));
