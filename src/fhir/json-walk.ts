/** Where a value stands in a text: from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One member of an object in a text: key from `start` (its quote), value from `value` to before `end`. */
export interface Member extends Span {
  readonly key: string;
  readonly value: number;
}

/**
 * The members of the object that begins at `at`. The text is compact and valid JSON, as readText leaves it and as stored
 * resources are. A key's escapes are resolved.
 */
export function membersOf(text: string, at: number): Member[] {
  const members: Member[] = [];
  let i = at + 1;
  while (text.charCodeAt(i) === QUOTE) {
    const start = i;
    const value = endOfString(text, start) + 1;
    const end = endOfValue(text, value);
    members.push({ key: stringAt(text, start, value - 1), start, value, end });
    i = end + 1;
  }
  return members;
}

/** The items of the array that begins at `at`. */
export function itemsOf(text: string, at: number): Span[] {
  const items: Span[] = [];
  let i = at + 1;
  while (i < text.length && text.charCodeAt(i) !== CLOSE_LIST) {
    const end = endOfValue(text, i);
    items.push({ start: i, end });
    if (text.charCodeAt(end) !== COMMA) break;
    i = end + 1;
  }
  return items;
}

/** The string whose quotes stand at `start` and before `end`. */
function stringAt(text: string, start: number, end: number): string {
  const inside = text.slice(start + 1, end - 1);
  return inside.includes('\\') ? String(JSON.parse(text.slice(start, end))) : inside;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Behind the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return endOfString(text, at);
  if (first === OPEN || first === OPEN_LIST) return endOfNested(text, at);
  let i = at;
  for (let c = first; i < text.length && c !== COMMA && c !== CLOSE && c !== CLOSE_LIST; c = text.charCodeAt(i)) i += 1;
  return i;
}

function endOfNested(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      i = endOfString(text, i);
      continue;
    }
    i += 1;
    if (c === OPEN || c === OPEN_LIST) depth += 1;
    else if (c === CLOSE || c === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return text.length;
}

/** Behind the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; ; ) {
    const quote = text.indexOf('"', i);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    i = quote + 1;
  }
}
