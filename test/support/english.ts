import { readdirSync, readFileSync } from 'node:fs';
import type { PlanDefinition } from '@medplum/fhirtypes';
import { titlesOf } from '../../src/rules/policy/titles.ts';

/** Words that are no French ones, of those that our English texts are made of. */
const WORDS = new Set(
  `the of and or is was were be been no not with without by from for to at in it its that this these than then there which who nobody has have had
  would could should may might must can cannot under above below before after since until while when where report reports reported reporting answer
  answers answered asked still open opened closed stays stay level levels threshold severity frequency interference amount yes high low medium
  priority grading baseline recorded previous value measured limits upper lower missing unknown true false instead day days week weeks hour hours
  needs review contradictory contradict least most excluded undecided decided judged expected clinician person policy policies flag flags error form
  none nothing something anything changed change more worse better each other written symptom fever bleeding sleepiness confused breathless
  breathlessness unusual thoughts death nausea reading late took seconds month year treatment cell therapy bispecific gender birth start end burden
  rise draft known held now said of`.split(/\s+/),
);

/** Ids of what ships are codes, whatever language they look like. */
const IDS = new Set<string>();
/** Titles of what ships that are another in French. */
const TITLES: string[] = [];

for (const file of readdirSync('profiles/policies')) {
  const plan: PlanDefinition = JSON.parse(readFileSync(`profiles/policies/${file}`, 'utf8'));
  for (const one of [plan, ...(plan.action ?? [])]) {
    if (one.id) IDS.add(one.id);
    if (one.title && titlesOf(one)?.fr !== one.title) TITLES.push(one.title);
  }
}

/** The English in a French text. Codes, links, references, and what stands in quotation marks or brackets, are of no language. */
export function englishIn(text: string): string[] {
  const titles = TITLES.filter((title) => title.includes(' ') && text.includes(title));
  const words = text
    .replace(/«[^»]*»/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\S*[/|_]\S*/g, ' ')
    .split(/[^\p{L}\p{N}’'.-]+/u)
    .map((word) => word.replace(/[.’']+$/, ''))
    .filter((word) => !IDS.has(word) && !/^(?:item|open|escalate|close)-[\w-]+$/.test(word))
    .flatMap((word) => word.split(/[^\p{L}]+/u));
  return [...titles, ...new Set(words.filter((word) => WORDS.has(word.toLowerCase())))];
}
