/** A search expression as a tree: the part of FHIRPath that search parameters are written in. */
export type Node =
  | { kind: 'name'; name: string; base?: Node }
  | { kind: 'call'; name: string; args: readonly Node[]; base?: Node }
  | { kind: 'at'; index: number; base: Node }
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'operation'; operator: Operator; left: Node; right: Node };

/** `as` and `is` have the name of a type at their right. */
export type Operator = '|' | '=' | '!=' | 'and' | 'or' | 'as' | 'is';

/** An expression that is not understood. The message says what of it. */
export class ExpressionError extends Error {
  override name = 'ExpressionError';
}

/**
 * Parses a search expression. Throws ExpressionError for what is no FHIRPath, and for FHIRPath beyond what search parameters
 * are indexed by here: arithmetic, variables, other operators.
 * Source: FHIRPath 2.0.0, section 11 grammar; precedence of section 8: as and is, |, comparison, and, or.
 */
export function parseExpression(text: string): Node {
  if (text.length > LONGEST) throw new ExpressionError(`it is longer than ${LONGEST} characters`);
  const tokens = tokensOf(text);
  const parser = new Parser(tokens);
  const node = parser.expression(0);
  parser.end();
  return node;
}

const LONGEST = 20_000;
const DEEPEST = 50;
const TOKEN = /\s+|('(?:[^'\\]|\\.)*')|(`[^`]+`|[A-Za-z_$][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(!=|[.()[\]|=,])/y;

interface Token {
  kind: 'string' | 'name' | 'number' | 'sign';
  text: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new ExpressionError(`it has ${JSON.stringify(text.charAt(at))} at place ${at + 1}`);
    const [, string, name, number, sign] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1).replace(/\\(.)/g, '$1') });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.replaceAll('`', '') });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

const PRECEDENCE: readonly (readonly Operator[])[] = [['or'], ['and'], ['=', '!='], ['|'], ['as', 'is']];

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expression(level: number): Node {
    const operators = PRECEDENCE[level];
    if (!operators) return this.#path();
    this.#depth += 1;
    if (this.#depth > DEEPEST * PRECEDENCE.length) throw new ExpressionError('it is nested too deeply');
    let left = this.expression(level + 1);
    for (let operator = this.#operator(operators); operator; operator = this.#operator(operators)) {
      left = { kind: 'operation', operator, left, right: this.expression(level + 1) };
    }
    this.#depth -= 1;
    return left;
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token) throw new ExpressionError(`it has ${token.text} where it should end`);
  }

  #path(): Node {
    let node = this.#primary();
    for (;;) {
      if (this.#take('.')) node = this.#member(node);
      else if (this.#take('[')) {
        const token = this.#next();
        if (token.kind !== 'number') throw new ExpressionError('an index is a whole number');
        this.#expect(']');
        node = { kind: 'at', index: Number(token.text), base: node };
      } else return node;
    }
  }

  #primary(): Node {
    if (this.#take('(')) {
      const node = this.expression(0);
      this.#expect(')');
      return node;
    }
    const token = this.#tokens[this.#at];
    if (token?.kind === 'string' || token?.kind === 'number') {
      this.#at += 1;
      return { kind: 'literal', value: token.kind === 'string' ? token.text : Number(token.text) };
    }
    if (token?.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      this.#at += 1;
      return { kind: 'literal', value: token.text === 'true' };
    }
    return this.#member(undefined);
  }

  #member(base: Node | undefined): Node {
    const token = this.#next();
    if (token.kind !== 'name') throw new ExpressionError(`it has ${token.text} where the name of an element belongs`);
    const under = base ? { base } : {};
    if (!this.#take('(')) return { kind: 'name', name: token.text, ...under };
    const args: Node[] = [];
    if (!this.#take(')')) {
      do args.push(this.expression(0));
      while (this.#take(','));
      this.#expect(')');
    }
    return { kind: 'call', name: token.text, args, ...under };
  }

  #operator(operators: readonly Operator[]): Operator | undefined {
    const token = this.#tokens[this.#at];
    const found = token && token.kind !== 'string' ? operators.find((one) => one === token.text) : undefined;
    if (found) this.#at += 1;
    return found;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new ExpressionError(`it lacks ${sign}`);
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw new ExpressionError('it ends too early');
    this.#at += 1;
    return token;
  }
}
