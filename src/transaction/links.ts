import { elementOf } from '../fhir/definitions.ts';
import { itemsOf, membersOf, type Span } from '../fhir/json-walk.ts';
import { type ReceivedText, receivedOf } from '../fhir/text.ts';
import { replaceLinks } from './narrative-links.ts';

/** One place in a resource that may name another resource. */
export interface Link {
  /** `reference`: Reference.reference; `uri`: an element of type uri or url; `narrative`: a Narrative's div with links in it. */
  kind: 'reference' | 'uri' | 'narrative';
  value: string;
  /** FHIRPath of the element, e.g. `Observation.subject.reference`. */
  path: string;
}

/**
 * Every place in a resource where a transaction replaces links, in the order of the text. Canonicals and identifiers are names
 * and not among them. Source: FHIR R4, section 3.1.0.11.2 Transaction Processing Rules.
 */
export function linksOf({ value }: Pick<ReceivedText, 'value'>): Link[] {
  const links: Link[] = [];
  const type = typeOf(value);
  if (type !== undefined) walk({ found: (link) => links.push(link) }, undefined, value, shapeOf(type, ''), type);
  return links;
}

/**
 * The same resource with other links, all else as received. Where `replacementOf` gives nothing the link stays. Where the links stand in the
 * text is looked for when one is to be replaced: most name what is there already.
 */
export function relink(
  received: ReceivedText,
  links: readonly Link[],
  replacementOf: (link: Link) => string | undefined,
): ReceivedText {
  const { text, value } = received;
  const type = typeOf(value);
  if (type === undefined || !links.some((link) => changed(link, replacementOf) !== undefined)) return received;
  const parts: string[] = [];
  let from = 0;
  const found: Walking['found'] = (link, { start, end }) => {
    const other = changed(link, replacementOf);
    if (other === undefined) return;
    parts.push(text.slice(from, start), JSON.stringify(other));
    from = end;
  };
  walk({ text, found }, { start: 0, end: text.length }, value, shapeOf(type, ''), type);
  const made = parts.join('') + text.slice(from);
  return receivedOf(made, JSON.parse(made));
}

/** What a link becomes; undefined where it stays. */
function changed(link: Link, replacementOf: (link: Link) => string | undefined): string | undefined {
  const { kind, value, path } = link;
  const other =
    kind === 'narrative'
      ? replaceLinks(value, (url) => replacementOf({ kind, value: url, path }))
      : replacementOf(link);
  return other === value ? undefined : other;
}

/** With the text it is told where each link stands: from one quote to behind the other. */
interface Walking {
  text?: string;
  found(link: Link, span: Span): void;
}

const NOWHERE: Span = { start: 0, end: 0 };

/** The elements of a type below a path, as they are met. */
interface Shape {
  type: string;
  path: string;
  members: Map<string, Member | undefined>;
}

/** What stands under one name: a link, more elements, a resource of its own, or none of these. `name` is that of the FHIRPath. */
interface Member {
  name: string;
  kind?: Link['kind'];
  shape?: Shape;
  resource?: true;
}

function walk(walking: Walking, span: Span | undefined, value: unknown, shape: Shape, path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const { text } = walking;
  const object = value as Record<string, unknown>;
  if (text === undefined || span === undefined) {
    for (const key in object) into(walking, undefined, object[key], memberOf(shape, key), path);
    return;
  }
  for (const { key, value: start, end } of membersOf(text, span.start)) {
    into(walking, { start, end }, object[key], memberOf(shape, key), path);
  }
}

/** A member: its value, or each of its items. */
function into(
  walking: Walking,
  span: Span | undefined,
  value: unknown,
  member: Member | undefined,
  path: string,
): void {
  if (!member?.kind && !member?.shape && !member?.resource) return;
  const place = `${path}.${member.name}`;
  if (!Array.isArray(value)) {
    enter(walking, span, value, member, place);
    return;
  }
  const spans = walking.text === undefined || span === undefined ? [] : itemsOf(walking.text, span.start);
  for (const [i, item] of value.entries()) enter(walking, spans[i], item, member, `${place}[${i}]`);
}

function enter(
  walking: Walking,
  span: Span | undefined,
  value: unknown,
  { kind, shape, resource }: Member,
  path: string,
): void {
  if (kind && typeof value === 'string') walking.found({ kind, value, path }, span ?? NOWHERE);
  else if (shape) walk(walking, span, value, shape, path);
  else if (resource) {
    const type = typeOf(value);
    if (type !== undefined) walk(walking, span, value, shapeOf(type, ''), path);
  }
}

const shapes = new Map<string, Shape>();

/** Shapes are made of the definitions, so there is an end to them; unknown types have no members. */
function shapeOf(type: string, path: string): Shape {
  const key = `${type}.${path}`;
  const held = shapes.get(key);
  if (held) return held;
  const made: Shape = { type, path, members: new Map() };
  if (elementOf(type, 'id')) shapes.set(key, made);
  return made;
}

function memberOf(shape: Shape, key: string): Member | undefined {
  if (shape.members.has(key)) return shape.members.get(key);
  const member = findMember(shape, key);
  // A name that no definition has is the client's own, and not kept.
  if (member) shape.members.set(key, member);
  return member;
}

function findMember({ type, path }: Shape, key: string): Member | undefined {
  if (key.startsWith('_')) return { name: key.slice(1), shape: shapeOf('Element', '') };
  const below = path === '' ? '' : `${path}.`;
  const row = elementOf(type, below + key);
  if (row) {
    if (row.same !== undefined) return { name: key, shape: shapeOf(type, row.same) };
    const [only = ''] = row.types;
    if (only === 'BackboneElement' || only === 'Element') return { name: key, shape: shapeOf(type, below + key) };
    if (type === 'Reference' && key === 'reference') return { name: key, kind: 'reference' };
    return ofType(key, only);
  }
  for (let i = 1; i < key.length; i += 1) {
    const suffix = key.slice(i);
    if (!/^[A-Z]/.test(suffix)) continue;
    const stem = key.slice(0, i);
    const choice = elementOf(type, `${below}${stem}[x]`);
    const chosen = choice?.types.find((one) => one.charAt(0).toUpperCase() + one.slice(1) === suffix);
    if (chosen !== undefined) return ofType(stem, chosen);
  }
  return undefined;
}

/** An oid or a uuid cannot hold what a reference becomes: one that repeats a fullUrl stays, since `Patient/7` is none. */
const URIS = new Set(['uri', 'url']);

function ofType(name: string, type: string): Member {
  if (URIS.has(type)) return { name, kind: 'uri' };
  if (type === 'xhtml') return { name, kind: 'narrative' };
  if (type === 'Resource') return { name, resource: true };
  return /^[A-Z]/.test(type) ? { name, shape: shapeOf(type, '') } : { name };
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('resourceType' in value)) return undefined;
  return typeof value.resourceType === 'string' ? value.resourceType : undefined;
}
