import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';

/** A constraint of a profile, ready to run; or one that is understood but cannot be decided here, and why. */
export type Expression =
  | {
      readonly kind: 'runs';
      evaluate(value: unknown, base: string, around: { resource: object; root: object }): boolean;
    }
  | { readonly kind: 'not-checked'; readonly why: string };

/** What is wrong with an expression. */
export interface ExpressionFault {
  readonly code: 'invalid' | 'not-supported' | 'too-costly';
  readonly message: string;
}

/** HL7's longest constraint of R4 has 460 characters and 119 parts. */
const MAX_LENGTH = 4_000;
const MAX_NODES = 600;

/** Milliseconds that one validation against profiles may take; an Observation takes about one, and the clock also runs while others have the processor. */
export const MOST_MILLISECONDS = 1_000;

/** The functions of FHIRPath that look at nothing but the resource. Source: FHIRPath N1 (v2.0.0); FHIR R4, FHIRPath, section 2.9.1.4. */
const FUNCTIONS = new Set(
  `empty not exists all allTrue anyTrue allFalse anyFalse subsetOf supersetOf isDistinct distinct count where
   select repeat ofType is as first last single tail skip take intersect exclude union combine iif toInteger toDecimal
   toString toDate toDateTime toTime toBoolean toQuantity convertsToInteger convertsToDecimal convertsToString
   convertsToDate convertsToDateTime convertsToTime convertsToBoolean convertsToQuantity indexOf substring startsWith
   endsWith contains upper lower replace matches replaceMatches length toChars abs ceiling exp floor ln log power
   round sqrt truncate children descendants now today timeOfDay extension hasValue getValue htmlChecks htmlchecks
   aggregate trace type`.split(/\s+/),
);

/** Functions of the specification that need what lies outside the resource. */
const BEYOND: Readonly<Record<string, string>> = {
  resolve: 'it follows references',
  memberOf: 'it asks a terminology server',
  conformsTo: 'it asks for another profile',
  subsumes: 'it asks a terminology server',
  subsumedBy: 'it asks a terminology server',
  elementDefinition: 'it reads definitions',
  slice: 'it reads definitions',
  checkModifiers: 'it reads definitions',
};

const VARIABLES = new Set(['resource', 'rootResource', 'context', 'ucum', 'sct', 'loinc']);

interface Node {
  readonly type?: string;
  readonly text?: string;
  readonly children?: readonly Node[];
}

/**
 * Reads the expression of a constraint. It comes from whoever posted the profile: only functions in the list above are run, it is bounded in
 * length, and each run in time (see `bounded`). `base` of `evaluate` is the type or backbone element of the value
 * (`Quantity`, `Observation.component`). Source: FHIR R4, ElementDefinition.constraint.expression.
 */
export function readExpression(expression: string): Expression | ExpressionFault {
  if (expression.length > MAX_LENGTH) {
    return { code: 'too-costly', message: `has ${expression.length} characters; at most ${MAX_LENGTH} are read` };
  }
  let nodes = 0;
  let beyond: string | undefined;
  let fault: ExpressionFault | undefined;
  const walk = (node: Node): void => {
    nodes += 1;
    const name = node.type === 'FunctionInvocation' ? (node.text ?? node.children?.[0]?.text ?? '') : undefined;
    if (name !== undefined && !FUNCTIONS.has(name)) {
      if (Object.hasOwn(BEYOND, name)) beyond ??= `${name}(): ${BEYOND[name]}`;
      else fault ??= { code: 'not-supported', message: `uses ${safe(name)}(), which is no function of FHIRPath in R4` };
    }
    if (node.type === 'ExternalConstantTerm') {
      const variable = (node.text ?? '').replace(/[`'"%]/g, '');
      if (variable !== '' && !VARIABLES.has(variable) && !/^(?:vs|ext)-/.test(variable)) {
        fault ??= { code: 'not-supported', message: `uses %${safe(variable)}, which is not defined for a constraint` };
      }
    }
    for (const child of node.children ?? []) walk(child);
  };
  try {
    walk(fhirpath.parse(expression) as Node); // the library types its tree as any
    if (fault) return fault;
    if (nodes > MAX_NODES) return { code: 'too-costly', message: `has ${nodes} parts; at most ${MAX_NODES} are run` };
    if (beyond !== undefined) return { kind: 'not-checked', why: beyond };
  } catch {
    return { code: 'invalid', message: 'is not FHIRPath' };
  }
  type Compiled = (data: unknown, variables: Record<string, unknown>) => unknown;
  const compiled = new Map<string, Compiled>();
  return {
    kind: 'runs',
    evaluate: (value, base, { resource, root }) => {
      const run: Compiled =
        compiled.get(base) ?? fhirpath.compile({ base, expression }, r4, { async: false, traceFn: () => {} });
      compiled.set(base, run);
      const result = run(value, { resource, rootResource: root });
      const [first, ...more] = Array.isArray(result) ? (result as unknown[]) : [];
      return typeof first === 'boolean' && more.length === 0 ? first : first !== undefined;
    },
  };
}

const safe = (name: string): string => (/^\w{1,40}$/.test(name) ? name : 'something');
