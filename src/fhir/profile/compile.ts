import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import { fault, type Issue, type IssueCode } from '../errors.ts';
import { type Child, childOf, isKnownType, jsonName, type Scope, scopeOfValue } from './elements.ts';
import { readExpression } from './expression.ts';
import { CORE, type FindDefinition, layersOf, safe } from './layers.ts';
import type { CompiledProfile, Discriminator, Rule, Slicing, TypeRule } from './model.ts';
import { readPath, type Segment, segmentsOf } from './paths.ts';

/** Nobody reads more at once. */
const MOST_FAULTS = 50;
/**
 * Compiles a profile: its differential over those of the profiles that it rests on, down to the R4 type; where one of these is not held, its
 * snapshot. `faults` says what cannot be compiled, each with the element (`StructureDefinition.differential.element[3].path`);
 * without faults `profile` is ready. Source: FHIR R4, section 5.1 (Profiling) and 5.3 (StructureDefinition).
 */
export function compileProfile(
  definition: StructureDefinition,
  find: FindDefinition,
): { profile?: CompiledProfile; faults: Issue[] } {
  const { type = '', url = '', version } = definition;
  if (!isKnownType(type)) {
    return {
      faults: [fault('not-supported', `The type ${safe(type)} is not served here`, 'StructureDefinition.type')],
    };
  }
  const layers = layersOf(definition, find);
  if ('faults' in layers) return layers;
  const root: Rule = { ...emptyRule(type, type), scope: { type, path: '' } };
  const faults: Issue[] = [];
  for (const [i, { elements, where }] of layers.layers.entries()) {
    const own = i === layers.layers.length - 1;
    const found: Issue[] = [];
    new Layer(root, where, found).apply(elements);
    // What is wrong in a base is told where the base is; here it would name elements that are not in this resource.
    faults.push(
      ...(own
        ? found
        : found.slice(0, 1).map(({ diagnostics }) => ({
            ...fault('processing', `The profile that this one rests on cannot be compiled: ${diagnostics}`),
            expression: 'StructureDefinition.baseDefinition',
          }))),
    );
  }
  if (faults.length > 0) return { faults: faults.slice(0, MOST_FAULTS) };
  const contexts = (definition.context ?? []).map(({ type, expression }) => ({ type, expression }));
  return { profile: { url, ...(version ? { version } : {}), type, root, contexts }, faults };
}

const emptyRule = (name: string, id: string, child?: Child): Rule => ({
  name,
  id,
  ...(child ? { child } : {}),
  scope: undefined,
  constraints: new Map(),
  slices: new Map(),
  children: new Map(),
});

/** The element definitions of one StructureDefinition, written over the rules of its base. */
class Layer {
  readonly #root: Rule;
  readonly #where: string;
  readonly #faults: Issue[];

  constructor(root: Rule, where: string, faults: Issue[]) {
    this.#root = root;
    this.#where = where;
    this.#faults = faults;
  }

  apply(elements: readonly ElementDefinition[]): void {
    let before: Segment[] = [];
    for (const [i, element] of elements.entries()) {
      const place = `${this.#where}.element[${i}]`;
      const segments = segmentsOf(element, before);
      before = segments;
      if (segments[0]?.name !== this.#root.name) {
        this.#say('value', `expected a path within ${this.#root.name}`, `${place}.path`);
        continue;
      }
      const rule = this.#find(segments, element, place);
      if (rule) this.#write(rule, element, place);
    }
  }

  #say(code: IssueCode, diagnostics: string, expression: string): undefined {
    this.#faults.push(fault(code, diagnostics, expression));
    return undefined;
  }

  /** The rule of an element, made where there is none yet. */
  #find(segments: readonly Segment[], element: ElementDefinition, place: string): Rule | undefined {
    let rule = this.#root;
    for (const { name, slice } of segments.slice(1)) {
      const scope = scopeOf(rule);
      if (!scope) {
        return this.#say(
          'value',
          `${rule.id} may have several types; constrain it to one, or slice it by type, before what it holds`,
          `${place}.path`,
        );
      }
      const inner = childRule(rule, scope, name);
      if (!inner) {
        return this.#say('value', `There is no element ${safe(name)} in ${rule.id}`, `${place}.path`);
      }
      rule = slice === undefined ? inner : sliceRule(inner, slice);
    }
    if (element.sliceName !== undefined && rule.sliceName === undefined && segments.length > 1) {
      rule = sliceRule(rule, element.sliceName);
    }
    return rule;
  }

  #write(rule: Rule, element: ElementDefinition, place: string): void {
    if (element.slicing) {
      const slicing = this.#slicing(element.slicing, place);
      if (slicing) rule.slicing = slicing;
    }
    this.#cardinality(rule, element, place);
    if (element.type) this.#types(rule, element, place);
    for (const [key, value] of Object.entries(element)) {
      if (/^fixed[A-Z]/.test(key)) rule.fixed = { value };
      else if (/^pattern[A-Z]/.test(key)) rule.pattern = { value };
      else if (/^minValue[A-Z]/.test(key)) rule.minValue = value;
      else if (/^maxValue[A-Z]/.test(key)) rule.maxValue = value;
    }
    if (element.maxLength !== undefined) rule.maxLength = element.maxLength;
    const { strength, valueSet } = element.binding ?? {};
    if (strength !== undefined && valueSet !== undefined) rule.binding = { strength, valueSet };
    for (const [i, constraint] of (element.constraint ?? []).entries()) {
      const { key = '', severity, human = '', expression, source } = constraint;
      // What the type itself demands is checked with its structure; without an expression there is nothing to check.
      if (expression === undefined || isOfType(source)) continue;
      const read = readExpression(expression);
      if ('kind' in read) {
        rule.constraints.set(key, {
          key,
          severity: severity === 'warning' ? 'warning' : 'error',
          human,
          expression: read,
        });
      } else {
        this.#say(
          read.code,
          `The expression of constraint ${safe(key)} ${read.message}`,
          `${place}.constraint[${i}].expression`,
        );
      }
    }
  }

  #cardinality(rule: Rule, { min, max }: ElementDefinition, place: string): void {
    const most = max === undefined ? undefined : max === '*' ? Number.POSITIVE_INFINITY : Number(max);
    if (min !== undefined) rule.min = min;
    if (most !== undefined) {
      // A snapshot says of each element what the type says; only a profile's own claim can be wrong.
      if (rule.child && !rule.child.list && most > 1)
        this.#say('value', `${rule.id} occurs at most once in the base; a profile can only narrow`, `${place}.max`);
      rule.max = most;
    }
    if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max)
      this.#say(
        'value',
        `${rule.id} must occur at least ${rule.min} times and at most ${rule.max} times`,
        `${place}.min`,
      );
  }

  #types(rule: Rule, element: ElementDefinition, place: string): void {
    const allowed = rule.child?.types;
    const types: TypeRule[] = [];
    for (const [i, one] of (element.type ?? []).entries()) {
      const { code = '', profile = [], targetProfile = [], aggregation = [], versioning } = one;
      // Extension.url is a plain string in the definitions, and a uri in the differentials of some of HL7's own extensions.
      const isPlain = code.startsWith('http://hl7.org/fhirpath/') || (rule.name === 'url' && code === 'uri');
      const name = isPlain && allowed?.includes('string') !== false ? 'string' : code;
      const isKnown =
        !allowed ||
        allowed.includes(name) ||
        allowed.some((one) => one === 'Resource' || one === 'Element' || one === 'BackboneElement') ||
        name === 'BackboneElement';
      if (!isKnown) {
        this.#say(
          'value',
          `${rule.id} cannot be ${safe(name)}; its base allows ${(allowed ?? []).join(', ')}`,
          `${place}.type[${i}].code`,
        );
        continue;
      }
      const same = types.find((one) => one.code === name);
      // Some definitions name a type once for each profile of it.
      if (same) types.splice(types.indexOf(same), 1);
      types.push({
        code: name,
        profiles: [...(same?.profiles ?? []), ...profile],
        targets: [...(same?.targets ?? []), ...targetProfile],
        aggregation: [...(same?.aggregation ?? []), ...aggregation],
        ...(versioning === undefined ? {} : { versioning }),
      });
    }
    if (types.length > 0) rule.types = types;
  }

  #slicing(slicing: NonNullable<ElementDefinition['slicing']>, place: string): Slicing | undefined {
    const discriminators: Discriminator[] = [];
    for (const [i, { type, path = '' }] of (slicing.discriminator ?? []).entries()) {
      const steps = readPath(path);
      if (!steps) {
        return this.#say(
          'value',
          'Expected a discriminator path of elements, extension(url), resolve() and ofType(type)',
          `${place}.slicing.discriminator[${i}].path`,
        );
      }
      discriminators.push({ type: type ?? 'value', path: steps });
    }
    return { discriminators, ordered: slicing.ordered === true, rules: slicing.rules ?? 'open' };
  }
}

/** Where the children of a rule are defined, when its type is certain. */
function scopeOf(rule: Rule): Scope | undefined {
  if (rule.scope || !rule.child) return rule.scope;
  const codes = rule.types?.map(({ code }) => code) ?? rule.child.types;
  const [only, ...more] = [...new Set(codes)];
  // The extensions of a value are the same whatever its type.
  if (only === undefined || more.length > 0) return { type: 'Element', path: '' };
  return only === rule.child.types[0] || only === 'BackboneElement' ? rule.child.scope : scopeOfValue(rule.child, only);
}

function childRule(rule: Rule, scope: Scope, name: string): Rule | undefined {
  const known = rule.children.get(name);
  if (known) return known;
  const child = childOf(scope, name);
  if (child) {
    const inner = emptyRule(name, `${rule.id}.${name}`, child);
    rule.children.set(name, inner);
    return inner;
  }
  return shorthand(rule, scope, name);
}

/**
 * `valueQuantity` for `value[x]` of that type: nothing else is allowed from then on, as in the snapshots that HL7 publishes for
 * such profiles (bodyweight, bp). Source: FHIR R4, section 5.1.0.15 (type slicing, the short form).
 */
function shorthand(rule: Rule, scope: Scope, name: string): Rule | undefined {
  for (let end = name.length - 1; end > 0; end -= 1) {
    const stem = name.slice(0, end);
    const child = childOf(scope, `${stem}[x]`);
    if (!child?.types.some((type) => jsonName(child, type) === name)) continue;
    const choice = childRule(rule, scope, child.name);
    if (!choice) return undefined;
    choice.slicing ??= { ...BY_TYPE, rules: 'closed' };
    return sliceRule(choice, name);
  }
  return undefined;
}

const BY_TYPE: Slicing = { discriminators: [{ type: 'type', path: [] }], ordered: false, rules: 'open' };
const BY_URL: Slicing = {
  discriminators: [{ type: 'value', path: [{ kind: 'child', name: 'url' }] }],
  ordered: false,
  rules: 'open',
};

/** A slice of a rule, made where there is none yet; `a/b` is slice b within slice a. */
function sliceRule(rule: Rule, sliceName: string): Rule {
  const known = rule.slices.get(sliceName);
  if (known) return known;
  const slash = sliceName.lastIndexOf('/');
  const outer = slash < 0 ? undefined : rule.slices.get(sliceName.slice(0, slash));
  if (outer) return sliceRule(outer, sliceName.slice(slash + 1));
  const made: Rule = {
    ...emptyRule(rule.name, `${rule.id}:${sliceName}`, rule.child),
    sliceName,
  };
  const { child } = rule;
  const type = child?.name.endsWith('[x]') ? child.types.find((one) => jsonName(child, one) === sliceName) : undefined;
  if (type !== undefined) made.types = [{ code: type, profiles: [], targets: [], aggregation: [] }];
  else if (rule.types) made.types = rule.types;
  if (!rule.slicing) {
    // Extensions are always sliced by url, and choices by type. Source: FHIR R4, section 5.1.0.7 and 5.1.0.15.
    if (rule.name === 'extension' || rule.name === 'modifierExtension') rule.slicing = BY_URL;
    else if (type !== undefined) rule.slicing = BY_TYPE;
  }
  rule.slices.set(sliceName, made);
  return made;
}

/** A constraint that the R4 type has itself, as snapshots repeat it. */
const isOfType = (source: string | undefined): boolean =>
  source?.startsWith(CORE) === true && isCoreType(source.slice(CORE.length));

const isCoreType = (name: string): boolean =>
  isKnownType(name) ||
  name === 'Element' ||
  name === 'BackboneElement' ||
  name === 'DomainResource' ||
  name === 'Resource';
