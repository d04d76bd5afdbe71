import type { PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import type { Language } from '../resources/labels.ts';

/** A string in another language than its element is written in. Source: HL7 FHIR R4 4.0.1, extension translation. */
export const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation';

/** What an action or a policy is called, in the languages that it is translated to. */
export type Titles = Readonly<Partial<Record<Language, string>>>;

type Titled = Pick<PlanDefinitionAction, 'title' | 'description'>;

/** Its title, else its description, in its own words. */
export const titleOf = ({ title, description }: Titled): string | undefined => title ?? description;

/**
 * The translations of its title (of the description, where that stands for a title); undefined where there are none. `fr-CA` is French, where
 * nothing is `fr`.
 */
export function titlesOf(element: Titled): Titles | undefined {
  const beside = shadowOf(element, element.title === undefined ? '_description' : '_title');
  const said = extensionsOf(beside).flatMap((extension) => translated(extension));
  const found: Partial<Record<Language, string>> = {};
  for (const language of ['en', 'fr'] as const) {
    const own = said.find(({ lang }) => lang === language) ?? said.find(({ lang }) => lang.startsWith(`${language}-`));
    if (own) found[language] = own.content;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

/** What a reader of the language is told that an action is called: undefined where it is called nothing. */
export const titleIn = (element: Titled, language: Language): string | undefined =>
  titlesOf(element)?.[language] ?? titleOf(element);

/** The same policy without the translations of its titles and descriptions: they are for readers, and decide nothing. */
export function withoutTranslations(plan: PlanDefinition): PlanDefinition {
  const action = plan.action?.map((one) => untranslated(one));
  return { ...untranslated(plan), ...(action ? { action } : {}) };
}

function untranslated<E extends Titled>(element: E): E {
  const kept: E = { ...element };
  for (const name of ['_title', '_description'] as const) {
    const beside = shadowOf(element, name);
    const all = extensionsOf(beside);
    if (!all.some(isTranslation)) continue;
    const left = all.filter((one) => !isTranslation(one));
    const { extension: _extension, ...rest } = beside ?? {};
    const shadow = left.length > 0 ? { ...rest, extension: left } : rest;
    if (Object.keys(shadow).length > 0) Object.assign(kept, { [name]: shadow });
    else Reflect.deleteProperty(kept, name);
  }
  return kept;
}

/** What stands beside a string of an element: the types of FHIR name it nowhere. */
function shadowOf(element: object, name: string): Readonly<Record<string, unknown>> | undefined {
  const value: unknown = Reflect.get(element, name);
  return isRecord(value) ? value : undefined;
}

const extensionsOf = (element: Readonly<Record<string, unknown>> | undefined): readonly unknown[] =>
  Array.isArray(element?.extension) ? element.extension : [];

const isTranslation = (extension: unknown): boolean => isRecord(extension) && extension.url === TRANSLATION;

function translated(extension: unknown): { lang: string; content: string }[] {
  if (!isRecord(extension) || !isTranslation(extension)) return [];
  const parts = extensionsOf(extension).filter(isRecord);
  const lang = parts.find(({ url }) => url === 'lang')?.valueCode;
  const content = parts.find(({ url }) => url === 'content')?.valueString;
  return typeof lang === 'string' && typeof content === 'string' ? [{ lang, content }] : [];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
