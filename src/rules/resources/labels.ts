import { type Attribute, type Missing, type MissingFact, termOfKey } from '../finding.ts';

/** Language of a text that people read. */
export type Language = 'en' | 'fr';

/** A short name in both languages. */
export interface Label {
  en: string;
  fr: string;
}

/** One item of the instrument: its code in our CodeSystem `pro-ctcae`, its NCI Thesaurus code, and "term attribute". */
export interface ItemLabel extends Label {
  code: string;
  ncit?: string;
}

/** One adverse-event term with the items that its attributes are asked by; `result` is what its code stands for. */
export interface TermLabel extends Label {
  code: string;
  result: Label;
  items: Partial<Record<Attribute, ItemLabel>>;
  /** How it is measured, or that a patient says it. */
  measuredBy?: Label;
}

/** Short labels by code: term and attribute, never the wording of an item, which is NCI's. */
export interface Labels {
  /** An unknown code is its own label, so that a missing label never stops a report from being shown. */
  term(code: string): TermLabel;
  item(code: string): ItemLabel | undefined;
}

/** What labels are made from: the terms of the PRO-CTCAE grading library. */
export interface LabelLibrary {
  terms: readonly {
    number: number;
    term: string;
    termFr: string;
    items: readonly { itemId: string; attribute: string; nciThesaurusCode?: string }[];
  }[];
  /** Write-in symptoms; the one NCIt code there asks whether there is any. */
  freeText?: { cdisc: readonly { ncit?: string }[] };
}

/** Code of the write-in symptom, which no published term stands for. */
export const OTHER = 'PROCTCAE_OTHER';

/** The attributes as words. The French ones are our own translation, not NCI's. */
export const ATTRIBUTE: Readonly<Record<Attribute, Label>> = {
  frequency: { en: 'frequency', fr: 'fréquence' },
  severity: { en: 'severity', fr: 'intensité' },
  interference: { en: 'interference', fr: 'gêne dans les activités' },
  amount: { en: 'amount', fr: 'quantité' },
  presence: { en: 'presence', fr: 'présence' },
  text: { en: 'description', fr: 'précisez' },
};

/** What a CTCAE ladder may lack, as words. The French is our own. */
const FACT: Readonly<Record<MissingFact, Label>> = {
  'upper-limit': { en: 'upper limit of normal', fr: 'limite supérieure de la normale' },
  'lower-limit': { en: 'lower limit of normal', fr: 'limite inférieure de la normale' },
  baseline: { en: 'recorded baseline', fr: 'valeur de référence enregistrée' },
  threshold: { en: 'a limit, which is the policy’s to choose', fr: 'une limite, que la politique choisit' },
  'clinical-fact': { en: 'clinical facts', fr: 'éléments cliniques' },
  value: { en: 'value', fr: 'valeur' },
};

/** What would have told a grade, as words. */
export const missingLabel = (missing: Missing): Label => (isAttribute(missing) ? ATTRIBUTE[missing] : FACT[missing]);

/**
 * Labels of every term and item of a grading library.
 * Source: short labels of PRO-CTCAE v1.0 (R package ProAE 1.0.4); the French terms are our own translation.
 */
export function labelsOf(library: LabelLibrary): Labels {
  const terms = new Map<string, TermLabel>();
  const items = new Map<string, ItemLabel>();
  const add = (label: TermLabel) => {
    terms.set(label.code, label);
    for (const item of Object.values(label.items)) items.set(item.code, item);
  };
  add(otherLabel(library.freeText?.cdisc.find(({ ncit }) => ncit)?.ncit));
  for (const { number, term, termFr, items: published } of library.terms) {
    const code = `PROCTCAE_${number}_COMP`;
    const scored = published.some(({ attribute }) => attribute !== 'presence');
    const label = termLabel(code, { en: term, fr: termFr }, scored);
    for (const { itemId, attribute, nciThesaurusCode } of published) {
      if (!isAttribute(attribute)) continue;
      label.items[attribute] = itemLabel(label, attribute, itemId, nciThesaurusCode);
    }
    add(label);
  }
  return {
    term: (code) => terms.get(code) ?? termLabel(code, { en: code, fr: code }, false),
    item: (code) => items.get(code),
  };
}

/** A term of another grading system, under its `termKey`. */
export interface NamedTerm extends Label {
  key: string;
  code: string;
  /** What its number is, as in "CTCAE grade". */
  result: Label;
  measuredBy?: Label;
}

/** Labels that know other terms as well. */
export function withTerms(labels: Labels, named: readonly NamedTerm[]): Labels {
  const terms = new Map(
    named.map(({ key, code, en, fr, result, measuredBy }): [string, TermLabel] => [
      key,
      { code, en, fr, result: joined({ en, fr }, result), items: {}, ...(measuredBy ? { measuredBy } : {}) },
    ]),
  );
  return {
    // Of a term that is followed for each form apart the name is that of the term.
    term: (code) => terms.get(code) ?? terms.get(termOfKey(code)) ?? labels.term(code),
    item: (code) => labels.item(code),
  };
}

function termLabel(code: string, term: Label, scored: boolean): TermLabel {
  const result = scored ? { en: 'composite grade', fr: 'grade composite' } : { en: 'result', fr: 'résultat' };
  return { code, ...term, result: joined(term, result), items: {} };
}

const joined = (term: Label, word: Label): Label => ({ en: `${term.en}: ${word.en}`, fr: `${term.fr} : ${word.fr}` });

const itemLabel = (term: Label, attribute: Attribute, code: string, ncit?: string): ItemLabel => ({
  code,
  ...(ncit ? { ncit } : {}),
  ...joined(term, ATTRIBUTE[attribute]),
});

function otherLabel(ncit?: string): TermLabel {
  const label = termLabel(OTHER, { en: 'Other symptom', fr: 'Autre symptôme' }, false);
  label.items.presence = itemLabel(label, 'presence', `${OTHER}_IND`, ncit);
  label.items.text = itemLabel(label, 'text', `${OTHER}_TEXT`);
  return label;
}

export const isAttribute = (name: string): name is Attribute => Object.hasOwn(ATTRIBUTE, name);
