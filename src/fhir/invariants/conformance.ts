/**
 * Invariants of StructureDefinition, ElementDefinition, SearchParameter, OperationDefinition, ValueSet, CodeSystem and
 * ConceptMap. Source: FHIR R4 (4.0.1).
 */
import {
  child,
  descendants,
  distinct,
  has,
  hasChoice,
  type Invariant,
  isNode,
  type Node,
  nodes,
  size,
  text,
} from './node.ts';

const elements = (node: Node, view: 'snapshot' | 'differential'): readonly Node[] =>
  nodes(child(node, view), 'element');
const both = (node: Node): readonly Node[] => [...elements(node, 'snapshot'), ...elements(node, 'differential')];
const isTop = (element: Node): boolean => text(element, 'path')?.includes('.') === false;
const idsGiven = (node: Node, view: 'snapshot' | 'differential'): boolean =>
  elements(node, view).every((element) => has(element, 'id'));
const idsDistinct = (node: Node, view: 'snapshot' | 'differential'): boolean =>
  distinct(elements(node, view).map((element) => text(element, 'id')));
const OFFICIAL = 'http://hl7.org/fhir/StructureDefinition';
const SYSTEM_TYPE = /^http:\/\/hl7\.org\/fhirpath\/System\.[A-Z][A-Za-z]+$/;
const BOUND = new Set<unknown>(['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri']);

export const CONFORMANCE: Readonly<Record<string, Invariant>> = {
  'cmd-1': (node) =>
    has(node, 'comment') ||
    !has(node, 'equivalence') ||
    (node.equivalence !== 'narrower' && node.equivalence !== 'inexact'),
  'cmd-2': (node) => node.mode !== 'fixed' || has(node, 'code'),
  'cmd-3': (node) => node.mode !== 'other-map' || has(node, 'url'),
  'opd-1': (node) => has(node, 'type') || has(node, 'part'),
  'opd-2': (node) => !has(node, 'searchType') || node.type === 'string',
  'opd-3': (node) => !has(node, 'targetProfile') || node.type === 'Reference' || node.type === 'canonical',
  'csd-1': (node) => {
    const codes = nodes(node, 'concept').map((concept) => text(concept, 'code'));
    for (const descendant of descendants(node)) {
      for (const concept of nodes(descendant, 'concept')) codes.push(text(concept, 'code'));
    }
    return distinct(codes);
  },
  'spd-1': (node) => !has(node, 'xpath') || has(node, 'xpathUsage'),
  'spd-2': (node) => !has(node, 'chain') || node.type === 'reference',
  'vsd-1': (node) => has(node, 'valueSet') || has(node, 'system'),
  'vsd-2': (node) => (!has(node, 'concept') && !has(node, 'filter')) || has(node, 'system'),
  'vsd-3': (node) => !has(node, 'concept') || !has(node, 'filter'),
  'vsd-6': (node) => has(node, 'code') || has(node, 'display'),
  'vsd-9': (node) => has(node, 'code') || node.abstract === true,
  'vsd-10': (node) => !has(node, 'code') || has(node, 'system'),
  'eld-1': (node) => has(node, 'discriminator') || has(node, 'description'),
  'eld-2': ({ min, max }) =>
    typeof min !== 'number' || typeof max !== 'string' || !/^\d+$/.test(max) || min <= Number(max),
  'eld-4': (node) => !has(node, 'aggregation') || node.code === 'Reference' || node.code === 'canonical',
  'eld-5': (node) =>
    !has(node, 'contentReference') ||
    !(
      has(node, 'type') ||
      has(node, 'example') ||
      has(node, 'maxLength') ||
      has(node, 'binding') ||
      ['defaultValue', 'fixed', 'pattern', 'minValue', 'maxValue'].some((name) => hasChoice(node, name))
    ),
  'eld-6': (node) => !hasChoice(node, 'fixed') || size(node, 'type') <= 1,
  'eld-7': (node) => !hasChoice(node, 'pattern') || size(node, 'type') <= 1,
  'eld-8': (node) => !hasChoice(node, 'pattern') || !hasChoice(node, 'fixed'),
  'eld-11': (node) => {
    const codes = nodes(node, 'type').filter((type) => has(type, 'code'));
    return (
      !has(node, 'binding') ||
      codes.length === 0 ||
      codes.some((type) => type.code === undefined || BOUND.has(type.code))
    );
  },
  'eld-12': (node) => {
    const valueSet = text(node, 'valueSet');
    return valueSet === undefined || /^(?:https?:|https|urn:)/.test(valueSet);
  },
  'eld-13': (node) => distinct(nodes(node, 'type').map((type) => text(type, 'code'))),
  'eld-14': (node) => distinct(nodes(node, 'constraint').map((constraint) => text(constraint, 'key'))),
  'eld-15': (node) => !hasChoice(node, 'defaultValue') || !has(node, 'meaningWhenMissing'),
  'eld-16': (node) => {
    const name = text(node, 'sliceName');
    return name === undefined || /^[a-zA-Z0-9/\-_[\]@]+$/.test(name);
  },
  'eld-17': (node) => node.code === 'Reference' || node.code === 'canonical' || !has(node, 'targetProfile'),
  'eld-18': (node) => node.isModifier !== true || has(node, 'isModifierReason'),
  'eld-19': (node) => {
    const path = text(node, 'path');
    return path === undefined || /[^\s.,:;'"/|?!@#$%&*()[\]{}]/.test(path);
  },
  'eld-22': (node) => !has(node, 'sliceIsConstraining') || has(node, 'sliceName'),
  'sdf-1': (node) =>
    node.derivation === 'constraint' || distinct(elements(node, 'snapshot').map((element) => text(element, 'path'))),
  'sdf-2': (node) => has(node, 'name') || has(node, 'uri'),
  'sdf-3': (node) =>
    nodes(node, 'element').every((element) => has(element, 'definition') && has(element, 'min') && has(element, 'max')),
  'sdf-4': (node) => node.abstract === true || has(node, 'baseDefinition'),
  'sdf-5': (node) => node.type !== 'Extension' || node.derivation === 'specialization' || has(node, 'context'),
  'sdf-6': (node) => has(node, 'snapshot') || has(node, 'differential'),
  'sdf-8': (node, _root, parent) => {
    const [head, ...tail] = nodes(node, 'element').map((element) => text(element, 'path') ?? '');
    const { kind, type } = isNode(parent) ? parent : ({} as Node);
    return (kind === 'logical' || head === type) && tail.every((path) => path.startsWith(`${head}.`));
  },
  'sdf-8a': (node, _root, parent) => {
    const [head = '', ...tail] = nodes(node, 'element').map((element) => text(element, 'path') ?? '');
    const { kind, type } = isNode(parent) ? parent : ({} as Node);
    const base = head.split('.', 1)[0];
    return (kind === 'logical' || head.startsWith(String(type))) && tail.every((path) => path.startsWith(`${base}.`));
  },
  'sdf-8b': (node) => nodes(node, 'element').every((element) => has(element, 'base')),
  'sdf-9': (node) =>
    both(node)
      .filter(isTop)
      .every((element) => !has(element, 'label') && !has(element, 'code') && !has(element, 'requirements')),
  'sdf-10': (node) => {
    const binding = child(node, 'binding');
    return binding === undefined || has(binding, 'valueSet') || has(binding, 'description');
  },
  'sdf-11': (node) => {
    const [head] = elements(node, 'snapshot');
    return node.kind === 'logical' || head === undefined || text(head, 'path') === node.type;
  },
  'sdf-14': (node) => idsGiven(node, 'snapshot') && idsGiven(node, 'differential'),
  'sdf-15': (node) => {
    const [head] = elements(node, 'snapshot');
    return node.kind === 'logical' || head === undefined || !has(head, 'type');
  },
  'sdf-15a': (node) => {
    const [head] = elements(node, 'differential');
    return node.kind === 'logical' || head === undefined || !isTop(head) || !has(head, 'type');
  },
  'sdf-16': (node) => idsGiven(node, 'snapshot') && idsDistinct(node, 'snapshot'),
  'sdf-17': (node) => idsGiven(node, 'differential') && idsDistinct(node, 'differential'),
  'sdf-18': (node) => !has(node, 'contextInvariant') || node.type === 'Extension',
  'sdf-19': (node) => {
    if (!text(node, 'url')?.startsWith(OFFICIAL)) return true;
    const fits = (view: 'snapshot' | 'differential', plain: RegExp): boolean =>
      elements(node, view).every((element) =>
        nodes(element, 'type').every(
          ({ code }) => typeof code !== 'string' || plain.test(code) || SYSTEM_TYPE.test(code),
        ),
      );
    return fits('differential', /^[a-zA-Z0-9]+$/) && fits('snapshot', /^[a-zA-Z0-9.]+$/);
  },
  'sdf-20': (node) => nodes(node, 'element').every((element) => !isTop(element) || !has(element, 'slicing')),
  'sdf-21': (node) =>
    node.derivation === 'specialization' ||
    elements(node, 'differential').every((element) => !hasChoice(element, 'defaultValue')),
  'sdf-22': (node) =>
    !text(node, 'url')?.startsWith(OFFICIAL) || both(node).every((element) => !hasChoice(element, 'defaultValue')),
  'sdf-23': (node) => both(node).every((element) => !isTop(element) || !has(element, 'sliceName')),
};

const NAME = /^[A-Z][A-Za-z0-9_]{0,254}$/;

/** `name` would serve a code generator; one that is absent says nothing. */
const isIdentifier: Invariant = (node) => {
  const name = text(node, 'name');
  return name === undefined || NAME.test(name);
};

/** Advice that is no refusal, of severity warning in the specification. */
export const CONFORMANCE_ADVICE: Readonly<Record<string, Invariant>> = {
  ...Object.fromEntries(
    ['cmd-0', 'csd-0', 'lib-0', 'opd-0', 'pdf-0', 'que-0', 'sdf-0', 'spd-0', 'vsd-0'].map((key) => [key, isIdentifier]),
  ),
  'eld-20': (node) => {
    const path = text(node, 'path');
    return path === undefined || /^[A-Za-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*(?:\[x])?)*$/.test(path);
  },
  'eld-21': (node) => has(node, 'expression'),
};
