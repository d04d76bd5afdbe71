import { english } from './explain-english.ts';
import { french } from './explain-french.ts';
import type { Words } from './explain-words.ts';
import type { Language } from './resources/labels.ts';

/** The words of each language. */
export const WORDS: Readonly<Record<Language, Words>> = { en: english, fr: french };
