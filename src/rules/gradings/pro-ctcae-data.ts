import json from '../../../profiles/gradings/pro-ctcae.json' with { type: 'json' };
import { NCIT, PRO_CTCAE } from '../../fhir/canonical.ts';
import type { Attribute, Finding } from '../finding.ts';
import type { Label } from '../resources/labels.ts';
import type { GradingData, GradingSource } from './grading.ts';

/** Attributes that an item of the library measures; a write-in has `text` beside them. */
export type Measure = Exclude<Attribute, 'text'>;

export interface LibraryItem {
  /** Also the linkId in our own forms and the code in our CodeSystem, e.g. `PROCTCAE_9A_SCL`. */
  itemId: string;
  attribute: Measure;
  /** Key of `ItemLibrary.scales`. */
  scale: string;
  nciThesaurusCode: string;
}

export interface LibraryTerm {
  /** 1-80, as the library numbers its groups. */
  number: number;
  term: string;
  /** Our own translation, not NCI's certified French. */
  termFr: string;
  attributeList: readonly Measure[];
  /** Key of `CompositeTable.tables`; null where no composite is published (yes/no terms). */
  compositeGroup: string | null;
  items: readonly LibraryItem[];
}

export interface ItemLibrary {
  source: readonly GradingSource[];
  counts: { numberedGroups: number; items: number };
  recallPeriod: Label & { iso8601: string };
  scales: Readonly<Record<string, { values: readonly (Label & { code: number })[]; optOut?: readonly string[] }>>;
  optOutOptions: Readonly<Record<string, Label & { dataAbsentReason: string }>>;
  freeText: { cdisc: readonly { code: string; ncit?: string; meaning: string }[] };
  fhirPrecedent: { system: string };
  terms: readonly LibraryTerm[];
}

/** One row of a composite table: a score per attribute, by its first letter, and the grade 0-3. */
export type CompositeRow = Readonly<Partial<Record<'f' | 's' | 'i' | 'a', number>> & { grade: number }>;

export interface CompositeTable {
  source: readonly GradingSource[];
  counts: Readonly<Record<string, number>>;
  presenceGroups: { groups: readonly number[] };
  tables: Readonly<
    Record<string, { attributes: readonly Measure[]; groups: readonly number[]; rows: readonly CompositeRow[] }>
  >;
}

/** The data file: the item library and the composite table, each with its sources and how far each fact is trusted. */
export interface ProCtcaeData extends GradingData {
  items: ItemLibrary;
  composite: CompositeTable;
}

// The compiler reads every string of the file as `string`; that the values are those named above is checked at start.
export const DATA = json as unknown as ProCtcaeData;

/** A term as it is graded: one of the 80 groups, or the write-in symptoms. */
export interface Term {
  /** `PROCTCAE_<n>_COMP`, or `PROCTCAE_OTHER`. */
  code: string;
  /** Absent for the write-in symptoms. */
  number?: number;
  en: string;
  fr: string;
  kind: Exclude<Finding['kind'], 'ladder' | 'emergency' | 'monitoring'>;
  /** In the published order: frequency, severity, interference. */
  attributes: readonly Attribute[];
  /** Key of the composite table, for kind `composite`. */
  group?: string;
}

/** What an item code stands for. */
export interface ItemMeaning {
  itemId: string;
  term: Term;
  attribute: Attribute;
}

/** Write-in symptoms: "any other symptom" (yes/no) and what was written. The labels are ours. */
const OTHER_TERM: Term = {
  code: 'PROCTCAE_OTHER',
  en: 'Other symptom',
  fr: 'Autre symptôme',
  kind: 'text',
  attributes: ['presence', 'text'],
};
export const OTHER = { term: OTHER_TERM, presence: 'PROCTCAE_OTHER_IND', text: 'PROCTCAE_OTHER_TEXT' } as const;

/** Every term in the order of its number, the write-in symptoms last. */
export const TERMS: readonly Term[] = [...DATA.items.terms.map(termOf), OTHER_TERM];

/** Items by `system|code`: the NCIt code and our own. Source: CDISC terminology PT01TC, NCIt codes. */
export const ITEMS: ReadonlyMap<string, ItemMeaning> = new Map(itemEntries());

/** The codes of our CodeSystem that are answers: what they measure and the number they stand for. */
export const ANSWERS: ReadonlyMap<string, { attribute: Measure; value: number }> = new Map(
  Object.values(DATA.items.scales).flatMap((scale, index) => {
    const attribute = measureOf(Object.keys(DATA.items.scales)[index] ?? '');
    return scale.values.map(({ code }) => [answerCode(attribute, code), { attribute, value: code }] as const);
  }),
);

/** Opt-outs by `system|code`, ours and those of the German MII implementation guide, to our code. */
export const OPT_OUTS: ReadonlyMap<string, string> = new Map(
  Object.keys(DATA.items.optOutOptions).flatMap((option) => [
    [`${PRO_CTCAE}|${optOutCode(option)}`, optOutCode(option)] as const,
    [`${DATA.items.fhirPrecedent.system}|proctcae-${optOutCode(option)}`, optOutCode(option)] as const,
  ]),
);

/** Code of an answer in our CodeSystem, e.g. `severity-3`. */
export function answerCode(attribute: Measure, value: number): string {
  return `${attribute}-${value}`;
}

/** Code of an opt-out in our CodeSystem, e.g. `optout-not-applicable`. */
export function optOutCode(option: string): string {
  return `optout-${option.replaceAll('_', '-')}`;
}

/** Attribute that a scale of the library measures: its name up to the count of its steps. */
export function measureOf(scale: string): Measure {
  return scale.replace(/\d.*$/, '') as Measure; // the names are checked at start, see pro-ctcae-check.ts
}

function termOf({ number, term, termFr, attributeList, compositeGroup }: LibraryTerm): Term {
  return {
    code: `PROCTCAE_${number}_COMP`,
    number,
    en: term,
    fr: termFr,
    kind: compositeGroup === null ? 'presence' : 'composite',
    attributes: attributeList,
    ...(compositeGroup === null ? {} : { group: compositeGroup }),
  };
}

function* itemEntries(): Generator<readonly [string, ItemMeaning]> {
  for (const [index, { items }] of DATA.items.terms.entries()) {
    const term = TERMS[index];
    if (!term) continue;
    for (const { itemId, attribute, nciThesaurusCode } of items) {
      const meaning = { itemId, term, attribute };
      yield [`${PRO_CTCAE}|${itemId}`, meaning];
      yield [`${NCIT}|${nciThesaurusCode}`, meaning];
    }
  }
  const presence: ItemMeaning = { itemId: OTHER.presence, term: OTHER_TERM, attribute: 'presence' };
  yield [`${PRO_CTCAE}|${OTHER.presence}`, presence];
  yield [`${PRO_CTCAE}|${OTHER.text}`, { itemId: OTHER.text, term: OTHER_TERM, attribute: 'text' }];
  for (const { ncit } of DATA.items.freeText.cdisc) if (ncit) yield [`${NCIT}|${ncit}`, presence];
}
