import { parseArgs } from 'node:util';
import { findTerms, languagesOf, urlOf } from './form-terms.ts';
import { composeForm, type FormOptions, type Texts, uncoveredAnswers } from './forms.ts';
import type { ItemLibrary, LibraryTerm } from './rules/gradings/pro-ctcae-data.ts';

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
  const options: FormOptions = { ...choice, url: values.url ?? urlOf(choice) };
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

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
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
