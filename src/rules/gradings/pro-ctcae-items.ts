import { NCIT, PRO_CTCAE } from '../../fhir/canonical.ts';
import type { Issue } from '../../fhir/errors.ts';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire } from '../../fhir/questionnaire.ts';
import type { Attribute } from '../finding.ts';
import { ANSWERS, ITEMS, type ItemMeaning, OPT_OUTS, type Term } from './pro-ctcae-data.ts';
import { MII, MII_ANSWERS, MII_ITEMS } from './pro-ctcae-mii.ts';

/** The scores of an item's answers, or the codes of its opt-outs: integers under their number, codings by system, then code. */
export interface Reading {
  integers: Set<number>;
  codings: Map<string, Map<string, number | string>>;
}

/** An item of a form that grades. */
export interface GradingItem {
  item: CompiledItem;
  term: Term;
  attribute: Attribute;
  reading: Reading;
}

/** The items of a form that carry our codes, NCIt's or those of the German MII guide, fit to grade, and what is wrong with the form. */
export function gradingItems(form: CompiledQuestionnaire): { items: readonly GradingItem[]; issues: readonly Issue[] } {
  const items: GradingItem[] = [];
  const issues: Issue[] = [];
  for (const item of form.items.values()) {
    const meaning = meaningOf(item, issues);
    if (!meaning) continue;
    const reading: Reading = { integers: new Set(), codings: new Map() };
    const problem = readOptions(item, meaning.attribute, reading);
    if (problem) issues.push(refusal(item, problem));
    else items.push({ item, term: meaning.term, attribute: meaning.attribute, reading });
    if (item.repeats && meaning.attribute !== 'text') {
      issues.push(warning(item, 'it repeats; with two answers its term is not gradable'));
    }
  }
  const first = new Map<string, CompiledItem>();
  for (const { item, term, attribute } of items) {
    if (attribute === 'text') continue;
    const key = `${term.code} ${attribute}`;
    const earlier = first.get(key);
    if (earlier)
      issues.push(warning(item, `item ${earlier.linkId} has the same code; the term ${term.en} is not gradable`));
    else first.set(key, item);
  }
  return { items, issues };
}

/** What the codes of an item stand for; a code that is ours and unknown, or two that disagree, are refused. */
function meaningOf(item: CompiledItem, issues: Issue[]): ItemMeaning | undefined {
  let meaning: ItemMeaning | undefined;
  for (const { system, code } of item.codes) {
    if (system !== PRO_CTCAE && system !== NCIT && system !== MII) continue;
    const found = system === MII ? MII_ITEMS.get(code ?? '') : ITEMS.get(`${system}|${code}`);
    if (!found) {
      const asks = item.type !== 'group' && item.type !== 'display';
      if (system === MII && asks)
        issues.push(warning(item, `code ${code} of ${system} is not known to us and says nothing here`));
      if (system === PRO_CTCAE && asks)
        issues.push(refusal(item, `code ${code} of ${system} is not the code of an item`));
    } else if (meaning && meaning.itemId !== found.itemId) {
      issues.push(refusal(item, `its codes disagree: ${meaning.itemId} and ${found.itemId}; expected one`));
      return undefined;
    } else {
      meaning = found;
    }
  }
  return meaning;
}

/** Fills `reading` from the item's options; tells what is expected and what came when they are not one to one. */
function readOptions(item: CompiledItem, attribute: Attribute, reading: Reading): string | undefined {
  if (attribute === 'text') {
    return ['string', 'text'].includes(item.type) ? undefined : `expected type string or text, not ${item.type}`;
  }
  const max = attribute === 'presence' ? 1 : 4;
  if (item.type === 'boolean' && attribute === 'presence') return undefined;
  const types = attribute === 'presence' ? 'choice, integer or boolean' : 'choice or integer';
  if (item.type !== 'choice' && item.type !== 'integer') return `expected type ${types}, not ${item.type}`;
  if (item.optionsUnknown) return `its answer options cannot be enumerated; expected ${scale(max)}`;
  if (item.options === undefined) {
    if (item.type === 'choice') return `it has no answer options; expected ${scale(max)}`;
    for (let value = 0; value <= max; value++) reading.integers.add(value);
    if (item.minValue === 0 && item.maxValue === max) return undefined;
    const bound = (value: number | undefined) => value ?? 'none';
    return `expected minValue 0 and maxValue ${max}, not ${bound(item.minValue)} and ${bound(item.maxValue)}`;
  }
  const values: number[] = [];
  for (const option of item.options) {
    const optOut = OPT_OUTS.get(`${option.system}|${option.code}`);
    const value = optOut ?? scoreOf(option, attribute);
    if (typeof value === 'number') values.push(value);
    else if (optOut === undefined) return `${value}; expected ${scale(max)}`;
    if (option.integer !== undefined) reading.integers.add(option.integer);
    else codesOf(reading, option.system ?? '').set(option.code ?? '', value);
  }
  const whole = values.length === max + 1 && [...values].sort().every((value, index) => value === index);
  return whole ? undefined : `its options stand for ${values.join(', ') || 'nothing'}; expected ${scale(max)}`;
}

function codesOf({ codings }: Reading, system: string): Map<string, number | string> {
  const codes = codings.get(system) ?? new Map<string, number | string>();
  codings.set(system, codes);
  return codes;
}

/** The score that an option stands for, or a sentence why it stands for none. */
function scoreOf(option: AnswerOption, attribute: Attribute): number | string {
  const { system, code, integer, ordinal, ordinals = [ordinal] } = option;
  const known = publishedAnswer(system, code);
  if (known && !known.attributes.some((one) => one === attribute))
    return `option ${code} answers ${known.attributes.join(' or ')}, not ${attribute}`;
  if (integer === undefined && code === undefined) return 'an option is neither a coding nor an integer';
  const values = [known?.value, integer, ...ordinals].filter((value) => value !== undefined);
  const [value] = values;
  const name = code ?? integer;
  if (value === undefined) return `option ${name} has no ordinalValue and is no known opt-out`;
  return values.every((other) => other === value) ? value : `option ${name} stands for ${values.join(' and ')} at once`;
}

/** What a code of our own, or of the German guide, answers whatever weight the form gives it. */
function publishedAnswer(
  system: string | undefined,
  code: string | undefined,
): { attributes: readonly Attribute[]; value: number } | undefined {
  if (code === undefined) return undefined;
  if (system === MII) return MII_ANSWERS.get(code);
  const own = system === PRO_CTCAE ? ANSWERS.get(code) : undefined;
  return own && { attributes: [own.attribute], value: own.value };
}

function scale(max: number): string {
  const values = Array.from({ length: max + 1 }, (_, value) => value).join(', ');
  return `options that stand one to one for ${values} (valueInteger, or valueCoding with an ordinalValue), and known opt-outs`;
}

function refusal(item: CompiledItem, problem: string): Issue {
  return {
    severity: 'error',
    code: 'business-rule',
    diagnostics: `Item ${item.linkId}${item.text ? ` (${item.text})` : ''} cannot be graded as PRO-CTCAE: ${problem}`,
    expression: where(item),
  };
}

function warning(item: CompiledItem, problem: string): Issue {
  return {
    severity: 'warning',
    code: 'business-rule',
    diagnostics: `Item ${item.linkId}${item.text ? ` (${item.text})` : ''}: ${problem}`,
    expression: where(item),
  };
}

function where({ linkId }: CompiledItem): string {
  return `Questionnaire.repeat(item).where(linkId = '${linkId.replace(/[\\']/g, '\\$&')}')`;
}
