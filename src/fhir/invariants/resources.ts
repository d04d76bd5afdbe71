/** Invariants of every resource, of references and narratives, and of Bundle and Parameters. Source: FHIR R4 (4.0.1). */
import { child, distinct, has, hasChoice, type Invariant, isNode, type Node, nodes, text } from './node.ts';

export const RESOURCES: Readonly<Record<string, Invariant>> = {
  'dom-2': (node) => nodes(node, 'contained').every((inner) => !has(inner, 'contained')),
  'dom-3': (node) => !has(node, 'contained') || allReferred(node),
  'dom-4': (node) =>
    nodes(node, 'contained').every(
      ({ meta }) => !isNode(meta) || (!has(meta, 'versionId') && !has(meta, 'lastUpdated')),
    ),
  'dom-5': (node) => nodes(node, 'contained').every(({ meta }) => !isNode(meta) || !has(meta, 'security')),
  'ref-1': (node, root) => {
    const reference = text(node, 'reference');
    if (reference === undefined || reference.length < 2 || !reference.startsWith('#')) return true;
    return containedIn(hostOf(node, root)).has(reference.slice(1));
  },
  'bdl-1': ({ type, ...node }) => !has(node, 'total') || type === 'searchset' || type === 'history',
  'bdl-2': (node) => node.type === 'searchset' || nodes(node, 'entry').every((entry) => !has(entry, 'search')),
  'bdl-3': (node) => {
    const asked = node.type === 'batch' || node.type === 'transaction' || node.type === 'history';
    return nodes(node, 'entry').every((entry) => has(entry, 'request') === asked);
  },
  'bdl-4': (node) => {
    const answered = node.type === 'batch-response' || node.type === 'transaction-response' || node.type === 'history';
    return nodes(node, 'entry').every((entry) => has(entry, 'response') === answered);
  },
  'bdl-5': (node) => has(node, 'resource') || has(node, 'request') || has(node, 'response'),
  'bdl-7': (node) =>
    node.type === 'history' ||
    distinct(
      nodes(node, 'entry')
        .filter((entry) => has(entry, 'fullUrl'))
        .map((entry) => `${text(entry, 'fullUrl')}${text(child(child(entry, 'resource'), 'meta'), 'versionId') ?? ''}`),
    ),
  'bdl-8': (node) => !text(node, 'fullUrl')?.includes('/_history/'),
  'bdl-9': (node) => {
    const identifier = child(node, 'identifier') ?? {};
    return node.type !== 'document' || (has(identifier, 'system') && has(identifier, 'value'));
  },
  'bdl-10': (node) => node.type !== 'document' || node.timestamp !== undefined,
  'bdl-11': (node) => node.type !== 'document' || first(node) === 'Composition',
  'bdl-12': (node) => node.type !== 'message' || first(node) === 'MessageHeader',
  'inv-1': (node) => {
    const value = hasChoice(node, 'value');
    return has(node, 'part') ? !value && !has(node, 'resource') : value !== has(node, 'resource');
  },
};

/** Advice that is no refusal, of severity warning in the specification. */
export const RESOURCES_ADVICE: Readonly<Record<string, Invariant>> = {
  'dom-6': (node) => has(child(node, 'text') ?? {}, 'div'),
};

const first = (bundle: Node): unknown => child(nodes(bundle, 'entry')[0], 'resource')?.resourceType;

/**
 * Whether something refers to each contained resource, or it to its container. Any text `#id` counts as a reference, also
 * in an element that is neither Reference, canonical, uri nor url: those types are not known here.
 */
function allReferred(resource: Node): boolean {
  const referred = new Set<string>();
  collect(resource, referred);
  return nodes(resource, 'contained').every((inner) => {
    if (typeof inner.id !== 'string' || referred.has(`#${inner.id}`)) return true;
    const own = new Set<string>();
    collect(inner, own);
    return own.has('#');
  });
}

function collect(node: Node, into: Set<string>): void {
  for (const key in node) {
    const value = node[key];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'string') {
        if (item.charCodeAt(0) === 0x23) into.add(item);
      } else if (isNode(item)) collect(item, into);
    }
  }
}

/** What a resource contains, id to resource type, collected once for each: many references may ask. */
const CONTAINED = new WeakMap<Node, ReadonlyMap<unknown, unknown>>();

function containedIn(host: Node): ReadonlyMap<unknown, unknown> {
  let types = CONTAINED.get(host);
  if (!types) {
    types = new Map(nodes(host, 'contained').map(({ id, resourceType }) => [id, resourceType]));
    CONTAINED.set(host, types);
  }
  return types;
}

/** The type of the resource that `#id` in a Reference leads to, or undefined. `#` alone is the container itself. */
export function containedType(fragment: string, node: Node, root: Node): unknown {
  const host = hostOf(node, root);
  return fragment === '#' ? host.resourceType : containedIn(host).get(fragment.slice(1));
}

/** Where in a Bundle or Parameters an element belongs, found once for each. */
const HOSTS = new WeakMap<Node, Map<Node, Node>>();

/** %rootResource of an element: the resource itself, or the one in a Bundle or Parameters that holds it. */
function hostOf(node: Node, root: Node): Node {
  if (root.resourceType !== 'Bundle' && root.resourceType !== 'Parameters') return root;
  let hosts = HOSTS.get(root);
  if (!hosts) {
    hosts = new Map();
    fill(root, root, hosts);
    HOSTS.set(root, hosts);
  }
  return hosts.get(node) ?? root;
}

function fill(node: Node, host: Node, hosts: Map<Node, Node>): void {
  for (const key in node) {
    const value = node[key];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (!isNode(item)) continue;
      const inner = key === 'resource' && typeof item.resourceType === 'string' ? item : host;
      hosts.set(item, inner);
      fill(item, inner, hosts);
    }
  }
}
