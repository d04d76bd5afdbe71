import type { DataRequirement, Extension, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { canonicalJson } from './canonical-json.ts';
import { askAgainOf, codeOf, priorityOf, respondWithinOf } from './policy/check-shape.ts';
import { EXTENSION } from './resources/codes.ts';

/** One thing in which two policies differ. */
export interface PolicyDifference {
  /** `renamed`: an action that decides alike under another id. */
  kind: 'added' | 'removed' | 'changed' | 'renamed';
  what:
    | 'action'
    | 'code'
    | 'priority'
    | 'condition'
    | 'trigger'
    | 'respond-within'
    | 'ask-again-after'
    | 'use-context'
    /** The actions stand in another order: so they are asked, and named. */
    | 'order'
    /** Titles, descriptions, and what else is read by people alone. */
    | 'wording';
  /** Whether it may change what is decided. */
  decides: boolean;
  /** Id of the action that it is in. */
  action?: string;
  /** As it was and as it is: a code, an expression, or canonical JSON. */
  before?: string;
  after?: string;
}

/**
 * What differs between two policies, in the order of the newer one. Status, date, version and what else does not belong to the content are left
 * out. A condition that is only written otherwise does not decide otherwise.
 */
export function comparePolicies(before: PlanDefinition, after: PlanDefinition): PolicyDifference[] {
  const [olds, news] = [before.action ?? [], after.action ?? []];
  const renamed = renamedOf(olds, news);
  const was = (action: PlanDefinitionAction): PlanDefinitionAction | undefined =>
    olds.find(({ id }) => id === action.id) ?? renamed.get(action);
  const gone = olds.filter((action) => !news.some((one) => was(one) === action));
  return [
    ...useContexts(before, after),
    ...news.flatMap((action) => {
      const old = was(action);
      return old ? compareActions(old, action) : [whole('added', action)];
    }),
    ...gone.map((action) => whole('removed', action)),
    ...order(
      olds.filter((one) => !gone.includes(one)),
      news.flatMap((one) => was(one) ?? []),
    ),
    ...wording(undefined, omit(before, CONTENT), omit(after, CONTENT)),
  ];
}

/** Actions that are new by their id and decide as one that is gone: each finds the first that is left. */
function renamedOf(
  olds: readonly PlanDefinitionAction[],
  news: readonly PlanDefinitionAction[],
): Map<PlanDefinitionAction, PlanDefinitionAction> {
  const left = olds.filter(({ id }) => !news.some((one) => one.id === id));
  const renamed = new Map<PlanDefinitionAction, PlanDefinitionAction>();
  for (const action of news) {
    if (olds.some(({ id }) => id === action.id)) continue;
    const at = left.findIndex((old) => deciding(old) === deciding(action));
    const [old] = at < 0 ? [] : left.splice(at, 1);
    if (old) renamed.set(action, old);
  }
  return renamed;
}

/** All of an action that decides, as one text. */
const deciding = (action: PlanDefinitionAction): string =>
  canonicalJson([
    codeOf(action) ?? '',
    priorityOf(action) ?? '',
    normalised(expressionOf(action)),
    triggersOf(action),
    respondOf(action) ?? '',
    askAgainOf(action) ?? '',
  ]);

function whole(kind: 'added' | 'removed', action: PlanDefinitionAction): PolicyDifference {
  const value = expressionOf(action);
  return {
    kind,
    what: 'action',
    decides: true,
    action: action.id ?? '',
    ...(kind === 'added' ? { after: value } : { before: value }),
  };
}

function compareActions(old: PlanDefinitionAction, action: PlanDefinitionAction): PolicyDifference[] {
  const id = action.id ?? '';
  const differences: PolicyDifference[] = [];
  const note = (
    what: PolicyDifference['what'],
    before: string | undefined,
    after: string | undefined,
    decides = before !== after,
  ): void => {
    if (before === after) return;
    const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    differences.push({
      kind,
      what,
      decides,
      action: id,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  };
  if (old.id !== id) {
    differences.push({ kind: 'renamed', what: 'action', decides: false, action: id, before: old.id ?? '', after: id });
  }
  note('code', codeOf(old), codeOf(action));
  note('priority', priorityOf(old), priorityOf(action));
  const [one, other] = [expressionOf(old), expressionOf(action)];
  note('condition', one, other, normalised(one) !== normalised(other));
  differences.push(
    ...sets(triggersOf(old), triggersOf(action)).map(
      (difference): PolicyDifference => ({ ...difference, what: 'trigger', decides: true, action: id }),
    ),
  );
  note('respond-within', respondOf(old), respondOf(action));
  note('ask-again-after', askAgainOf(old), askAgainOf(action));
  const rest = (of: PlanDefinitionAction): object => ({
    ...omit(of, HANDLED),
    extension: others(of),
    // What wakes alike may be said in another order, or as data-modified.
    trigger: of.trigger?.map(({ data: _data, ...how }) => how),
    condition: of.condition?.map(({ expression, ...kind }) => ({ ...kind, ...omit(expression ?? {}, ['expression']) })),
  });
  return [...differences, ...wording(id, rest(old), rest(action))];
}

export const expressionOf = ({ condition }: PlanDefinitionAction): string =>
  condition?.[0]?.expression?.expression ?? '';

/** Space between tokens does not decide; that within quotes does. What holds a comment is taken as it is written. */
const normalised = (expression: string): string => (/\/[/*]|`/.test(expression) ? expression : spaced(expression));

const spaced = (expression: string): string =>
  expression
    .split(/('(?:[^'\\]|\\.)*')/)
    .map((part, n) => (n % 2 === 1 ? part : part.replace(/\s*([()=<>!+\-*/]+)\s*/g, ' $1 ').replace(/\s+/g, ' ')))
    .join('')
    .replace(/\s*([()])\s*/g, '$1')
    .trim();

/** Extensions that this engine does not act on. */
function others({ extension = [] }: PlanDefinitionAction): Extension[] | undefined {
  const left = extension.filter(({ url }) => !ACTED_ON.includes(url));
  return left.length > 0 ? left : undefined;
}

const ACTED_ON: readonly string[] = [EXTENSION.flagPriority, EXTENSION.respondWithin, EXTENSION.askAgainAfter];

/** Each trigger as canonical JSON of its data, once, sorted: data-added and data-modified wake alike. */
const triggersOf = ({ trigger = [] }: PlanDefinitionAction): string[] =>
  [...new Set(trigger.flatMap(({ data = [] }) => data.map((one: DataRequirement) => canonicalJson(one))))].sort();

function respondOf(action: PlanDefinitionAction): string | undefined {
  const within = respondWithinOf(action);
  return within && `${within.hours} h ${within.clock}`;
}

function sets(
  before: readonly string[],
  after: readonly string[],
): (Pick<PolicyDifference, 'before' | 'after'> & { kind: 'added' | 'removed' })[] {
  return [
    ...before.filter((one) => !after.includes(one)).map((one) => ({ kind: 'removed' as const, before: one })),
    ...after.filter((one) => !before.includes(one)).map((one) => ({ kind: 'added' as const, after: one })),
  ];
}

function useContexts(
  { useContext: one = [] }: PlanDefinition,
  { useContext: other = [] }: PlanDefinition,
): PolicyDifference[] {
  const texts = (list: readonly object[]): string[] => list.map((context) => canonicalJson(context)).sort();
  return sets(texts(one), texts(other)).map((difference) => ({ ...difference, what: 'use-context', decides: true }));
}

function order(before: readonly PlanDefinitionAction[], after: readonly PlanDefinitionAction[]): PolicyDifference[] {
  const ids = (list: readonly PlanDefinitionAction[]): string => list.map(({ id }) => id).join(', ');
  if (ids(before) === ids(after)) return [];
  return [{ kind: 'changed', what: 'order', decides: false, before: ids(before), after: ids(after) }];
}

/** Elements that differ and are read by people alone: one difference for each. */
function wording(action: string | undefined, before: object, after: object): PolicyDifference[] {
  const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...one.keys(), ...other.keys()])].sort().flatMap((name): PolicyDifference[] => {
    const [was, is] = [textOf(one.get(name)), textOf(other.get(name))];
    if (was === is) return [];
    return [
      {
        kind: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
        what: 'wording',
        decides: false,
        ...(action === undefined ? {} : { action }),
        ...(was === undefined ? {} : { before: `${name}: ${was}` }),
        ...(is === undefined ? {} : { after: `${name}: ${is}` }),
      },
    ];
  });
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** What is no content of the policy, or is compared above. */
const CONTENT = ['resourceType', 'id', 'meta', 'text', 'status', 'date', 'url', 'version', 'action', 'useContext'];
const HANDLED = ['id', 'code', 'extension', 'trigger', 'condition'];

const omit = (of: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(of).filter(([name]) => !names.includes(name)));
