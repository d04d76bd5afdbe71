import { english } from './explain-english.ts';
import { french } from './explain-french.ts';
import type { Words } from './explain-words.ts';
import type { Language, TermLabel } from './resources/labels.ts';

/** The words of each language. */
export const WORDS: Readonly<Record<Language, Words>> = { en: english, fr: french };

/** Name of a term in a language; one that has none here is its own code. */
export const termName = (label: TermLabel, language: Language): string =>
  label[language] === label.code ? WORDS[language].unnamed(label.code) : label[language];
