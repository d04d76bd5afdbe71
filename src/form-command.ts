import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CANONICAL } from './fhir/canonical.ts';
import { composeForm, type FormOptions, LANGUAGES, type Texts, uncoveredAnswers } from './forms.ts';
import type { ItemLibrary, LibraryTerm } from './rules/gradings/pro-ctcae-data.ts';
import type { Language } from './rules/resources/labels.ts';

const USAGE = `Composes a PRO-CTCAE form and prints it as a FHIR R4 Questionnaire.

  npm run --silent form -- --terms nausea,fatigue,9 [options]

  --terms LIST     names (English or French) or numbers of PRO-CTCAE terms, separated by commas
  --lang LIST      fr, en or both; the first is the form's language (default fr,en)
  --other          ends with "any other symptom" and a free text
  --texts FILE     JSON {"PROCTCAE_9A_SCL": {"fr": "…", "en": "…"}, …}: the wording that your site has obtained
                   from NCI, for every item; answers may be worded too ("severity-1": {…})
  --url URL        canonical url (default: one made from the content)
  --version V      business version (default 1.0.0)
  --title TEXT     title, in every language
  --out FILE       writes to FILE in place of the standard output
  --list           prints the terms with their numbers and attributes
`;

/** What a run of the command leaves behind. */
export interface FormResult {
  exit: 0 | 2;
  stdout: string;
  stderr: string;
  /** Where `stdout` belongs in place of the standard output. */
  out?: string;
}

/** Runs `npm run form` on its arguments. `readText` reads the file of `--texts`. Never throws: what is wrong is in `stderr`. */
export function formCommand(
  args: readonly string[],
  library: ItemLibrary,
  readText: (path: string) => string,
): FormResult {
  try {
    return run(args, library, readText);
  } catch (error) {
    return { exit: 2, stdout: '', stderr: `${error instanceof Error ? error.message : String(error)}\n` };
  }
}

function run(args: readonly string[], library: ItemLibrary, readText: (path: string) => string): FormResult {
  const { values } = parseArgs({
    args: [...args],
    options: {
      terms: { type: 'string' },
      lang: { type: 'string', default: 'fr,en' },
      other: { type: 'boolean', default: false },
      texts: { type: 'string' },
      url: { type: 'string' },
      version: { type: 'string', default: '1.0.0' },
      title: { type: 'string' },
      out: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { exit: 0, stdout: USAGE, stderr: '' };
  if (values.list) return { exit: 0, stdout: library.terms.map(described).join(''), stderr: '' };
  if (!values.terms && !values.other) throw new RangeError(`--terms is missing\n\n${USAGE}`);
  const choice = {
    terms: findTerms(list(values.terms ?? ''), library).map(({ number }) => number),
    languages: languagesOf(list(values.lang)),
    otherSymptom: values.other,
    version: values.version,
    ...(values.texts === undefined ? {} : { texts: textsOf(values.texts, readText) }),
    ...(values.title === undefined ? {} : { title: { fr: values.title, en: values.title } }),
  };
  const digest = createHash('sha256').update(JSON.stringify(choice)).digest('hex').slice(0, 12);
  const options: FormOptions = { ...choice, url: values.url ?? `${CANONICAL}/Questionnaire/pro-ctcae-${digest}` };
  const form = composeForm(options, library);
  return {
    exit: 0,
    stdout: `${JSON.stringify(form, null, 2)}\n`,
    stderr: options.texts ? answersWarning(uncoveredAnswers(form, options)) : '',
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

function described({ number, term, termFr, attributeList }: LibraryTerm): string {
  return `${String(number).padStart(2)}  ${term} / ${termFr} (${attributeList.join(', ')})\n`;
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

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function languagesOf(names: readonly string[]): readonly [Language, ...Language[]] {
  const languages = [...new Set(names)].map((name) => {
    const language = LANGUAGES.find((known) => known === name);
    if (!language) throw new RangeError(`No labels in language "${name}"; known are ${LANGUAGES.join(', ')}`);
    return language;
  });
  const [first, ...others] = languages;
  if (!first) throw new RangeError(`--lang names no language; known are ${LANGUAGES.join(', ')}`);
  return [first, ...others];
}

function textsOf(path: string, readText: (path: string) => string): Texts {
  const texts: unknown = JSON.parse(readText(path));
  if (!isRecord(texts)) throw new RangeError(`${path} is not a JSON object`);
  for (const [code, wording] of Object.entries(texts)) {
    if (!isRecord(wording) || Object.values(wording).some((text) => typeof text !== 'string')) {
      throw new RangeError(`${path}: ${code} is not an object of texts by language`);
    }
  }
  return texts as Texts; // each value was just looked at
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function answersWarning(codes: readonly string[]): string {
  if (codes.length === 0) return '';
  return `Warning: the French labels of these answers are our own translation, not NCI's; add them to the texts: ${codes.join(', ')}\n`;
}
