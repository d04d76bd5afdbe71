import { fault, type Issue } from './errors.ts';
import { ADVICE_DATA } from './generated/advice.js';
import { CONSTRAINTS } from './generated/validators.js';
import { isNode, type Node, nodes } from './invariants/node.ts';
import { ADVICE } from './invariants.ts';
import { NO_TERMINOLOGY, type Terminology } from './terminology.ts';

const MAX_ISSUES = 50;

/** What the definitions advise on one element, by its JSON name. */
export interface ElementAdvice {
  /** The schema of its content, where that leads to more advice; `Resource` stands for any. */
  type?: string;
  /** The element's name where it is a choice. */
  stem?: string;
  /** Canonical of the ValueSet that it is bound to as extensible. */
  extensible?: string;
  /** Keys of constraints of severity warning. */
  advice?: string[];
}

/** Advice by schema name (`Patient`, `Patient.contact`, `Identifier`), and the value sets that R4's own files enumerate. */
export interface AdviceData {
  types: Record<string, { advice?: string[]; elements?: Record<string, ElementAdvice> }>;
  /** Canonical to `system|code`. */
  valueSets: Record<string, string[]>;
}

/**
 * What the R4 definitions advise and do not demand: constraints of severity warning, and extensible bindings of which no
 * coding came. A coded value with a text only says that no code fits, and passes. `terminology` answers for value sets that are
 * stored; where it does not hold one, R4's own enumeration does, if there is one. Content of extensions is not looked at.
 * Never an error, at most 50 issues, for resources that `validateStructure` found nothing in. That a narrative is missing
 * (dom-6) is information. Constraints in `passedOver` are not asked. Source: FHIR R4 (4.0.1), section 4.1.5 (binding strength), `constraint` of the StructureDefinitions.
 */
export function advise(
  resource: unknown,
  terminology: Terminology = NO_TERMINOLOGY,
  passedOver: ReadonlySet<string> = new Set(),
): Issue[] {
  if (!isNode(resource) || typeof resource.resourceType !== 'string') return [];
  const issues: Issue[] = [];
  walk(resource, resource.resourceType, resource.resourceType, {
    root: resource,
    membersOf: membership(terminology),
    passedOver,
    issues,
  });
  return issues.slice(0, MAX_ISSUES);
}

interface Walk {
  root: Node;
  membersOf(valueSet: string): ReadonlySet<string> | undefined;
  passedOver: ReadonlySet<string>;
  issues: Issue[];
}

let parsed: { types: AdviceData['types']; valueSets: ReadonlyMap<string, ReadonlySet<string>> } | undefined;

/** Read when it is first asked for: no write asks. */
function data(): NonNullable<typeof parsed> {
  if (!parsed) {
    const { types, valueSets } = JSON.parse(ADVICE_DATA) as AdviceData;
    parsed = { types, valueSets: new Map(Object.entries(valueSets).map(([url, codes]) => [url, new Set(codes)])) };
  }
  return parsed;
}

/** The members of a value set as `system|code`, or undefined where nobody lists them; each looked up once. */
function membership(terminology: Terminology): Walk['membersOf'] {
  const found = new Map<string, ReadonlySet<string> | undefined>();
  return (valueSet) => {
    if (!found.has(valueSet)) {
      const stored = terminology.expand(valueSet)?.map(({ system, code }) => `${system}|${code}`);
      found.set(valueSet, stored ? new Set(stored) : data().valueSets.get(valueSet));
    }
    return found.get(valueSet);
  };
}

function walk(node: Node, type: string, path: string, state: Walk): void {
  const { types } = data();
  const own = Object.hasOwn(types, type) ? types[type] : undefined;
  if (!own || state.issues.length >= MAX_ISSUES) return;
  for (const key of own.advice ?? []) ask(key, node, path, state);
  for (const [name, { type, stem = name, extensible, advice = [] }] of Object.entries(own.elements ?? {})) {
    const isList = Array.isArray(node[name]);
    nodes(node, name).forEach((value, i) => {
      const place = isList ? `${path}.${stem}[${i}]` : `${path}.${stem}`;
      for (const key of advice) ask(key, value, place, state);
      if (extensible) bind(extensible, value, place, state);
      if (type === 'Resource') walkResource(value, name, place, state);
      else if (type) walk(value, type, place, state);
    });
  }
}

/** A resource in a Bundle or Parameters is one of its own; a contained one needs no narrative. */
function walkResource(resource: Node, name: string, path: string, state: Walk): void {
  if (typeof resource.resourceType !== 'string') return;
  walk(resource, resource.resourceType, path, name === 'contained' ? state : { ...state, root: resource });
}

function ask(key: string, node: Node, path: string, { root, passedOver, issues }: Walk): void {
  if (passedOver.has(key) || (key === 'dom-6' && node !== root)) return;
  if (ADVICE[key]?.(node, root, node) !== false) return;
  const severity = key === 'dom-6' ? 'information' : 'warning';
  issues.push({ ...fault('invariant', `The advice ${key} is not followed: ${CONSTRAINTS[key]}`, path), severity });
}

function bind(valueSet: string, value: Node, path: string, { membersOf, issues }: Walk): void {
  const codings = (Array.isArray(value.coding) ? nodes(value, 'coding') : [value]).filter(
    ({ code }) => typeof code === 'string',
  );
  if (codings.length === 0) return;
  const members = membersOf(valueSet);
  if (!members || codings.some(({ system, code }) => members.has(`${system}|${code}`))) return;
  const says = `Expected a coding of ${valueSet}, if one of its codes fits (the binding is extensible); none came`;
  issues.push({ ...fault('code-invalid', says, path), severity: 'warning' });
}
