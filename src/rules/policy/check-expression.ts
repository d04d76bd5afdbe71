import { DURATIONS, FUNCTIONS, MAX_NODES, OBJECTS, type Property, VALUES } from '../policy-language.ts';
import { narrowed, propertyAmong } from './narrowing.ts';
import { nearMatch } from './near-match.ts';
import { SCALES, type Scale } from './scales.ts';
import { type ExpressionFault, type Node, parse, placeOf } from './syntax.ts';
import { type Checked, compare, dateLiteral, type Judge, numberLiteral } from './types.ts';

/** What an expression mentions when it runs, and all that is wrong with it. */
export interface CheckedExpression {
  faults: readonly ExpressionFault[];
  /** Variables and properties, such as `%finding.grade` and `%previous`, each once, in order of appearance. */
  mentions: readonly string[];
  /** What `and` joins at the outermost, in order, or the whole expression: none where a fault keeps it from running. */
  parts: readonly ExpressionPart[];
  /** Variables, members, calls, operators and literals in it: what it costs to ask. */
  nodes: number;
  /** The scales that a finding can be on for it not to be false at once: those that the comparisons with its term, kind and system leave. */
  concerns: readonly Scale[];
}

export interface ExpressionPart {
  expression: string;
  mentions: readonly string[];
}

export interface CheckOptions {
  /** Of a draft: `%fill.name` may stand for a number that a clinician has yet to fill in. */
  open?: boolean;
}

/** The variable of open numbers. */
const FILL = 'fill';

/**
 * Checks a condition against the allow-list of policy-language.ts: every construct that is not named here is refused,
 * every variable and property is known and of the right type, comparisons can come out both ways, the result is boolean.
 * Source: FHIRPath N1 (v2.0.0); HL7 FHIR R4, PlanDefinition.action.condition.
 */
export function checkExpression(expression: string, { open = false }: CheckOptions = {}): CheckedExpression {
  const parsed = parse(expression);
  if ('fault' in parsed) return { faults: [parsed.fault], mentions: [], parts: [], nodes: 0, concerns: [] };
  const faults: ExpressionFault[] = [];
  const places = new Map<string, Node>();
  let mentioned = new Set<string>();
  let nodes = 0;
  const judge: Judge = (node, code, message, more) => {
    faults.push({ code, message, ...placeOf(node), ...more });
    return undefined;
  };
  const parts = conjuncts(parsed.tree, expression).map(({ node, text, among }): ExpressionPart => {
    mentioned = new Set();
    const result = walk(node, among);
    if (result && result.type !== 'boolean') {
      judge(node, 'value', `the condition must be true or false, this is ${named(result)}`);
    }
    return { expression: text, mentions: [...mentioned] };
  });
  nodes += parts.length - 1; // the operators that join them
  if (nodes > MAX_NODES && !faults.some(({ code }) => code === 'too-costly')) tooCostly(parsed.tree);
  const value = places.get('%finding.value');
  if (value && !places.has('%finding.unit')) {
    judge(value, 'value', "%finding.value is a number in some unit: say which, as in %finding.unit = 'g/L' and …");
  }
  return {
    faults,
    mentions: [...places.keys()],
    parts: faults.every(({ runs }) => runs) ? parts : [],
    nodes,
    concerns: narrowed(parsed.tree, SCALES),
  };

  function tooCostly(node: Node): undefined {
    return judge(node, 'too-costly', `more than ${MAX_NODES} parts; simplify or split it`);
  }

  function walk(node: Node, among: readonly Scale[]): Checked | undefined {
    nodes += 1;
    if (nodes === MAX_NODES + 1) return tooCostly(node);
    if (nodes > MAX_NODES) return undefined;
    const [first, second] = node.children ?? [];
    if (WRAPPERS.has(node.type) && first) {
      nodes -= 1;
      return walk(first, among);
    }
    switch (node.type) {
      case 'ExternalConstantTerm':
        return variable(node, among);
      case 'LiteralTerm':
        return literal(node, first);
      case 'InvocationExpression':
        return second?.type === 'MemberInvocation'
          ? member(node, first, second, among)
          : call(node, first, second, among);
      case 'PolarityExpression':
        return polarity(node, first, among);
      default:
        return binary(node, first, second, among);
    }
  }

  function variable(node: Node, among: readonly Scale[]): Checked | undefined {
    const name = node.text ?? '';
    const value = own(VALUES, name);
    if (value) return mention(node, `%${name}`, value, among);
    if (own(OBJECTS, name)) return { type: 'object', name };
    if (name === FILL && open) return { type: 'object', name };
    if (name === FILL) {
      return judge(
        node,
        'value',
        '%fill stands for a number that is still open: a clinician fills it in before release',
      );
    }
    if (name === '') return judge(node, 'not-supported', 'write the name of a variable without quotes or backticks');
    return judge(
      node,
      'value',
      unknown(`variable %${name}`, name, [...Object.keys(OBJECTS), ...Object.keys(VALUES)], '%'),
    );
  }

  function member(
    node: Node,
    target: Node | undefined,
    { text: name = '' }: Node,
    among: readonly Scale[],
  ): Checked | undefined {
    const of = target && walk(target, among);
    const at = node.children?.[1] ?? node;
    if (!of) return undefined;
    if (of.type === 'object' && of.name === FILL) {
      note(node, `%${FILL}.${name}`);
      return { type: 'decimal', path: `%${FILL}.${name}` };
    }
    const properties = of.type === 'object' ? own(OBJECTS, of.name ?? '')?.properties : undefined;
    if (!properties) return judge(at, 'value', `${named(of)} has no properties, "${name}" neither`);
    const property = own(properties, name);
    if (property) return mention(node, `%${of.name}.${name}`, property, among);
    return judge(at, 'value', unknown(`property "${name}" of %${of.name}`, name, Object.keys(properties)));
  }

  function mention(node: Node, path: string, property: Property, among: readonly Scale[]): Checked {
    note(node, path);
    return { type: property.type, path, ...propertyAmong(path, property, among) };
  }

  function note(node: Node, path: string): void {
    mentioned.add(path);
    if (!places.has(path)) places.set(path, node);
  }

  function call(
    node: Node,
    target: Node | undefined,
    invocation: Node | undefined,
    among: readonly Scale[],
  ): Checked | undefined {
    const name = functionName(invocation);
    if (!invocation || name === undefined) return refused(node);
    if (!FUNCTIONS.some((known) => known === name)) {
      return judge(invocation, 'not-supported', unknown(`function ${name}()`, name, FUNCTIONS, '', 'allowed'));
    }
    if ((invocation.children?.[0]?.children?.length ?? 0) > 1) {
      return judge(invocation, 'not-supported', `${name}() takes no argument here`);
    }
    const of = target && walk(target, among);
    if (!of) return undefined;
    if (of.type === 'object') note(node, `%${of.name}`);
    if (name === 'count') return { type: 'integer', range: [0, 1] };
    if (name === 'not' && of.type !== 'boolean') {
      return judge(invocation, 'value', `not() needs true or false before it, this is ${named(of)}`);
    }
    return { type: 'boolean' };
  }

  function literal(node: Node, kind: Node | undefined): Checked | undefined {
    const text = kind?.text ?? '';
    switch (kind?.type) {
      case 'BooleanLiteral':
        return { type: 'boolean', literal: true };
      case 'StringLiteral':
        return { type: 'string', values: [text.slice(1, -1)], literal: true };
      case 'NumberLiteral':
        return numberLiteral(text);
      case 'QuantityLiteral':
        return duration(node, kind);
      case 'DateLiteral':
      case 'DateTimeLiteral':
        return dateLiteral(node, kind.type, text, judge);
      default:
        return judge(node, 'not-supported', `"${node.text ?? text}" is a kind of literal that is not allowed here`);
    }
  }

  function duration(node: Node, { value = '', unit = '' }: Node): Checked | undefined {
    if (/^\d+$/.test(value) && DURATIONS.some((known) => unit === known || unit === `${known}s`))
      return { type: 'duration' };
    // Fractions are cut off by the evaluator without an error, and hours mean nothing to a date.
    return judge(
      node,
      'not-supported',
      `"${value} ${unit}": only whole ${DURATIONS.map((one) => `${one}s`).join(', ')} are allowed`,
    );
  }

  function polarity(node: Node, operand: Node | undefined, among: readonly Scale[]): Checked | undefined {
    const of = operand && walk(operand, among);
    if (!of) return undefined;
    if (of.type !== 'integer' && of.type !== 'decimal') {
      return judge(node, 'value', `the sign "${node.text}" needs a number, this is ${named(of)}`);
    }
    // fhirpath 5.2.0 throws where the value is absent: then all that stands beside it would be undecided too.
    if (!of.literal) return judge(node, 'not-supported', `write 0 ${node.text} …: a sign stands before a number only`);
    if (node.text !== '-' || !of.range) return of;
    return { type: of.type, literal: of.literal, range: [0 - of.range[1], 0 - of.range[0]] };
  }

  function binary(
    node: Node,
    left: Node | undefined,
    right: Node | undefined,
    among: readonly Scale[],
  ): Checked | undefined {
    if (!OPERATORS.get(node.type)?.includes(node.text ?? '') || !left || !right) return refused(node);
    // What stands beside a part of an `and`, or before an `implies`, says what the part is asked of.
    const a = walk(left, node.type === 'AndExpression' ? narrowed(right, among) : among);
    const narrows = node.type === 'AndExpression' || node.type === 'ImpliesExpression';
    const b = walk(right, narrows ? narrowed(left, among) : among);
    return a && b ? compare(node, a, b, judge) : undefined;
  }

  function refused(node: Node): undefined {
    if (node.type === 'InvocationTerm') {
      const name = functionName(node.children?.[0]) ?? node.children?.[0]?.text ?? '';
      const near = nearMatch(name, Object.keys(OBJECTS));
      const hint = near ? `did you mean %${near}?` : `such as %${Object.keys(OBJECTS).join(', %')}`;
      const start = name ? `"${name}": ` : '';
      return judge(node, 'not-supported', `${start}a condition starts from a variable; ${hint}`);
    }
    return judge(node, 'not-supported', `${node.text ? `"${node.text}"` : node.type} is not allowed in a condition`);
  }
}

interface Conjunct {
  node: Node;
  text: string;
  /** What its neighbours leave that the finding can be. */
  among: readonly Scale[];
}

/** What `and` joins at the outermost: nodes with their text. The whole where that cannot be cut. */
function conjuncts(tree: Node, expression: string): readonly Conjunct[] {
  const signs: Node[] = [];
  const nodes: Node[] = [];
  let rest: Node = tree;
  for (;;) {
    const [first, second]: readonly Node[] = rest.children ?? [];
    if (rest.type === 'EntireExpression' && first) rest = first;
    else if (rest.type === 'AndExpression' && first && second) {
      signs.unshift(rest);
      nodes.unshift(second);
      rest = first;
    } else break;
  }
  nodes.unshift(rest);
  const cuts = signs.map((sign) => offsetOf(sign, expression));
  if (cuts.some((at) => expression.slice(at, at + 3) !== 'and')) {
    return [{ node: tree, text: expression, among: SCALES }];
  }
  return nodes.map((node, place) => ({
    node,
    text: expression.slice(place === 0 ? 0 : (cuts[place - 1] ?? 0) + 3, cuts[place]),
    among: nodes.reduce((among, other) => (other === node ? among : narrowed(other, among)), SCALES),
  }));
}

function offsetOf(node: Node, expression: string): number {
  const { line, column } = placeOf(node);
  const before = expression.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, column - 1);
}

const WRAPPERS = new Set(['EntireExpression', 'TermExpression', 'ParenthesizedTerm']);

/** Node types of the operators, and which of their signs are allowed. */
const OPERATORS: ReadonlyMap<string, readonly string[]> = new Map([
  ['AndExpression', ['and']],
  ['OrExpression', ['or', 'xor']],
  ['ImpliesExpression', ['implies']],
  ['EqualityExpression', ['=', '!=']],
  ['InequalityExpression', ['<', '>', '<=', '>=']],
  ['AdditiveExpression', ['+', '-']],
  ['MultiplicativeExpression', ['*', '/']],
]);

/** Names come from the author: `constructor` must not be found. */
function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The name of a function that is called; undefined for anything else. */
export function functionName(node: Node | undefined): string | undefined {
  return node?.type === 'FunctionInvocation' ? (node.text ?? node.children?.[0]?.text) : undefined;
}

function unknown(what: string, name: string, known: readonly string[], prefix = '', be = 'known'): string {
  const near = nearMatch(name, known);
  const list = known.slice(0, 30).map((one) => prefix + one);
  const more = known.length > list.length ? ` and ${known.length - list.length} more` : '';
  const hint = near ? `did you mean ${prefix}${near}?` : `${be} are ${list.join(', ')}${more}`;
  return `${what} is not ${be} here; ${hint}`;
}

function named({ type, path, name }: Checked): string {
  return path ?? (name ? `%${name}` : `a value of type ${type}`);
}
