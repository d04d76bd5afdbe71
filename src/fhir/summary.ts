import { badRequest } from './errors.ts';
import { SUMMARY } from './generated/summary.js';
import { itemsOf, membersOf } from './json-walk.ts';

/** What is asked to be left of each resource. */
export interface Shape {
  summary?: 'true' | 'text' | 'data' | 'count';
  /** Names of elements at the top level, `Type.element` for one type only. */
  elements?: readonly string[];
}

/** One type: its elements at the top level with their names in JSON, and which of them are mandatory. */
export interface ShapeRow {
  elements: Record<string, string[]>;
  mandatory: string[];
}

/** Marks a resource of which not all is there. Source: FHIR R4, section 3.1.1.5.8 and 3.1.1.5.9. */
export const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
} as const;

/**
 * `_summary` and `_elements` of a request; undefined when the whole resource is asked for. `types` are the types that may come: an
 * element that none of them has is refused, since an answer without it would look as if it were empty. Throws 400.
 * Source: FHIR R4, section 3.1.1.5.8 (_summary) and 3.1.1.5.9 (_elements).
 */
export function parseShape(params: URLSearchParams, types: readonly string[]): Shape | undefined {
  const summary = only(params, '_summary');
  const wanted = params.getAll('_elements').join(',');
  if (summary !== undefined && !/^(?:true|text|data|count|false)$/.test(summary)) {
    throw badRequest('_summary: expected true, text, data, count or false');
  }
  const elements = wanted
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  for (const name of elements) {
    if (!/^[A-Za-z][\w.]{0,98}(?:\[x\])?$/.test(name))
      throw badRequest('_elements: expected names of elements, separated by commas');
    if (types.length > 0 && !types.some((type) => membersNamed(type, name).length > 0)) {
      throw badRequest(
        `_elements: ${name} is no element of ${types.length === 1 ? types[0] : 'the types that are asked for'}`,
      );
    }
  }
  const reduced = summary === undefined || summary === 'false' ? undefined : (summary as Shape['summary']); // checked above
  if (reduced !== undefined && reduced !== 'count' && elements.length > 0) {
    throw badRequest('_elements and _summary ask for two different parts of the resource: send one of them');
  }
  if (reduced === undefined && elements.length === 0) return undefined;
  return { ...(reduced ? { summary: reduced } : {}), ...(elements.length > 0 ? { elements } : {}) };
}

/**
 * The text of a stored resource with only what is asked for, tagged SUBSETTED: numbers and escapes stay as they were received.
 * - `true`: elements marked as summary in the definition of the type, down to their parts, and mandatory ones. Extensions of data
 *   types stay, since they may say why a value is missing.
 * - `text`: text, id, meta and mandatory elements. `data`: all but text. `count` asks for no resource, and changes none.
 * - `elements`: those, id, meta, mandatory elements, and what may change the meaning of the rest (implicitRules, modifierExtension).
 * Source: FHIR R4, section 3.1.1.5.8 and 3.1.1.5.9; isSummary of the R4 (4.0.1) StructureDefinitions.
 */
export function shape(content: string, type: string, { summary, elements }: Shape): string {
  if (summary === 'true') return tagged(pruned(content, 0, type) ?? content);
  if (summary === 'data') return tagged(filtered(content, (name) => name !== 'text'));
  if (summary === 'text') return tagged(filtered(content, among(type, ['text'])));
  if (elements !== undefined && elements.length > 0)
    return tagged(filtered(content, among(type, [...elements, ...MEANING])));
  return content;
}

/** Elements that change what the rest of a resource means. Source: FHIR R4, section 2.4.2 and 2.7.0.4 (is-modifier). */
const MEANING = ['implicitRules', 'modifierExtension'];
const ALWAYS = ['resourceType', 'id', 'meta'];

const rowOf = (type: string): ShapeRow | undefined =>
  Object.hasOwn(SUMMARY.shapes, type) ? SUMMARY.shapes[type] : undefined;

/** The names in JSON of an element that `_elements` names: `value`, `value[x]`, `valueQuantity`, `Observation.value`, `name.family` (all of name). */
function membersNamed(type: string, name: string): readonly string[] {
  const parts = name.replace('[x]', '').split('.');
  if (/^[A-Z]/.test(parts[0] ?? '') && parts.shift() !== type) return [];
  const [first = ''] = parts;
  const { elements = {} } = rowOf(type) ?? {};
  if (Object.hasOwn(elements, first)) return elements[first] ?? [];
  return Object.values(elements).some((members) => members.includes(first)) ? [first] : [];
}

/** Whether a member at the top level is among the named or mandatory elements. */
function among(type: string, names: readonly string[]): (name: string) => boolean {
  const kept = new Set(ALWAYS);
  for (const name of [...names, ...(rowOf(type)?.mandatory ?? [])]) {
    for (const member of membersNamed(type, name)) kept.add(member);
  }
  return (name) => kept.has(name);
}

/** The members of the root that `keeps` wants; `_birthDate` goes with `birthDate`. */
function filtered(text: string, keeps: (name: string) => boolean): string {
  const parts: string[] = [];
  for (const { key, start, end } of membersOf(text, 0)) {
    if (keeps(key.startsWith('_') ? key.slice(1) : key)) parts.push(text.slice(start, end));
  }
  return `{${parts.join(',')}}`;
}

/** An object with what a summary keeps of it; undefined when nothing is left. */
function pruned(text: string, at: number, rule: string): string | undefined {
  const kept = Object.hasOwn(SUMMARY.nested, rule) ? SUMMARY.nested[rule] : undefined;
  if (!kept) return undefined;
  const isData = !rule.includes('.') && !rowOf(rule);
  const parts: string[] = [];
  for (const { key, start, value, end } of membersOf(text, at)) {
    const name = key.startsWith('_') ? key.slice(1) : key;
    const inner = Object.hasOwn(kept, name) ? kept[name] : undefined;
    const always = ALWAYS.includes(name) || name === 'modifierExtension' || (isData && name === 'extension');
    if (inner === '' || inner === undefined || name !== key || always) {
      if (inner !== undefined || always) parts.push(text.slice(start, end));
      continue;
    }
    const reduced = text[value] === '[' ? prunedList(text, value, inner) : prunedValue(text, value, end, inner);
    if (reduced !== undefined) parts.push(`${JSON.stringify(key)}:${reduced}`);
  }
  return parts.length === 0 ? undefined : `{${parts.join(',')}}`;
}

function prunedList(text: string, at: number, rule: string): string | undefined {
  const items: string[] = [];
  for (const { start, end } of itemsOf(text, at)) {
    const reduced = prunedValue(text, start, end, rule);
    if (reduced !== undefined) items.push(reduced);
  }
  return items.length === 0 ? undefined : `[${items.join(',')}]`;
}

const prunedValue = (text: string, start: number, end: number, rule: string): string | undefined =>
  text[start] === '{' ? pruned(text, start, rule) : text.slice(start, end);

/** Adds the tag SUBSETTED to what there is in meta. */
function tagged(text: string): string {
  const tag = JSON.stringify(SUBSETTED);
  const members = membersOf(text, 0);
  const meta = members.find(({ key }) => key === 'meta');
  if (!meta || text[meta.value] !== '{') {
    const type = members.find(({ key }) => key === 'resourceType');
    const at = type?.end ?? 1;
    const rest = text.slice(at);
    const comma = type || rest === '}' ? '' : ',';
    return `${text.slice(0, at)}${type ? ',' : ''}"meta":{"tag":[${tag}]}${comma}${rest}`;
  }
  const tags = membersOf(text, meta.value).find(({ key }) => key === 'tag');
  if (tags && text.slice(tags.value, tags.end).includes('"SUBSETTED"')) return text;
  const at = (tags?.end ?? meta.end) - 1;
  const empty = text[at - 1] === '{' || text[at - 1] === '[';
  return `${text.slice(0, at)}${empty ? '' : ','}${tags ? tag : `"tag":[${tag}]`}${text.slice(at)}`;
}

function only(params: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = params.getAll(name);
  if (more.length > 0) throw badRequest(`${name} came more than once`);
  return value === '' ? undefined : value;
}
