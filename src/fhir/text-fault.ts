import { FhirError, fault, type IssueCode } from './errors.ts';

/** Objects and arrays that may stand in one another. FHIR resources need fewer than 50. */
export const MAX_DEPTH = 64;

/** The largest decimal exponent that a double holds; a smaller one would silently become 0. Source: IEEE 754. */
export const MAX_EXPONENT = 308;

/**
 * Why a body is refused, found by a slow and strict second reading: the first fault in the text, with line and column, and
 * with the path once the resource could be parsed. Quotes nothing of the body but names of elements.
 */
export function explain(text: string, parsed: unknown): FhirError {
  try {
    new Reader(text, rootName(parsed), parsed !== undefined).read();
  } catch (thrown) {
    if (thrown instanceof FhirError) return thrown;
    throw thrown;
  }
  return new FhirError([fault('invalid', 'The body is not a JSON text that can be stored')]);
}

/** An element's name as it may be repeated to a client: a free text used as a key is not. */
export const safeName = (key: string): string => (/^_?[A-Za-z][\w-]{0,63}$/.test(key) ? key : '(unnamed)');

const rootName = (parsed: unknown): string => {
  const type = typeof parsed === 'object' && parsed !== null && 'resourceType' in parsed ? parsed.resourceType : '';
  return typeof type === 'string' && /^[A-Za-z]{1,64}$/.test(type) ? type : 'Resource';
};

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]([+-]?\d+))?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u([0-9a-fA-F]{4}))/y;
const WORD = /true|false|null/y;

/** A strict JSON reader that keeps nothing. Its recursion is bounded by MAX_DEPTH. */
class Reader {
  readonly text: string;
  readonly hasPath: boolean;
  readonly path: string[];
  at = 0;

  constructor(text: string, root: string, hasPath: boolean) {
    this.text = text;
    this.hasPath = hasPath;
    this.path = [root];
  }

  read(): void {
    this.space();
    this.value(1);
    this.space();
    if (this.at < this.text.length) throw this.malformed('nothing more');
  }

  private value(depth: number): void {
    const c = this.text[this.at];
    if (c === '{' || c === '[') {
      if (depth > MAX_DEPTH) throw this.refuse('structure', `nesting is deeper than ${MAX_DEPTH} levels`);
      this.at += 1;
      if (c === '{') this.object(depth);
      else this.array(depth);
    } else if (c === '"') {
      this.string();
    } else {
      const number = this.match(NUMBER);
      if (number) this.number(number);
      else if (!this.match(WORD)) throw this.malformed('a value');
    }
  }

  private object(depth: number): void {
    const seen = new Set<string>();
    this.space();
    if (this.take('}')) return;
    do {
      this.space();
      const keyAt = this.at;
      if (this.text[this.at] !== '"') throw this.malformed('a property name in double quotes');
      const key = this.string();
      this.path.push(`.${safeName(key)}`);
      if (key === '__proto__') throw this.refuse('structure', 'the property name __proto__ is not allowed', keyAt);
      if (seen.has(key)) throw this.refuse('structure', 'the same property comes twice in one object', keyAt);
      seen.add(key);
      this.space();
      if (!this.take(':')) throw this.malformed('a colon');
      this.space();
      this.value(depth + 1);
      this.path.pop();
      this.space();
    } while (this.take(','));
    if (!this.take('}')) throw this.malformed('a comma or }');
  }

  private array(depth: number): void {
    this.space();
    if (this.take(']')) return;
    let index = 0;
    do {
      this.path.push(`[${index}]`);
      this.space();
      this.value(depth + 1);
      this.path.pop();
      this.space();
      index += 1;
    } while (this.take(','));
    if (!this.take(']')) throw this.malformed('a comma or ]');
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    let high = false;
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (Number.isNaN(c)) throw this.malformed('the closing quote of a string');
      if (c < 0x20) throw this.malformed('no control character inside a string');
      let unit = c;
      if (c === 0x5c) {
        const found = this.match(ESCAPE);
        if (!found) throw this.malformed('an escape that JSON knows');
        unit = found[1] === undefined ? 0x20 : Number.parseInt(found[1], 16);
        if (unit === 0) throw this.refuse('structure', 'a string holds the character U+0000');
        const low = unit >= 0xdc00 && unit <= 0xdfff;
        if (low !== high) throw this.refuse('structure', 'a string holds half of a surrogate pair');
        high = unit >= 0xd800 && unit <= 0xdbff;
        continue;
      }
      if (high) throw this.refuse('structure', 'a string holds half of a surrogate pair');
      this.at += 1;
      if (c === 0x22) break;
    }
    return String(JSON.parse(this.text.slice(start, this.at)));
  }

  private number(match: RegExpExecArray): void {
    const tooFar = Math.abs(Number(match[1] ?? 0)) > MAX_EXPONENT;
    if (tooFar || !Number.isFinite(Number(match[0]))) {
      throw this.refuse('structure', `a number is out of range (exponent beyond ${MAX_EXPONENT})`);
    }
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at += found[0].length;
    return found;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text[this.at] ?? '-')) this.at += 1;
  }

  private malformed(expected: string): FhirError {
    return new FhirError([fault('invalid', `Malformed JSON at ${this.place(this.at)}: expected ${expected}`)]);
  }

  private refuse(code: IssueCode, what: string, at = this.at): FhirError {
    const path = this.path.length > 24 ? [...this.path.slice(0, 23), '…'] : this.path;
    return new FhirError([fault(code, `At ${this.place(at)} ${what}`, this.hasPath ? path.join('') : undefined)]);
  }

  private place(at: number): string {
    const before = this.text.slice(0, at);
    const line = before.split('\n').length;
    return `line ${line}, column ${at - before.lastIndexOf('\n')}`;
  }
}
