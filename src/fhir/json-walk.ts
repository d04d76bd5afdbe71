/** Places in compact, valid JSON text, so that parts of it can be taken over as they were written. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** One member of an object: its key from `start` (the quote), its value from `value` to before `end`. */
export interface MemberPlace extends Place {
  readonly key: string;
  readonly value: number;
}

/** The members of the object that begins at `at`. The text is compact and valid, as stored resources are. */
export function* membersIn(text: string, at: number): Generator<MemberPlace> {
  let start = at + 1;
  while (text[start] === '"') {
    const colon = endOfString(text, start);
    const name = text.slice(start, colon);
    const value = colon + 1;
    const end = endOfValue(text, value);
    yield { key: name.includes('\\') ? String(JSON.parse(name)) : name.slice(1, -1), start, value, end };
    start = text[end] === ',' ? end + 1 : end;
  }
}

/** The values in the array that begins at `at`. */
export function* valuesIn(text: string, at: number): Generator<Place> {
  let start = at + 1;
  while (start < text.length && text[start] !== ']') {
    const end = endOfValue(text, start);
    yield { start, end };
    start = text[end] === ',' ? end + 1 : end;
  }
}

/** Behind the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  for (; end > 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function endOfValue(text: string, at: number): number {
  let depth = 0;
  let i = at;
  while (i < text.length) {
    const c = text[i];
    if (c === '"') {
      i = endOfString(text, i);
      if (depth === 0) return i;
    } else if (c === '{' || c === '[') {
      depth += 1;
      i += 1;
    } else if (c === '}' || c === ']') {
      if (depth === 0) return i;
      depth -= 1;
      i += 1;
      if (depth === 0) return i;
    } else if (c === ',' && depth === 0) {
      return i;
    } else {
      i += 1;
    }
  }
  return i;
}
