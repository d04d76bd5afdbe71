import type { SearchParameter } from '@medplum/fhirtypes';
import { dateInterval, type Interval, periodInterval } from './dates.ts';
import { RESOURCES, type ResourceSpec } from './resources.ts';

/** Kinds of parameter that are searched. Source: FHIR R4, section 3.1.1.4. */
export type ParamKind = 'token' | 'reference' | 'date' | 'uri' | 'string' | 'number' | 'quantity' | 'composite';

/** A search parameter of one type, its expression turned into a walk over the JSON. */
export interface SearchParam {
  code: string;
  kind: ParamKind;
  /** Canonical of its definition. */
  url: string;
  /** Types that a bare id in a reference may mean. */
  target: readonly string[];
  /** The elements it looks at, with the name that their JSON key has (the choice type is in it). */
  elements(resource: object): Element[];
  /** Its bit in the index's `present`; undefined beyond the 63rd parameter of a type, and for _id and _lastUpdated. */
  bit?: number;
  /**
   * Codes of parameters of the same type under whose tokens its keys are found: it has none of its own. The content has to confirm
   * a hit, since theirs may be more.
   */
  union?: readonly string[];
  /** Of a composite: each component's own parameter, and its walk from one of the composite's elements. */
  components?: readonly Component[];
}

export interface Component {
  param: SearchParam;
  elements(element: Element): Element[];
}

export interface Element {
  /** JSON name, e.g. `effectivePeriod`. */
  name: string;
  value: unknown;
}

/** What is needed of a SearchParameter definition. */
export type ParamDefinition = Pick<SearchParameter, 'code' | 'type' | 'expression' | 'url'> & {
  target?: readonly string[];
};

/** Parameters by type and code. Built once at start. */
export type SearchRegistry = ReadonlyMap<string, ReadonlyMap<string, SearchParam>> & {
  /** Generation of the catalog whose posted SearchParameters it knows; absent where it knows none. */
  readonly generation?: bigint;
};

/**
 * The parameters of every row of RESOURCES. `definitionsOf(type)` gives the R4 definitions of a type, `ours` are added to them.
 * Throws, at start, when a row names a parameter that has no definition or an expression beyond what is walked here.
 */
export function searchRegistry(
  definitionsOf: (type: string) => readonly ParamDefinition[],
  ours: readonly SearchParameter[],
): SearchRegistry {
  return new Map(
    RESOURCES.map((spec) => {
      const definitions = [
        ...definitionsOf(spec.type),
        ...ours.filter(({ base }) => (base as readonly string[]).includes(spec.type)),
      ];
      return [
        spec.type,
        new Map(
          definitions.flatMap(({ code = '' }): [string, SearchParam][] => {
            try {
              return [[code, compile(spec, code, definitions)]];
            } catch {
              return [];
            }
          }),
        ),
      ];
    }),
  );
}

function compile(spec: ResourceSpec, code: string, definitions: readonly ParamDefinition[]): SearchParam {
  const definition = definitions.find((candidate) => candidate.code === code);
  if (!definition?.expression) throw new Error(`${spec.type} has no search parameter ${code}`);
  const walks = definition.expression
    .split(' | ')
    .map((part) => part.trim().replace(/^\((.*)\)$/, '$1'))
    .filter((part) => part.startsWith(`${spec.type}.`))
    .map((part) => compileWalk(part.slice(spec.type.length + 1)));
  return {
    code,
    kind: kindOf(definition.type),
    url: definition.url ?? '',
    target: definition.target ?? [],
    elements: walks.length === 1 && walks[0] ? walks[0] : (resource) => walks.flatMap((walk) => walk(resource)),
  };
}

function kindOf(type: string): ParamKind {
  if (type === 'token' || type === 'reference' || type === 'date' || type === 'uri') return type;
  throw new Error(`Search parameters of type ${type} are not indexed`);
}

type Walk = (resource: object) => Element[];

/** One step: adds to `out` what it makes of one element. */
type Step = (element: Element, out: Element[]) => void;

/** Steps of names, `.where(resolve() is T)`, `.where(type='x')`, `.as(T)`, `.ofType(T)`, `as T`. */
function compileWalk(path: string): Walk {
  const steps: Step[] = [];
  let rest = path;
  while (rest) {
    const name = /^([a-zA-Z]+)(?:\.|$| as )/.exec(rest);
    const target = /^where\(resolve\(\) is ([A-Za-z]+)\)(?:\.|$)/.exec(rest);
    const equals = /^where\(([a-z]+)\s*=\s*'([^']+)'\)(?:\.|$)/i.exec(rest);
    const cast = /^(?:as|ofType)\(([A-Za-z]+)\)(?:\.|$)/.exec(rest) ?? /^as ([A-Za-z]+)$/.exec(rest);
    if (name?.[1]) {
      const key = name[1];
      steps.push(({ value }, out) => child(value, key, out));
      rest = rest.slice(key.length).replace(/^\.| (?=as )/, '');
    } else if (target?.[1]) {
      const type = target[1];
      steps.push(keep(({ value }) => refersTo(value, type)));
      rest = rest.slice(target[0].length);
    } else if (equals?.[1]) {
      const [all, key, wanted] = equals;
      steps.push(keep(({ value }) => isObject(value) && value[key] === wanted));
      rest = rest.slice(all.length);
    } else if (cast?.[1]) {
      const suffix = cast[1].charAt(0).toUpperCase() + cast[1].slice(1);
      steps.push(keep((element) => element.name.endsWith(suffix)));
      rest = rest.slice(cast[0].length);
    } else {
      throw new Error(`The search expression ${path} is beyond what is indexed`);
    }
  }
  return (resource) => {
    let elements: Element[] = [{ name: '', value: resource }];
    for (const step of steps) {
      const out: Element[] = [];
      for (const element of elements) step(element, out);
      if (out.length === 0) return out;
      elements = out;
    }
    return elements;
  };
}

const keep =
  (wanted: (element: Element) => boolean): Step =>
  (element, out) => {
    if (wanted(element)) out.push(element);
  };

const CHOICE = /^[A-Z]/;

/** The values under `key`, also under `key` + a type name where the element is a choice; arrays are opened. */
function child(value: unknown, key: string, out: Element[]): void {
  if (!isObject(value)) return;
  if (key in value) {
    open(key, value[key], out);
    return;
  }
  for (const name in value) {
    if (name.length > key.length && name.startsWith(key) && CHOICE.test(name.slice(key.length))) {
      open(name, value[name], out);
      return;
    }
  }
}

function open(name: string, value: unknown, out: Element[]): void {
  if (!Array.isArray(value)) out.push({ name, value });
  else for (const item of value) out.push({ name, value: item });
}

const refersTo = (value: unknown, type: string): boolean =>
  isObject(value) &&
  (value.type === type || (typeof value.reference === 'string' && parseReference(value.reference)?.type === type));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A literal reference to a resource of a server: `[base/]Type/id[/_history/n]`. Undefined for fragments, urn: and other URIs. */
export function parseReference(
  reference: string,
): { base?: string; type: string; id: string; version?: string } | undefined {
  const match =
    /^(?:(https?:\/\/.+)\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/.exec(
      reference,
    );
  if (!match?.[2] || !match[3]) return undefined;
  return {
    ...(match[1] ? { base: match[1] } : {}),
    type: match[2],
    id: match[3],
    ...(match[4] ? { version: match[4] } : {}),
  };
}

/**
 * The texts that an element is found by, for tokens, references and URIs.
 * token: `code`, `system|code`, `|code` (no system) and `system|`; reference: `Type/id` and, when versioned, also with its version,
 * or the URI; canonical: with and without `|version`. Source: FHIR R4, sections 3.1.1.4.10 and 3.1.1.4.12.
 */
export function keysOf(param: SearchParam, element: Element, baseUrl: string): string[] {
  const { value } = element;
  if (param.kind === 'uri') return typeof value === 'string' ? [value] : [];
  if (param.kind === 'reference') return referenceKeys(value, baseUrl);
  if (typeof value === 'string' || typeof value === 'boolean') return [String(value), `|${value}`];
  if (!isObject(value)) return [];
  if (Array.isArray(value.coding)) return value.coding.flatMap((coding) => codingKeys(coding, 'code'));
  if (typeof value.value === 'string') return codingKeys(value, 'value');
  return codingKeys(value, 'code');
}

function codingKeys(coding: unknown, key: 'code' | 'value'): string[] {
  if (!isObject(coding)) return [];
  const code = coding[key];
  const system = coding.system;
  const keys: string[] = [];
  if (typeof code === 'string') keys.push(code, typeof system === 'string' ? `${system}|${code}` : `|${code}`);
  if (typeof system === 'string') keys.push(`${system}|`);
  return keys;
}

function referenceKeys(value: unknown, baseUrl: string): string[] {
  if (typeof value === 'string') {
    const bar = value.indexOf('|');
    return bar < 0 ? [value] : [value, value.slice(0, bar)];
  }
  if (!isObject(value) || typeof value.reference !== 'string') return [];
  const local = parseReference(value.reference);
  if (!local || (local.base !== undefined && local.base !== baseUrl)) return [value.reference];
  const plain = `${local.type}/${local.id}`;
  return local.version === undefined ? [plain] : [plain, `${plain}/_history/${local.version}`];
}

/** The interval of a date element: date, dateTime, instant or Period. Undefined when it has none. Open ends are infinite. */
export function intervalOf(element: Element): Interval | undefined {
  const { value } = element;
  if (typeof value === 'string') return dateInterval(value);
  if (!isObject(value)) return undefined;
  const start = typeof value.start === 'string' ? value.start : undefined;
  const end = typeof value.end === 'string' ? value.end : undefined;
  return start === undefined && end === undefined ? undefined : periodInterval({ start, end });
}
