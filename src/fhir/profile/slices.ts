import { childOf } from './elements.ts';
import { type Item, isObject, itemsOf } from './items.ts';
import { CORE } from './layers.ts';
import type { CompiledProfile, Discriminator, Rule, Slicing, Step, TypeRule } from './model.ts';
import { fits, isEqual } from './values.ts';

/** Yes, no, or not to be told from what is here (a reference that leads elsewhere, a set that cannot be enumerated). */
export type Match = true | false | undefined;

/** What slices are told by that lies outside the value itself. */
export interface SliceContext {
  profile(canonical: string): CompiledProfile | undefined;
  conforms(item: Item, profile: CompiledProfile): boolean;
  /** Whether a code is in a value set; undefined where that is not known. */
  isBound(item: Item, valueSet: string): boolean | undefined;
  /** The resource that a reference leads to, where it is in the same resource. */
  resolve(item: Item): Item | undefined;
}

/**
 * Whether a value is of a slice: every discriminator says so. Source: FHIR R4, section 5.1.0.7 (Discriminator).
 */
export function isOfSlice(item: Item, slice: Rule, slicing: Slicing, context: SliceContext): Match {
  let match: Match = true;
  for (const discriminator of slicing.discriminators) {
    const one = says(item, slice, discriminator, context);
    if (one === false) return false;
    if (one === undefined) match = undefined;
  }
  // Without a discriminator the profile must be read as a whole, which no one can do surely.
  return slicing.discriminators.length === 0 ? undefined : match;
}

function says(item: Item, slice: Rule, { type, path }: Discriminator, context: SliceContext): Match {
  const values = follow([item], path, context);
  const rules = rulesAt(slice, path, context);
  if (type === 'exists') {
    const [rule] = rules.rules;
    if (!values || !rule) return undefined;
    if (rule.max === 0) return values.length === 0;
    return (rule.min ?? 0) > 0 ? values.length > 0 : undefined;
  }
  if (!values) {
    return type === 'type' ? byReference(item, path, rules.types) : undefined;
  }
  switch (type) {
    case 'type':
      if (rules.types.length === 0) return undefined;
      return values.some((value) => rules.types.some(({ code }) => isOfType(value, code)));
    case 'profile': {
      const profiles = rules.types.flatMap(({ profiles }) => profiles);
      const held = profiles.flatMap((canonical) => context.profile(canonical) ?? []);
      if (held.length === 0) return undefined;
      if (values.some((value) => held.some((profile) => context.conforms(value, profile)))) return true;
      return held.length < profiles.length ? undefined : false;
    }
    default:
      return byValue(values, rules, path, context);
  }
}

function byValue(values: readonly Item[], { rules, urls }: Found, path: readonly Step[], context: SliceContext): Match {
  // The url of an extension follows from the definition that the slice names.
  if (urls.length > 0 && !rules.some(({ fixed }) => fixed) && isUrl(path)) {
    return values.some(({ value }) => urls.includes(String(value)));
  }
  if (rules.length === 0) return undefined;
  const told = values.flatMap((value) => rules.map((rule) => matchesRule(value, rule, context)));
  if (told.includes(true)) return true;
  return values.length === 0 || told.includes(false) ? false : undefined;
}

const isUrl = (path: readonly Step[]): boolean => {
  const last = path.at(-1);
  return last?.kind === 'child' && last.name === 'url';
};

/** By fixed value, pattern or required binding, of the rule itself or of what it holds; undefined where it has none of these. */
function matchesRule(item: Item, rule: Rule, context: SliceContext): Match {
  let match: Match;
  const and = (one: Match): void => {
    if (one !== undefined) match = one && match !== false;
  };
  if (rule.fixed) and(isEqual(item.value, rule.fixed.value));
  if (rule.pattern) and(fits(item.value, rule.pattern.value));
  if (rule.binding?.strength === 'required') and(context.isBound(item, rule.binding.valueSet));
  for (const inner of [...rule.children.values(), ...rule.slices.values()]) {
    if (match === false) break;
    const values = inner.sliceName !== undefined ? [item] : inner.child ? itemsOf(item, inner.child) : [];
    const told = values.map((value) => matchesRule(value, inner, context));
    if (values.length === 0) {
      // What a slice must hold and this does not.
      if ((inner.min ?? 0) > 0 && saysSomething(inner)) and(false);
    } else if (told.some((one) => one !== undefined)) {
      and(told.some((one) => one === true));
    }
  }
  return match;
}

const saysSomething = (rule: Rule): boolean =>
  rule.fixed !== undefined || rule.pattern !== undefined || [...rule.children.values()].some(saysSomething);

interface Found {
  /** Several where an element on the way is sliced itself. */
  rules: readonly Rule[];
  types: readonly TypeRule[];
  /** Of the extension definitions that the slice names. */
  urls: readonly string[];
}

/** What a slice says of the place that a discriminator names. */
function rulesAt(slice: Rule, path: readonly Step[], context: SliceContext): Found {
  let types = slice.types ?? [];
  const urls =
    slice.name === 'extension' || slice.name === 'modifierExtension'
      ? types.flatMap(({ profiles }) => profiles.map((canonical) => canonical.split('|')[0] ?? ''))
      : [];
  let rules: Rule[] = [slice];
  for (const step of path) {
    const inner = rules.flatMap((rule) => stepRules(rule, step));
    // What a slice does not say itself may be said by the profile that its values have.
    const told = types.flatMap(({ profiles }) => profiles.flatMap((canonical) => context.profile(canonical) ?? []));
    rules = inner.length > 0 ? inner : told.flatMap(({ root }) => stepRules(root, step));
    const narrowed = rules.flatMap((rule) => rule.types ?? []);
    types = narrowed.length > 0 || step.kind !== 'resolve' ? narrowed : targetTypes(types);
  }
  return { rules, types, urls };
}

/** What a rule says of a step; where it says nothing, what its own slices say. */
function stepRules(rule: Rule, step: Step): Rule[] {
  const own = stepRule(rule, step);
  return own ? [own] : [...rule.slices.values()].flatMap((inner) => stepRules(inner, step));
}

/** A reference's targets, as the types and profiles of what it leads to. */
const targetTypes = (types: readonly TypeRule[]): TypeRule[] =>
  types.flatMap(({ targets }) =>
    targets.map((target) => ({
      code: target.slice(target.lastIndexOf('/') + 1),
      profiles: [target],
      targets: [],
      aggregation: [],
    })),
  );

function stepRule(rule: Rule, step: Step): Rule | undefined {
  switch (step.kind) {
    case 'child':
      return rule.children.get(step.name) ?? rule.children.get(`${step.name}[x]`);
    case 'extension':
      return [...(rule.children.get('extension')?.slices.values() ?? [])].find(
        ({ types, children }) =>
          types?.some(({ profiles }) => profiles.includes(step.url)) || children.get('url')?.fixed?.value === step.url,
      );
    case 'ofType':
      return rule;
    case 'resolve':
      return undefined;
  }
}

/** The values at a path; undefined where a reference cannot be followed. */
function follow(items: readonly Item[], path: readonly Step[], context: SliceContext): Item[] | undefined {
  let found = [...items];
  for (const step of path) {
    const next: Item[] = [];
    for (const item of found) {
      if (step.kind === 'resolve') {
        const target = context.resolve(item);
        if (!target) return undefined;
        next.push(target);
      } else if (step.kind === 'ofType') {
        if (isOfType(item, step.type)) next.push(item);
      } else {
        next.push(...stepItems(item, step));
      }
    }
    found = next;
  }
  return found;
}

function stepItems(item: Item, step: Step & { kind: 'child' | 'extension' }): Item[] {
  const name = step.kind === 'child' ? step.name : 'extension';
  const child = childOf(item.scope, name) ?? childOf(item.scope, `${name}[x]`);
  const items = child ? itemsOf(item, child) : [];
  return step.kind === 'child' ? items : items.filter(({ value }) => isObject(value) && value.url === step.url);
}

const isOfType = ({ type, value }: Item, code: string): boolean =>
  type === code ||
  type.toLowerCase() === code.toLowerCase() ||
  code === 'Element' ||
  (isObject(value) && (value.resourceType === code || (code === 'Resource' && value.resourceType !== undefined)));

/** The type that a reference names, when what it leads to is not here. */
function byReference(item: Item, path: readonly Step[], types: readonly TypeRule[]): Match {
  const before = path.slice(0, -1);
  if (path.at(-1)?.kind !== 'resolve' || before.some(({ kind }) => kind === 'resolve')) return undefined;
  const [reference] = follow([item], before, NOTHING) ?? [];
  const named = reference && typeOfReference(reference.value);
  if (named === undefined || types.length === 0) return undefined;
  return types.some(({ code, profiles }) => code === named || profiles.includes(`${CORE}${named}`));
}

const NOTHING: SliceContext = {
  profile: () => undefined,
  conforms: () => false,
  isBound: () => undefined,
  resolve: () => undefined,
};

/** The resource type that a Reference says: in its literal reference or in `type`. */
export function typeOfReference(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const { reference, type } = value;
  const named =
    typeof reference === 'string'
      ? /(?:^|\/)([A-Z][A-Za-z]{1,40})\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/.exec(reference)?.[1]
      : undefined;
  return named ?? (typeof type === 'string' ? type : undefined);
}
