import type {
  Coding,
  Extension,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireItemAnswerOption,
  QuestionnaireItemEnableWhen,
} from '@medplum/fhirtypes';
import { NCIT, PRO_CTCAE } from './fhir/canonical.ts';
import {
  answerCode,
  type ItemLibrary,
  type LibraryItem,
  type LibraryTerm,
  measureOf,
  OTHER,
  optOutCode,
} from './rules/gradings/pro-ctcae-data.ts';
import { UNVALIDATED_WORDING } from './rules/resources/codes.ts';
import { type Label, type Labels, type Language, labelsOf } from './rules/resources/labels.ts';

/** Languages that we have short labels in. */
export const LANGUAGES: readonly Language[] = ['fr', 'en'];

/** Wording that a site has obtained, by item id (and, where it has them, by the code of an answer), then by language. */
export type Texts = Readonly<Record<string, Partial<Label>>>;

export interface FormOptions {
  /** Numbers of the terms, 1-80; asked in this order. */
  terms: readonly number[];
  /** The first is the language of the form, the others are translations in it. */
  languages: readonly [Language, ...Language[]];
  url: string;
  version: string;
  /** Without it the form is titled by its count of symptoms. */
  title?: Label;
  texts?: Texts;
  /** Ends with "any other symptom" and a free text. */
  otherSymptom?: boolean;
}

const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation';
const ORDINAL = 'http://hl7.org/fhir/StructureDefinition/ordinalValue';

const EMERGENCY: Label = {
  fr: "Ce questionnaire n'est pas un service d'urgence. En cas d'urgence, appelez le 15 ou le 112.",
  en: 'This questionnaire is not emergency care. In an emergency, call 15 or 112.',
};
const DEMONSTRATION: Label = { fr: ' (démonstration)', en: ' (demonstration)' };
const COPYRIGHT =
  'PRO-CTCAE v1.0 is an instrument of the U.S. National Cancer Institute. ' +
  'This form uses its codes and structure; its labels are short labels (term and attribute), not the items of NCI.';
const COPYRIGHT_TEXTS =
  'PRO-CTCAE v1.0 is an instrument of the U.S. National Cancer Institute. ' +
  'The wording of the items was supplied by the site that made this form, under its own agreement with NCI.';

/**
 * A Questionnaire of PRO-CTCAE terms: one group per term, items with NCIt's code and ours, ordinals, opt-outs, and
 * branching by `enableWhen` (frequency above 0 shows severity, severity above 0 shows interference).
 *
 *     composeForm({ terms: [9, 53], languages: ['fr', 'en'], url: 'https://…/Questionnaire/x', version: '1.0.0' }, DATA.items)
 *
 * Without `texts` it is experimental, titled as demonstration and tagged `unvalidated-wording`, since our short labels
 * are not NCI's wording. No item is required: in electronic capture a patient may skip any of them. Throws RangeError on
 * an unknown term, on none, and on texts that do not cover every item in every language.
 */
export function composeForm(options: FormOptions, library: ItemLibrary): Questionnaire {
  const { languages, url, version, texts, otherSymptom = false } = options;
  const terms = [...new Set(options.terms)].map((number) => termOf(number, library));
  if (terms.length === 0 && !otherSymptom) throw new RangeError('A form asks at least one term');
  if (texts)
    requireTexts(
      texts,
      [...terms.flatMap(({ items }) => items.map(({ itemId }) => itemId)), ...others(options)],
      languages,
    );
  const context: Context = { languages, library, labels: labelsOf(library), texts };
  const [language] = languages;
  const label = titleOf(options, terms.length);
  return {
    resourceType: 'Questionnaire',
    ...(texts ? {} : { meta: { tag: [UNVALIDATED_WORDING] } }),
    language,
    url,
    version,
    title: label[language],
    ...shadow('_title', label, languages),
    status: 'active',
    ...(texts ? {} : { experimental: true }),
    subjectType: ['Patient'],
    copyright: texts ? COPYRIGHT_TEXTS : COPYRIGHT,
    item: [
      { linkId: 'not-emergency-care', ...worded(EMERGENCY, languages), type: 'display' },
      ...terms.map((term) => groupOf(term, context)),
      ...(otherSymptom ? [otherGroup(context)] : []),
    ],
  };
}

/** Codes of the answers whose labels in languages other than English are still our own translation, though `texts` are given. */
export function uncoveredAnswers(form: Questionnaire, { texts, languages }: FormOptions): readonly string[] {
  const foreign = languages.filter((language) => language !== 'en');
  const codes = (form.item ?? []).flatMap(({ item = [] }) =>
    item.flatMap(({ answerOption = [] }) => answerOption.map(({ valueCoding }) => valueCoding?.code ?? '')),
  );
  return [...new Set(codes)].filter((code) => foreign.some((language) => !texts?.[code]?.[language]));
}

interface Context {
  languages: readonly [Language, ...Language[]];
  library: ItemLibrary;
  labels: Labels;
  texts: Texts | undefined;
}

function termOf(number: number, library: ItemLibrary): LibraryTerm {
  const term = library.terms.find((one) => one.number === number);
  if (!term) throw new RangeError(`PRO-CTCAE has no term ${number}; terms are numbered 1 to ${library.terms.length}`);
  return term;
}

function others({ otherSymptom }: FormOptions): readonly string[] {
  return otherSymptom ? [OTHER.presence, OTHER.text] : [];
}

function requireTexts(texts: Texts, itemIds: readonly string[], languages: readonly Language[]): void {
  const absent = itemIds.flatMap((id) =>
    languages.filter((language) => !texts[id]?.[language]?.trim()).map((language) => `${id} (${language})`),
  );
  if (absent.length > 0) throw new RangeError(`The texts do not cover: ${absent.join(', ')}`);
}

function titleOf({ title, texts }: FormOptions, count: number): Label {
  const plural = count > 1 ? 's' : '';
  const own = title ?? { fr: `PRO-CTCAE : ${count} symptôme${plural}`, en: `PRO-CTCAE: ${count} symptom${plural}` };
  if (texts) return own;
  const marked = (language: Language, mark: RegExp) =>
    mark.test(own[language]) ? own[language] : own[language] + DEMONSTRATION[language];
  return { fr: marked('fr', /d[ée]monstration/i), en: marked('en', /demonstration/i) };
}

function groupOf(term: LibraryTerm, context: Context): QuestionnaireItem {
  return {
    linkId: `PROCTCAE_${term.number}`,
    ...headed(`PROCTCAE_${term.number}_COMP`, context),
    type: 'group',
    item: term.items.map(({ itemId, scale }, index) => ({
      ...asked(itemId, context),
      type: 'choice',
      ...shownAfter(term.items.slice(0, index)),
      required: false,
      answerOption: optionsOf(scale, context),
    })),
  };
}

function otherGroup(context: Context): QuestionnaireItem {
  return {
    linkId: OTHER.term.code,
    ...headed(OTHER.term.code, context),
    type: 'group',
    item: [
      {
        ...asked(OTHER.presence, context),
        type: 'choice',
        required: false,
        answerOption: optionsOf('presence2', context),
      },
      {
        ...asked(OTHER.text, context),
        type: 'text',
        enableWhen: [notZero(OTHER.presence, 'presence')],
        required: false,
      },
    ],
  };
}

/** Code and heading of a term's group. A site's own wording names symptom and recall period itself: no heading of ours beside it. */
function headed(
  code: string,
  { labels, languages, library, texts }: Context,
): Pick<QuestionnaireItem, 'code' | 'text'> {
  const { en, fr } = labels.term(code);
  const { recallPeriod } = library;
  const heading = { fr: `${fr} (${recallPeriod.fr})`, en: `${en} (${recallPeriod.en})` };
  return { code: [{ system: PRO_CTCAE, code }], ...(texts ? {} : worded(heading, languages)) };
}

/** linkId, codes and text of an item: the site's wording, else our short label. */
function asked(
  itemId: string,
  { labels, languages, texts }: Context,
): Pick<QuestionnaireItem, 'linkId' | 'code' | 'text'> {
  const label = labels.item(itemId);
  if (!label) throw new RangeError(`The library has no item ${itemId}`);
  const { ncit, en, fr } = label;
  return {
    linkId: itemId,
    code: [...(ncit ? [{ system: NCIT, code: ncit }] : []), { system: PRO_CTCAE, code: itemId }],
    ...worded({ en, fr, ...texts?.[itemId] }, languages),
  };
}

/**
 * Shown unless an earlier attribute was answered 0. Each earlier one is named, since a question that is itself hidden has
 * no answer, and R4's `!=` holds of no answer.
 */
function shownAfter(earlier: readonly LibraryItem[]): {
  enableWhen?: QuestionnaireItemEnableWhen[];
  enableBehavior?: 'all';
} {
  if (earlier.length === 0) return {};
  const enableWhen = earlier.map(({ itemId, attribute }) => notZero(itemId, attribute));
  return earlier.length === 1 ? { enableWhen } : { enableWhen, enableBehavior: 'all' };
}

function notZero(question: string, attribute: LibraryItem['attribute']): QuestionnaireItemEnableWhen {
  return { question, operator: '!=', answerCoding: { system: PRO_CTCAE, code: answerCode(attribute, 0) } };
}

function optionsOf(scaleName: string, context: Context): QuestionnaireItemAnswerOption[] {
  const { scales, optOutOptions } = context.library;
  const scale = scales[scaleName];
  if (!scale) throw new RangeError(`The library has no scale ${scaleName}`);
  const measure = measureOf(scaleName);
  return [
    ...scale.values.map((value) => ({
      extension: [{ url: ORDINAL, valueDecimal: value.code }],
      valueCoding: coding(answerCode(measure, value.code), value, context),
    })),
    ...(scale.optOut ?? []).flatMap((option) => {
      const label = optOutOptions[option];
      return label ? [{ valueCoding: coding(optOutCode(option), label, context) }] : [];
    }),
  ];
}

function coding(code: string, label: Label, { languages, texts }: Context): Coding {
  const display = { ...label, ...texts?.[code] };
  return { system: PRO_CTCAE, code, display: display[languages[0]], ...shadow('_display', display, languages) };
}

function worded(label: Label, languages: Context['languages']): Pick<QuestionnaireItem, 'text'> & { _text?: Extended } {
  return { text: label[languages[0]], ...shadow('_text', label, languages) };
}

interface Extended {
  extension: Extension[];
}

/** The sibling of a primitive that holds its translations; nothing when the form has one language. */
function shadow<Key extends string>(
  key: Key,
  label: Label,
  [, ...others]: Context['languages'],
): { [K in Key]?: Extended } {
  if (others.length === 0) return {};
  const extension = others.map((language) => ({
    url: TRANSLATION,
    extension: [
      { url: 'lang', valueCode: language },
      { url: 'content', valueString: label[language] },
    ],
  }));
  return { [key]: { extension } } as { [K in Key]?: Extended }; // a computed key widens to an index signature
}
