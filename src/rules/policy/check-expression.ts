import { DURATIONS, FUNCTIONS, MAX_NODES, OBJECTS, type Property, VALUES } from '../policy-language.ts';
import { nearMatch } from './near-match.ts';
import { type ExpressionFault, type Node, parse, placeOf } from './syntax.ts';
import { type Checked, compare, dateLiteral, type Judge, numberLiteral } from './types.ts';

/** What an expression mentions when it is sound, or all that is wrong with it. */
export interface CheckedExpression {
  faults: readonly ExpressionFault[];
  /** Variables and properties, such as `%finding.grade` and `%previous`, each once, in order of appearance. */
  mentions: readonly string[];
}

/**
 * Checks a condition against the allow-list of policy-language.ts: every construct that is not named here is refused,
 * every variable and property is known and of the right type, comparisons can come out both ways, the result is boolean.
 * Source: FHIRPath N1 (v2.0.0); HL7 FHIR R4, PlanDefinition.action.condition.
 */
export function checkExpression(expression: string): CheckedExpression {
  const parsed = parse(expression);
  if ('fault' in parsed) return { faults: [parsed.fault], mentions: [] };
  const faults: ExpressionFault[] = [];
  const mentions = new Set<string>();
  let nodes = 0;
  const judge: Judge = (node, code, message) => {
    faults.push({ code, message, ...placeOf(node) });
    return undefined;
  };
  const result = walk(parsed.tree);
  if (result && result.type !== 'boolean') {
    judge(parsed.tree, 'value', `the condition must be true or false, this is ${named(result)}`);
  }
  return { faults, mentions: [...mentions] };

  function walk(node: Node): Checked | undefined {
    nodes += 1;
    if (nodes === MAX_NODES + 1) return judge(node, 'too-costly', `more than ${MAX_NODES} parts; simplify or split it`);
    if (nodes > MAX_NODES) return undefined;
    const [first, second] = node.children ?? [];
    if (WRAPPERS.has(node.type) && first) {
      nodes -= 1;
      return walk(first);
    }
    switch (node.type) {
      case 'ExternalConstantTerm':
        return variable(node);
      case 'LiteralTerm':
        return literal(node, first);
      case 'InvocationExpression':
        return second?.type === 'MemberInvocation' ? member(node, first, second) : call(node, first, second);
      case 'PolarityExpression':
        return polarity(node, first);
      default:
        return binary(node, first, second);
    }
  }

  function variable(node: Node): Checked | undefined {
    const name = node.text ?? '';
    const value = own(VALUES, name);
    if (value) return mention(`%${name}`, value);
    if (own(OBJECTS, name)) return { type: 'object', name };
    if (name === '') return judge(node, 'not-supported', 'write the name of a variable without quotes or backticks');
    return judge(
      node,
      'value',
      unknown(`variable %${name}`, name, [...Object.keys(OBJECTS), ...Object.keys(VALUES)], '%'),
    );
  }

  function member(node: Node, target: Node | undefined, { text: name = '' }: Node): Checked | undefined {
    const of = target && walk(target);
    const at = node.children?.[1] ?? node;
    if (!of) return undefined;
    const properties = of.type === 'object' ? own(OBJECTS, of.name ?? '')?.properties : undefined;
    if (!properties) return judge(at, 'value', `${named(of)} has no properties, "${name}" neither`);
    const property = own(properties, name);
    if (property) return mention(`%${of.name}.${name}`, property);
    return judge(at, 'value', unknown(`property "${name}" of %${of.name}`, name, Object.keys(properties)));
  }

  function mention(path: string, property: Property): Checked {
    mentions.add(path);
    return { type: property.type, path, values: property.values, range: property.range };
  }

  function call(node: Node, target: Node | undefined, invocation: Node | undefined): Checked | undefined {
    const name = functionName(invocation);
    if (!invocation || name === undefined) return refused(node);
    if (!FUNCTIONS.some((known) => known === name)) {
      return judge(invocation, 'not-supported', unknown(`function ${name}()`, name, FUNCTIONS, '', 'allowed'));
    }
    if ((invocation.children?.[0]?.children?.length ?? 0) > 1) {
      return judge(invocation, 'not-supported', `${name}() takes no argument here`);
    }
    const of = target && walk(target);
    if (!of) return undefined;
    if (of.type === 'object') mentions.add(`%${of.name}`);
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
        return { type: 'boolean' };
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

  function polarity(node: Node, operand: Node | undefined): Checked | undefined {
    const of = operand && walk(operand);
    if (!of) return undefined;
    if (of.type !== 'integer' && of.type !== 'decimal') {
      return judge(node, 'value', `the sign "${node.text}" needs a number, this is ${named(of)}`);
    }
    if (node.text !== '-' || !of.range) return of;
    return { type: of.type, literal: of.literal, range: [0 - of.range[1], 0 - of.range[0]] };
  }

  function binary(node: Node, left: Node | undefined, right: Node | undefined): Checked | undefined {
    if (!OPERATORS.get(node.type)?.includes(node.text ?? '') || !left || !right) return refused(node);
    const a = walk(left);
    const b = walk(right);
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

function functionName(node: Node | undefined): string | undefined {
  return node?.type === 'FunctionInvocation' ? (node.text ?? node.children?.[0]?.text) : undefined;
}

function unknown(what: string, name: string, known: readonly string[], prefix = '', be = 'known'): string {
  const near = nearMatch(name, known);
  const hint = near ? `did you mean ${prefix}${near}?` : `${be} are ${known.map((one) => prefix + one).join(', ')}`;
  return `${what} is not ${be} here; ${hint}`;
}

function named({ type, path, name }: Checked): string {
  return path ?? (name ? `%${name}` : `a value of type ${type}`);
}
