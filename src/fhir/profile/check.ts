import { fault, type Issue, type IssueCode } from '../errors.ts';
import { R4_TYPES } from '../loose.ts';
import type { Terminology } from '../terminology.ts';
import { isCoded, isOfSet } from './bindings.ts';
import { type Item, itemsOf } from './items.ts';
import { CORE } from './layers.ts';
import type { CompiledProfile, Constraint, Rule, TypeRule } from './model.ts';
import { coreType, mannerFault, resolveIn } from './references.ts';
import type { Sink } from './sink.ts';
import { isOfSlice, type Match, type SliceContext, typeOfReference } from './slices.ts';
import { isCore, isExtensionOf, isType } from './types.ts';
import { fits, isEqual, isWithin, told } from './values.ts';

/** Profiles within profiles; a definition may name itself. */
const MOST_DEPTH = 8;

/** What a profile is checked with. */
export interface Surroundings {
  /** The resource that the values stand in, and the one that contains it or is it: `%resource` and `%rootResource`. */
  readonly resource: object;
  readonly root: object;
  profile(canonical: string): CompiledProfile | undefined;
  readonly terminology: Terminology;
}

/** A constraint that is still to be run: after all else, since it is what costs. */
interface Pending {
  readonly constraint: Constraint;
  readonly item: Item;
  readonly url: string;
}

/** The issues of checks against profiles, all of one resource; constraints are run by `finish`. */
export class ProfileCheck {
  readonly #sink: Sink;
  readonly #pending: Pending[] = [];
  readonly #around: Surroundings;
  readonly #counts = new WeakMap<object, Map<string, number>>();
  #depth = 0;
  /** Set while a slice is told from others by whole profiles: nothing that it finds is an issue. */
  #trial: { failed: boolean } | undefined;

  constructor(around: Surroundings, sink: Sink) {
    this.#around = around;
    this.#sink = sink;
  }

  /** Checks one value against a whole profile. */
  against(item: Item, profile: CompiledProfile): void {
    if (this.#depth >= MOST_DEPTH) return;
    this.#depth += 1;
    const check = new Checker(this, profile.url);
    check.item(profile.root, item);
    this.#depth -= 1;
  }

  /** Runs the constraints that were met. */
  finish(): void {
    for (const pending of this.#pending) this.#run(pending);
    this.#pending.length = 0;
  }

  add(issue: Issue): void {
    if (this.#trial) {
      if (issue.severity === 'error') this.#trial.failed = true;
      return;
    }
    this.#sink.add(issue);
  }

  /** How many extensions of this url have been met on one value, this one included. */
  count(on: object, url: string): number {
    const counts = this.#counts.get(on) ?? new Map<string, number>();
    this.#counts.set(on, counts);
    const count = (counts.get(url) ?? 0) + 1;
    counts.set(url, count);
    return count;
  }

  /** Keeps a constraint for `finish`. */
  later(pending: Pending): void {
    if (!this.#trial) this.#pending.push(pending);
  }

  /** Whether a value conforms to a profile, constraints left aside; says nothing. */
  conforms(item: Item, profile: CompiledProfile): boolean {
    if (this.#depth >= MOST_DEPTH) return false;
    const outer = this.#trial;
    const trial = { failed: false };
    this.#trial = trial;
    this.against(item, profile);
    this.#trial = outer;
    return !trial.failed;
  }

  get around(): Surroundings {
    return this.#around;
  }

  #run({ constraint, item, url }: Pending): void {
    const { key, severity, human, expression } = constraint;
    const say = (code: IssueCode, what: string, as: Issue['severity']): void =>
      this.add({ severity: as, code, diagnostics: `${what} (constraint ${key} of ${url})`, expression: item.path });
    if (expression.kind === 'not-checked') {
      say('not-supported', `Not checked here, since ${expression.why}: ${human}`, 'warning');
      return;
    }
    const { type, path } = item.scope;
    let holds: boolean;
    try {
      holds = expression.evaluate(item.value, path === '' ? type : `${type}.${path}`, this.#around);
    } catch {
      say('processing', 'The expression could not be evaluated on this value', severity);
      return;
    }
    if (!holds) say('invariant', human === '' ? 'The constraint does not hold' : human, severity);
  }
}

/** The walk over the rules of one profile. */
class Checker implements SliceContext {
  readonly #check: ProfileCheck;
  readonly #url: string;

  constructor(check: ProfileCheck, url: string) {
    this.#check = check;
    this.#url = url;
  }

  /** What a rule asks of one value, and of what that holds. */
  item(rule: Rule, item: Item): void {
    const { value, path } = item;
    if (rule.fixed && !isEqual(value, rule.fixed.value))
      this.#error('value', `Expected exactly ${told(rule.fixed.value)}`, path);
    if (rule.pattern && !fits(value, rule.pattern.value))
      this.#error('value', `Expected a value that holds ${told(rule.pattern.value)}`, path);
    this.#limits(rule, item);
    if (rule.binding) this.#binding(rule.binding, item);
    if (rule.types) this.#types(rule.types, item, rule);
    if (value !== undefined) {
      for (const constraint of rule.constraints.values()) this.#check.later({ constraint, item, url: this.#url });
    }
    for (const inner of rule.children.values()) {
      if (inner.child) this.#group(inner, itemsOf(item, inner.child), path, `${path}.${inner.child.stem}`);
    }
  }

  /** What a rule asks of all values of one element. */
  #group(rule: Rule, items: readonly Item[], parent: string, path: string): void {
    const what = rule.sliceName === undefined ? rule.name : `slice ${rule.sliceName} of ${rule.name}`;
    const { min = 0, max = Number.POSITIVE_INFINITY } = rule;
    if (items.length < min) {
      this.#error(
        'required',
        `Expected at least ${min} of ${what}; ${items.length} came`,
        min > 0 && items.length === 0 ? path : parent,
      );
    }
    if (items.length > max) {
      const most = max === 0 ? `No ${what} may be here` : `Expected at most ${max} of ${what}; ${items.length} came`;
      this.#error('structure', most, items[max]?.path ?? path);
    }
    for (const item of items) this.item(rule, item);
    if (rule.slices.size > 0) this.#slices(rule, items, parent, path);
  }

  #slices(rule: Rule, items: readonly Item[], parent: string, path: string): void {
    const { slicing } = rule;
    const slices = [...rule.slices.values()];
    if (!slicing) {
      this.#say(
        'warning',
        'not-supported',
        `Not checked: ${rule.id} has slices but does not say how to tell them apart`,
        path,
      );
      return;
    }
    const members = new Map<Rule, Item[]>(slices.map((slice) => [slice, []]));
    let furthest = -1;
    let outside: Item | undefined;
    let isUncertain = false;
    for (const item of items) {
      const matches = slices.map((slice): Match => isOfSlice(item, slice, slicing, this));
      const at = matches.indexOf(true);
      const slice = slices[at];
      if (slice) {
        members.get(slice)?.push(item);
        if (slicing.ordered && at < furthest)
          this.#error(
            'structure',
            `Slice ${slice.sliceName} must come before ${slices[furthest]?.sliceName}`,
            item.path,
          );
        if (slicing.rules === 'openAtEnd' && outside)
          this.#error('structure', `Only ${names(slices)} may come before this one`, outside.path);
        furthest = Math.max(furthest, at);
      } else if (matches.includes(undefined)) {
        isUncertain = true;
        this.#say(
          'warning',
          'not-supported',
          `Not checked: which slice of ${rule.id} this is cannot be told from what is here`,
          item.path,
        );
      } else if (slicing.rules === 'closed') {
        this.#error('structure', `Only ${names(slices)} may be in ${rule.name}, and this is none of them`, item.path);
      } else {
        outside ??= item;
      }
    }
    for (const [slice, found] of members) {
      // What could not be told may be what is missing.
      if (!isUncertain || found.length >= (slice.min ?? 0)) this.#group(slice, found, parent, path);
    }
  }

  #limits({ minValue, maxValue, maxLength }: Rule, { value, path }: Item): void {
    if (value === undefined) return;
    for (const [side, limit] of [
      ['min', minValue],
      ['max', maxValue],
    ] as const) {
      if (limit === undefined) continue;
      const within = isWithin(value, limit, side);
      const wanted = `${side === 'min' ? 'at least' : 'at most'} ${told(limit)}`;
      if (within === false) this.#error('value', `Expected ${wanted}`, path);
      else if (within === undefined)
        this.#say('warning', 'not-supported', `Not checked: this cannot be compared; expected ${wanted}`, path);
    }
    if (maxLength !== undefined && typeof value === 'string' && [...value].length > maxLength)
      this.#error('too-long', `Expected at most ${maxLength} characters; ${[...value].length} came`, path);
  }

  #binding({ strength, valueSet }: NonNullable<Rule['binding']>, item: Item): void {
    if (!ASKED.has(strength) || item.value === undefined || !isCoded(item)) return;
    const bound = this.isBound(item, valueSet);
    if (bound === true) return;
    if (strength === 'preferred') {
      if (bound === false)
        this.#say('information', 'code-invalid', `No code of ${valueSet}, which is preferred here`, item.path);
    } else if (bound === undefined)
      this.#say(
        'warning',
        'not-supported',
        `Not checked: ${valueSet} is not held here, or cannot be enumerated`,
        item.path,
      );
    else if (strength === 'required') this.#error('code-invalid', `Expected a code of ${valueSet}`, item.path);
    else this.#say('warning', 'code-invalid', `No code of ${valueSet}; one should be used where it applies`, item.path);
  }

  #types(types: readonly TypeRule[], item: Item, rule: Rule): void {
    const { value, type, path } = item;
    const fitting = types.filter(({ code }) => isType(item, code));
    if (fitting.length === 0) {
      this.#error('structure', `Expected ${types.map(({ code }) => code).join(' or ')}; ${type} came`, path);
      return;
    }
    if (type === 'Reference') {
      const manner = mannerFault(this.#check.around.root, value, fitting);
      if (manner !== undefined) this.#error('value', manner, path);
      this.#targets(
        fitting.flatMap(({ targets }) => targets),
        value,
        path,
      );
    }
    const profiles = fitting.some((one) => one.profiles.length === 0) ? [] : fitting.flatMap((one) => one.profiles);
    this.#profiles(profiles, item, rule);
  }

  /** One of several profiles will do. */
  #profiles(canonicals: readonly string[], item: Item, rule: Rule): void {
    const wanted = canonicals.filter((canonical) => !isCore(canonical, item.type));
    if (wanted.length < canonicals.length || wanted.length === 0) return;
    const held = wanted.flatMap((canonical) => this.profile(canonical) ?? []);
    const [only] = held;
    if (only && wanted.length === 1) {
      this.#check.against(item, only);
    } else if (!held.some((profile) => this.#check.conforms(item, profile))) {
      if (held.length === wanted.length) {
        this.#error('value', `Expected ${rule.name} to conform to one of ${wanted.join(', ')}`, item.path);
      } else if (!isExtensionOf(item, wanted)) {
        const missing = wanted.filter((canonical) => !this.profile(canonical));
        this.#say('information', 'not-found', `Not checked: ${missing.join(', ')} is not held here`, item.path);
      }
    }
  }

  #targets(targets: readonly string[], value: unknown, path: string): void {
    if (targets.length === 0 || targets.includes(`${CORE}Resource`)) return;
    const target = this.resolve({ value, type: 'Reference', scope: { type: 'Reference', path: '' }, path });
    const named = target?.type ?? typeOfReference(value);
    if (named === undefined || !R4_TYPES.has(named)) return;
    const possible = targets.map((canonical) => this.profile(canonical)?.type ?? coreType(canonical));
    if (possible.includes(undefined)) return;
    if (!possible.includes(named)) {
      this.#error(
        'value',
        `Expected a reference to ${[...new Set(possible)].join(' or ')}; one to ${named} came`,
        path,
      );
      return;
    }
    // What stands in the resource itself can be looked at; what lies elsewhere is checked where it is written.
    if (!target || targets.some((canonical) => isCore(canonical, named))) return;
    const profiles = targets.flatMap((canonical) => this.profile(canonical) ?? []);
    if (profiles.length === targets.length && !profiles.some((profile) => this.#check.conforms(target, profile)))
      this.#error('value', `Expected what is referred to to conform to one of ${targets.join(', ')}`, path);
  }

  profile(canonical: string): CompiledProfile | undefined {
    return this.#check.around.profile(canonical);
  }

  conforms(item: Item, profile: CompiledProfile): boolean {
    return this.#check.conforms(item, profile);
  }

  isBound(item: Item, valueSet: string): boolean | undefined {
    return isOfSet(item, valueSet, this.#check.around.terminology);
  }

  resolve(item: Item): Item | undefined {
    return resolveIn(this.#check.around.root, item);
  }

  #error(code: IssueCode, what: string, path: string): void {
    this.#check.add(fault(code, `${what} (profile ${this.#url})`, path));
  }

  #say(severity: Issue['severity'], code: IssueCode, what: string, path: string): void {
    this.#check.add({
      severity,
      code,
      diagnostics: `${what} (profile ${this.#url})`,
      expression: path,
    });
  }
}

/** A binding of strength example asks nothing. */
const ASKED = new Set(['required', 'extensible', 'preferred']);

const names = (slices: readonly Rule[]): string => slices.map(({ sliceName }) => sliceName).join(', ');
