import fhirpath from 'fhirpath';
import { EXPRESSION_TREES } from '../generated/expressions.js';
import { MAX_LENGTH } from '../policy-language.ts';

/** A node of the tree that fhirpath 5.2.0 gives, as far as we read it. */
export interface Node {
  type: string;
  text?: string;
  start?: { line: number; column: number };
  children?: readonly Node[];
  value?: string;
  unit?: string;
}

/** What is wrong with an expression, and where: line and column count from 1. */
export interface ExpressionFault {
  code: 'invalid' | 'not-supported' | 'value' | 'too-costly';
  message: string;
  line: number;
  column: number;
  /** It runs all the same: it only never fires, or comes out the same whatever a patient answers. */
  runs?: true;
}

/** The syntax tree of an expression, or why it has none. */
export function parse(expression: string): Parsed {
  const known = PARSED.get(expression);
  if (known) return known;
  const parsed = shippedTree(expression) ?? parseAnew(expression);
  if (PARSED.size >= MOST_PARSED) PARSED.clear();
  if (expression.length <= MAX_LENGTH) PARSED.set(expression, parsed);
  return parsed;
}

type Parsed = { readonly tree: Node } | { readonly fault: ExpressionFault };

/** The library takes about a millisecond an expression, and versions of a policy share most of theirs. */
const PARSED = new Map<string, Parsed>();
const MOST_PARSED = 2000;

/** Trees that were made when this was built, by expression. */
export interface ExpressionTrees {
  /** Version of the library that made them. */
  fhirpath: string;
  trees: Record<string, Node>;
}

/** Of the conditions that ship: the library takes milliseconds for each of the first dozens that a process reads, and a service reads these first. */
function shippedTree(expression: string): Parsed | undefined {
  shipped ??= readTrees();
  const tree = shipped.get(expression);
  return tree && { tree };
}

let shipped: ReadonlyMap<string, Node> | undefined;

function readTrees(): ReadonlyMap<string, Node> {
  const made: ExpressionTrees = JSON.parse(EXPRESSION_TREES);
  return new Map(made.fhirpath === fhirpath.version ? Object.entries(made.trees) : []);
}

function parseAnew(expression: string): Parsed {
  if (expression.length > MAX_LENGTH) {
    const message = `the expression has ${expression.length} characters; at most ${MAX_LENGTH} are read`;
    return { fault: { code: 'too-costly', message, line: 1, column: MAX_LENGTH + 1 } };
  }
  if (depthOf(expression) > MAX_DEPTH) {
    const message = `parentheses stand more than ${MAX_DEPTH} deep; simplify or split it`;
    return { fault: { code: 'too-costly', message, line: 1, column: 1 } };
  }
  try {
    return { tree: fhirpath.parse(expression) as Node }; // the library types its tree as any
  } catch (error) {
    return { fault: syntaxFault(error instanceof Error ? error.message : String(error), expression) };
  }
}

/** The parser takes seconds over hundreds of parentheses that are never closed. */
const MAX_DEPTH = 50;

function depthOf(expression: string): number {
  let deepest = 0;
  let depth = 0;
  for (const sign of expression.replaceAll(/'(?:[^'\\]|\\.)*'/g, '')) {
    if (sign === '(') depth += 1;
    if (sign === ')') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Where a node stands; operators stand at their sign. */
export function placeOf(node: Node): { line: number; column: number } {
  return findStart(node) ?? { line: 1, column: 1 };
}

function findStart(node: Node): { line: number; column: number } | undefined {
  if (node.start) return node.start;
  for (const child of node.children ?? []) {
    const start = findStart(child);
    if (start) return start;
  }
  return undefined;
}

/** The parser's message reads `line: 1; column: 8; message: …`, its column counted from 0; only the first is kept. */
function syntaxFault(message: string, expression: string): ExpressionFault {
  const match = /line: (\d+); column: (\d+); message: ([^\n]*)/.exec(message);
  if (!match) return { code: 'invalid', message: 'the expression cannot be parsed', line: 1, column: 1 };
  const line = Number(match[1]);
  const column = Number(match[2]) + 1;
  const found = expression.split('\n')[line - 1]?.slice(column - 1, column + 29) ?? '';
  const what = (match[3] ?? '').replace(/ expecting \{.*$/, '');
  return { code: 'invalid', message: `not FHIRPath at "${found}": ${what}`, line, column };
}
