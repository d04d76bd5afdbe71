import { createHash } from 'node:crypto';
import { CANONICAL } from './fhir/canonical.ts';
import { type FormOptions, LANGUAGES } from './forms.ts';
import type { ItemLibrary, LibraryTerm } from './rules/gradings/pro-ctcae-data.ts';
import type { Language } from './rules/resources/labels.ts';

/** The url of a form that was given none: the same choice has the same url. */
export function urlOf(choice: Omit<FormOptions, 'url'>): string {
  const digest = createHash('sha256').update(JSON.stringify(choice)).digest('hex').slice(0, 12);
  return `${CANONICAL}/Questionnaire/pro-ctcae-${digest}`;
}

/** The languages of a list, each once, in the order given; the first is the form's own. Throws RangeError for one that we have no labels in, and for none. */
export function languagesOf(names: readonly string[]): readonly [Language, ...Language[]] {
  const languages = [...new Set(names)].map((name) => {
    const language = LANGUAGES.find((known) => known === name);
    if (!language) throw new RangeError(`No labels in language "${name}"; known are ${LANGUAGES.join(', ')}`);
    return language;
  });
  const [first, ...others] = languages;
  if (!first) throw new RangeError(`The list names no language; known are ${LANGUAGES.join(', ')}`);
  return [first, ...others];
}

/**
 * The terms of a list of names or numbers, each once, in the order given. A name may be English or French, with or
 * without accents, capitals, hyphens and what the library puts in brackets. Throws RangeError with near matches.
 */
export function findTerms(names: readonly string[], library: ItemLibrary): readonly LibraryTerm[] {
  const byName = new Map<string, LibraryTerm>();
  for (const term of library.terms) {
    for (const name of [term.term, term.termFr]) {
      for (const form of [name, name.replace(/\(.*?\)/g, '')]) byName.set(slug(form), term);
    }
    byName.set(String(term.number), term);
  }
  const unknown = names.filter((name) => !byName.has(slug(name)));
  if (unknown.length > 0) {
    throw new RangeError(
      unknown.map((name) => `No PRO-CTCAE term "${name}".${suggestion(slug(name), byName)}`).join('\n'),
    );
  }
  return [...new Set(names.flatMap((name) => byName.get(slug(name)) ?? []))];
}

function suggestion(name: string, byName: ReadonlyMap<string, LibraryTerm>): string {
  const near = [...byName]
    .filter(([known]) => !/^\d+$/.test(known))
    .map(([known, term]) => ({ term, distance: known.includes(name) ? 0 : distance(name, known) }))
    .filter((one) => one.distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.term.number - b.term.number);
  const terms = [...new Set(near.map(({ term }) => term))].slice(0, 6);
  if (terms.length === 0) return ' The option --list prints all terms.';
  return ` Near: ${terms.map(({ number, term, termFr }) => `${number} ${term} / ${termFr}`).join('; ')}.`;
}

/** Edits (insert, delete, replace) between two words. Source: Levenshtein 1966. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function slug(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
