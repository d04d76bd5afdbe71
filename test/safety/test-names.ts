import ts from 'typescript';

/** A test that a file surely runs. */
export interface RunTest {
  /** Its whole name, or a pattern of that where parts of it are known only when it runs. */
  name: string | RegExp;
  /** What its name is made of: the text of its case, and words beside what is known only when it runs. */
  parts: readonly string[];
}

/** What names stand for in one turn of a loop; undefined where that is known only when it runs. */
type Turn = ReadonlyMap<string, string | undefined>;

/** Whether the name of a test that ran, or of one around it, is that of one of these. */
export const isNamed = (tests: readonly RunTest[], name: string): boolean =>
  tests.some((one) => (typeof one.name === 'string' ? one.name === name : one.name.test(name)));

/** The tests of a file that are called so: by their whole name, or by that of their case. None where nothing surely runs under it. */
export const testsCalled = (source: string, called: string): RunTest[] =>
  testsOf(source).filter(({ name, parts }) => name === called || parts.includes(called));

/**
 * The tests that a file surely runs, subtests too, in the order in which they stand in `source`. A test is a call `t.test(name, body)`; in a loop over a
 * table that is written in the file it is one for each case. What is in a comment is none, nor what may be left out: by `skip` or `todo`, by options that
 * cannot be read here, by an `if`, or because a test around it may be.
 */
export function testsOf(source: string): RunTest[] {
  const tests: RunTest[] = [];
  const visit = (node: ts.Node, turn: Turn): void => {
    if (mayBeLeftOut(node)) return;
    if (ts.isForOfStatement(node)) {
      for (const next of turnsOf(node, turn)) visit(node.statement, next);
      return;
    }
    const [name] = isTest(node) ? node.arguments : [];
    const one = name && testOf(partsOf(name, turn));
    if (one) tests.push(one);
    ts.forEachChild(node, (child) => visit(child, turn));
  };
  visit(ts.createSourceFile('of.test.ts', source, ts.ScriptTarget.ESNext, true), new Map());
  return tests;
}

/** `pattern.test(text)` is a call of the same name: it has no body. */
const isTest = (node: ts.Node): node is ts.CallExpression => methodOf(node) === 'test' && bodyOf(node) !== undefined;

const methodOf = (node: ts.Node): string | undefined =>
  ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : undefined;

const bodyOf = (node: ts.Node): ts.Node | undefined =>
  ts.isCallExpression(node)
    ? node.arguments.find((one) => ts.isArrowFunction(one) || ts.isFunctionExpression(one))
    : undefined;

function mayBeLeftOut(node: ts.Node): boolean {
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) return true;
  const method = methodOf(node);
  if (method === 'skip' || method === 'todo') return true;
  if (!isTest(node)) return false;
  const options = node.arguments.slice(1).filter((one) => one !== bodyOf(node));
  return !options.every(ts.isObjectLiteralExpression) || options.some(({ properties }) => properties.some(leavesOut));
}

const leavesOut = ({ name }: ts.ObjectLiteralElementLike): boolean => {
  const text = name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined;
  return text === undefined || text === 'skip' || text === 'todo';
};

/** Part of a name: its text, undefined where that is known only when it runs; `isCase` where it comes of a case. */
interface Part {
  text: string | undefined;
  isCase: boolean;
}

/** Undefined where nothing of its name is known. */
function testOf(parts: readonly Part[]): RunTest | undefined {
  const texts = parts.map(({ text }) => text);
  if (texts.every((text) => text === undefined || text === '')) return undefined;
  const isWhole = texts.every((text) => text !== undefined);
  const pattern = texts.map((text) => text?.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') ?? '.+');
  return {
    name: isWhole ? texts.join('') : new RegExp(`^${pattern.join('')}$`),
    parts: parts.flatMap(({ text, isCase }) => (text !== undefined && (isCase || !isWhole) ? text.trim() : [])),
  };
}

function partsOf(said: ts.Expression, turn: Turn): Part[] {
  if (ts.isTemplateExpression(said)) {
    return [said.head, ...said.templateSpans].flatMap((one): Part[] => {
      if (!ts.isTemplateSpan(one)) return [{ text: one.text, isCase: false }];
      return [...partsOf(one.expression, turn), { text: one.literal.text, isCase: false }];
    });
  }
  const isCase = ts.isIdentifier(said);
  return [{ text: isCase ? turn.get(said.text) : textOf(said), isCase }];
}

const textOf = (node: ts.Node | undefined): string | undefined =>
  node && ts.isStringLiteralLike(node) ? node.text : undefined;

/** What the names of a loop stand for, by the cases of its table; one turn of which nothing is known where that is not written in the file. */
function turnsOf({ expression, initializer, parent }: ts.ForOfStatement, around: Turn): Turn[] {
  const [declared] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
  const bind = (one: ts.Node | undefined): Turn => new Map([...around, ...(declared ? bound(declared.name, one) : [])]);
  return casesOf(expression, parent)?.map(bind) ?? [bind(undefined)];
}

/** Names of a declaration, `name`, `[name, …]` or `{ name, … }`, with the texts that a case has for them. */
function bound(declared: ts.BindingName, one: ts.Node | undefined): [name: string, text: string | undefined][] {
  if (ts.isIdentifier(declared)) return [[declared.text, textOf(one)]];
  return declared.elements.flatMap((element, at): [string, string | undefined][] => {
    if (ts.isOmittedExpression(element)) return [];
    const key = element.propertyName ?? element.name;
    const part = ts.isArrayBindingPattern(declared)
      ? partAt(one, at)
      : one && ts.isObjectLiteralExpression(one)
        ? one.properties.filter(ts.isPropertyAssignment).find((member) => member.name.getText() === key.getText())
            ?.initializer
        : undefined;
    return bound(element.name, part);
  });
}

/** Of a member of an object its name comes first, as `Object.entries` gives it. */
function partAt(one: ts.Node | undefined, at: number): ts.Node | undefined {
  if (one && ts.isArrayLiteralExpression(one)) return one.elements[at];
  return one && ts.isPropertyAssignment(one) && at === 0 ? asText(one.name) : undefined;
}

const asText = (name: ts.PropertyName): ts.Node | undefined =>
  ts.isIdentifier(name) ? ts.factory.createStringLiteral(name.text) : ts.isStringLiteral(name) ? name : undefined;

/** The cases of a table: elements of a list, or members of an object. Undefined where it is not written in the file. */
function casesOf(table: ts.Expression, from: ts.Node): readonly ts.Node[] | undefined {
  if (ts.isAsExpression(table) || ts.isSatisfiesExpression(table) || ts.isParenthesizedExpression(table)) {
    return casesOf(table.expression, from);
  }
  if (ts.isArrayLiteralExpression(table)) return table.elements;
  if (ts.isIdentifier(table)) {
    const initializer = initializerOf(table.text, from);
    return initializer && casesOf(initializer, from);
  }
  if (!ts.isCallExpression(table) || table.expression.getText() !== 'Object.entries') return undefined;
  const [argument] = table.arguments;
  const object = argument && ts.isIdentifier(argument) ? initializerOf(argument.text, from) : argument;
  return object && ts.isObjectLiteralExpression(object) ? object.properties : undefined;
}

/** What a constant is that is declared around a place in the file. */
function initializerOf(name: string, from: ts.Node | undefined): ts.Expression | undefined {
  if (!from) return undefined;
  const statements = ts.isSourceFile(from) || ts.isBlock(from) ? from.statements : [];
  for (const statement of statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const found = statement.declarationList.declarations.find((one) => one.name.getText() === name);
    if (found) return found.initializer;
  }
  return initializerOf(name, from.parent);
}
