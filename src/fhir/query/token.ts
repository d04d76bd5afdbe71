import { badRequest, FhirError, fault } from '../errors.ts';
import { published } from '../profile/published.ts';
import { normalised } from '../search-parameters/values.ts';
import type { SearchParam } from '../search-parameters.ts';
import type { HeldTerminology, Terminology } from '../terminology.ts';
import type { Filter, KeysFilter, Token } from './filter.ts';
import { noModifier, splitRaw, unescaped } from './values.ts';

/** What codes and value sets are asked of; `:above` and `:below` need the hierarchies too. */
export type SearchTerminology = Terminology & Partial<Pick<HeldTerminology, 'members' | 'system'>>;

const MODIFIERS = ['missing', 'not', 'text', 'in', 'not-in', 'above', 'below', 'of-type'];

/** A token parameter. Throws 400. Source: FHIR R4, section 3.1.1.4.10 token and 3.1.1.4.5 Modifiers. */
export function tokenFilter(
  param: SearchParam,
  modifier: string | undefined,
  raws: readonly string[],
  terminology: SearchTerminology | undefined,
): Filter {
  switch (modifier) {
    case undefined:
      return tokens(
        param,
        raws.flatMap((raw) => withoutSystem(param, readToken(param.code, raw))),
      );
    case 'not':
      return {
        ...tokens(
          param,
          raws.flatMap((raw) => withoutSystem(param, readToken(param.code, raw))),
        ),
        not: true,
      };
    case 'text':
      return { kind: 'text', param, texts: raws.map((raw) => normalised(unescaped(raw))) };
    case 'of-type':
      return ofType(param, raws);
    case 'in':
    case 'not-in':
      return {
        ...tokens(
          param,
          raws.flatMap((raw) => membersOf(param, unescaped(raw), terminology)),
        ),
        ...(modifier === 'not-in' ? { not: true } : {}),
      };
    case 'above':
    case 'below':
      return tokens(
        param,
        raws
          .flatMap((raw) => relatives(modifier, param.code, readToken(param.code, raw), terminology))
          .map((token) => (param.isBare ? { code: token.code } : token)),
      );
    default:
      throw noModifier(param.code, modifier, MODIFIERS);
  }
}

/** A reference by the identifier that it gives: `subject:identifier=system|value`. */
export const byIdentifier = (param: SearchParam, raws: readonly string[]): Filter => ({
  ...tokens(
    param,
    raws.map((raw) => readToken(param.code, raw)),
  ),
  variant: 'identifier',
});

/** `code`, `system|code`, `|code` (no system) or `system|` (any code of it). */
export function readToken(name: string, raw: string): Token {
  const parts = splitRaw(raw, '|').map(unescaped);
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return { code: first };
  const code = rest.join('|');
  if (first === '' && code === '') throw badRequest(`${name}: expected code, system|code, |code or system|`);
  return { system: first, code };
}

/**
 * An element of type code stands without its system, which its binding implies: who names the system of R4 that has the code means the
 * code. Source: FHIR R4, section 3.1.1.4.10, table of types.
 */
function withoutSystem({ isBare }: SearchParam, token: Token): Token[] {
  const { system, code } = token;
  if (!isBare || !system) return [token];
  const codes = new Set([...published().valueSets.values()].flatMap((bySystem) => bySystem[system] ?? []));
  if (code === '') return codes.size > 0 ? [...codes].map((one) => ({ code: one })) : [token];
  return [codes.has(code) ? { code } : token];
}

/**
 * The keys of tokens. They are exact unless a bar stands where it could be read in two ways, or no system is asked for: the index keeps
 * `|code` under `code`.
 */
function tokens(param: SearchParam, asked: readonly Token[]): KeysFilter {
  const exact = asked.every(
    ({ system, code }) => system !== '' && !code.includes('|') && !(system?.includes('|') ?? false),
  );
  return {
    kind: 'keys',
    param,
    keys: asked.map(({ system, code }) => (system === undefined ? code : `${system}|${code}`)),
    exact,
    ...(exact ? {} : { tokens: asked }),
  };
}

/** `identifier:of-type=system|code|value`: the type's system and code, and the value. */
function ofType(param: SearchParam, raws: readonly string[]): Filter {
  const keys = raws.map((raw) => {
    const parts = splitRaw(raw, '|').map(unescaped);
    if (parts.length !== 3 || parts.some((part) => part === '')) {
      throw badRequest(
        `${param.code}:of-type: expected the system and code of the type and the value, system|code|value`,
      );
    }
    return parts.join('|');
  });
  return { kind: 'keys', param, keys, variant: 'of-type', exact: true };
}

function membersOf(
  { code: name, isBare }: SearchParam,
  canonical: string,
  terminology: SearchTerminology | undefined,
): Token[] {
  const members = terminology?.expand(canonical);
  if (!members) {
    throw new FhirError(
      [fault('not-supported', `${name}: the value set that was named is not held here, or cannot be enumerated`)],
      { status: 400 },
    );
  }
  // Of an element that has no system there is only the code to compare.
  return members.map(({ system, code }) => (isBare ? { code } : { system, code }));
}

/** The code itself and all that lie below (or above) it in the hierarchy of its system. */
function relatives(
  modifier: 'above' | 'below',
  name: string,
  { system, code }: Token,
  terminology: SearchTerminology | undefined,
): Token[] {
  const held = system ? terminology?.system?.(system) : undefined;
  if (!system || !held?.concepts.has(code)) {
    throw new FhirError(
      [fault('not-supported', `${name}:${modifier}: expected system|code, a code of a CodeSystem that is held here`)],
      { status: 400 },
    );
  }
  if (modifier === 'above') return closure(code, held.parents).map((one) => ({ system, code: one }));
  const children = new Map<string, string[]>();
  for (const [child, parents] of held.parents) {
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  return closure(code, children).map((one) => ({ system, code: one }));
}

function closure(code: string, next: ReadonlyMap<string, readonly string[]>): string[] {
  const met = new Set([code]);
  for (const one of met) for (const other of next.get(one) ?? []) met.add(other);
  return [...met];
}
