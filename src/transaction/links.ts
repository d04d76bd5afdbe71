import { elementOf } from '../fhir/definitions.ts';
import { itemsOf, membersOf } from '../fhir/json-walk.ts';
import { type ReceivedText, receivedOf } from '../fhir/text.ts';
import { replaceLinks } from './narrative-links.ts';

/** One place in a resource that may name another resource. `start` and `end` are its quotes in the text. */
export interface Link {
  /** `reference`: Reference.reference; `uri`: an element of type uri, url, oid or uuid; `narrative`: a Narrative's div with links in it. */
  kind: 'reference' | 'uri' | 'narrative';
  value: string;
  start: number;
  end: number;
  /** FHIRPath of the element, e.g. `Observation.subject.reference`. */
  path: string;
}

/**
 * Every place in a resource where a transaction replaces links, in the order of the text. Canonicals and identifiers are names
 * and not among them. Source: FHIR R4, section 3.1.0.11.2 Transaction Processing Rules.
 */
export function linksOf({ text, value }: ReceivedText): Link[] {
  const links: Link[] = [];
  const type = typeOf(value);
  if (type !== undefined) walk({ text, links }, 0, value, shapeOf(type, ''), type);
  return links;
}

/** The same resource with other links, all else as received. Where `replacementOf` gives nothing the link stays. */
export function relink(
  received: ReceivedText,
  links: readonly Link[],
  replacementOf: (link: Pick<Link, 'kind' | 'value' | 'path'>) => string | undefined,
): ReceivedText {
  const parts: string[] = [];
  let from = 0;
  for (const { kind, value, start, end, path } of links) {
    const replaced =
      kind === 'narrative'
        ? replaceLinks(value, (url) => replacementOf({ kind, value: url, path }))
        : replacementOf({ kind, value, path });
    if (replaced === undefined || replaced === value) continue;
    parts.push(received.text.slice(from, start), JSON.stringify(replaced));
    from = end;
  }
  if (parts.length === 0) return received;
  const text = parts.join('') + received.text.slice(from);
  return receivedOf(text, JSON.parse(text));
}

interface Walking {
  text: string;
  links: Link[];
}

/** The elements of a type below a path, as they are met. */
interface Shape {
  type: string;
  path: string;
  members: Map<string, Member | undefined>;
}

/** What stands under one name: a link, more elements, or a resource of its own. `name` is that of the FHIRPath. */
interface Member {
  name: string;
  kind?: Link['kind'];
  shape?: Shape;
  resource?: true;
}

function walk(walking: Walking, at: number, value: unknown, shape: Shape, path: string): void {
  const { text } = walking;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const { key, value: start, end } of membersOf(text, at)) {
    const member = memberOf(shape, key);
    if (!member) continue;
    const inner: unknown = (value as Record<string, unknown>)[key];
    const place = `${path}.${member.name}`;
    if (!Array.isArray(inner)) enter(walking, { start, end }, inner, member, place);
    else
      for (const [i, span] of itemsOf(text, start).entries()) enter(walking, span, inner[i], member, `${place}[${i}]`);
  }
}

function enter(
  walking: Walking,
  { start, end }: { start: number; end: number },
  value: unknown,
  { kind, shape, resource }: Member,
  path: string,
): void {
  if (kind && typeof value === 'string') walking.links.push({ kind, value, start, end, path });
  else if (shape) walk(walking, start, value, shape, path);
  else if (resource) {
    const type = typeOf(value);
    if (type !== undefined) walk(walking, start, value, shapeOf(type, ''), path);
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

const URIS = new Set(['uri', 'url', 'oid', 'uuid']);

function ofType(name: string, type: string): Member | undefined {
  if (URIS.has(type)) return { name, kind: 'uri' };
  if (type === 'xhtml') return { name, kind: 'narrative' };
  if (type === 'Resource') return { name, resource: true };
  return /^[A-Z]/.test(type) ? { name, shape: shapeOf(type, '') } : undefined;
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('resourceType' in value)) return undefined;
  return typeof value.resourceType === 'string' ? value.resourceType : undefined;
}
