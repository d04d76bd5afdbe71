import { fault } from '../errors.ts';
import type { ProfileCheck } from './check.ts';
import { type Child, membersOf } from './elements.ts';
import { allItemsOf, type Item, isObject } from './items.ts';
import type { CompiledProfile, ExtensionContext } from './model.ts';

/** A value and how it was reached. */
export interface Place {
  readonly item: Item;
  /** The element that it is a value of; absent for the resource. */
  readonly child?: Child;
  readonly parent?: Place;
}

/** Every value in a resource, itself first. Of the resources within it only they themselves. */
export function* placesOf(place: Place): Generator<Place> {
  yield place;
  for (const { child, item } of allItemsOf(place.item)) {
    const inner: Place = { item, child, parent: place };
    if (isResource(item)) yield inner;
    else if (isObject(item.value) || item.sibling !== undefined) yield* placesOf(inner);
  }
}

export const isResource = ({ value }: Item): boolean => isObject(value) && typeof value.resourceType === 'string';

/**
 * Checks the extensions of one value by their definitions: where they may stand, how often, and their content. One whose definition is not held is
 * allowed; a modifier that is not known is warned of, since nobody may act on what it changes.
 * Source: FHIR R4, section 2.4 (Extensibility) and 5.1.0.12 (extension definitions).
 */
export function checkExtensions(place: Place, check: ProfileCheck): void {
  const { item, child, parent } = place;
  if (!child || (child.name !== 'extension' && child.name !== 'modifierExtension') || !parent) return;
  const { value, path } = item;
  if (!isObject(value) || typeof value.url !== 'string') return;
  const { url } = value;
  const profile = check.around.profile(url);
  if (!profile) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) unknown(url, child, path, check);
    else checkRelative(url, parent, path, check);
    return;
  }
  if (profile.type !== 'Extension') {
    check.add(fault('value', `Expected the url of an extension; ${url} defines a profile of ${profile.type}`, path));
    return;
  }
  if (profile.contexts.length > 0 && !profile.contexts.some((context) => mayStand(context, parent))) {
    const where = profile.contexts.map(({ expression }) => expression).join(', ');
    check.add(fault('structure', `The extension ${url} may stand on ${where}, and not here`, path));
  }
  const { max } = profile.root;
  if (max !== undefined && check.count(parent, url) === max + 1) {
    check.add(fault('structure', `Expected at most ${max} of the extension ${url}`, path));
  }
  check.against(item, profile);
}

function unknown(url: string, child: Child, path: string, check: ProfileCheck): void {
  const isModifier = child.name === 'modifierExtension';
  check.add({
    severity: isModifier ? 'warning' : 'information',
    code: 'not-found',
    diagnostics: isModifier
      ? `The modifier extension ${told(url)} is not known here: it changes what this element means, and was not checked`
      : `The extension ${told(url)} is not known here and was not checked`,
    expression: path,
  });
}

/** A url that is not absolute is a part of the extension around it, which says which parts it has. */
function checkRelative(url: string, parent: Place, path: string, check: ProfileCheck): void {
  const { value, type } = parent.item;
  const outer = type === 'Extension' && isObject(value) && typeof value.url === 'string' ? value.url : undefined;
  if (outer === undefined) {
    check.add(fault('value', 'Expected an absolute URL; only parts of an extension have others', path));
    return;
  }
  const definition = check.around.profile(outer);
  if (definition && !partsOf(definition).includes(url)) {
    const parts = partsOf(definition).join(', ');
    check.add(
      fault('structure', `The extension ${outer} has ${parts === '' ? 'no parts' : `the parts ${parts}`}`, path),
    );
  }
}

const partsOf = ({ root }: CompiledProfile): string[] =>
  [...(root.children.get('extension')?.slices.values() ?? [])].flatMap(({ children, types }) => [
    ...(typeof children.get('url')?.fixed?.value === 'string' ? [String(children.get('url')?.fixed?.value)] : []),
    ...(types ?? []).flatMap(({ profiles }) => profiles),
  ]);

function mayStand({ type, expression }: ExtensionContext, on: Place): boolean {
  if (type === 'extension') return isObject(on.item.value) && on.item.value.url === expression;
  // An expression over the whole resource, and an element of a profile, are not looked into.
  if (type !== 'element' || expression.includes('#') || expression.includes(':')) return true;
  return namesOf(on).has(expression.replace('[x]', ''));
}

/** Every name that a context may call a place by: its path from the resource, from each type on the way, and its own type. */
function namesOf({ item, child, parent }: Place): Set<string> {
  // HL7 itself means resources too by Element.
  const names = new Set([item.type, 'Element', ...(isResource(item) ? ['Resource', 'DomainResource'] : [])]);
  if (!child || !parent || isResource(item)) return names;
  for (const name of namesOf(parent)) names.add(`${name}.${child.stem}`);
  const { type, path } = item.scope;
  // Content that is defined elsewhere in the type, as Questionnaire.item.item is, goes by that name too.
  if (path !== '') names.add(`${type}.${path}`);
  if (path !== '' && membersOf(item.scope).size > 0) names.add('BackboneElement');
  return names;
}

const told = (url: string): string => (/^[\w:/.#|+-]{1,200}$/.test(url) ? url : 'with this url');
