import type { Language } from './resources/labels.ts';

/** UCUM codes that nobody writes so on paper. */
const SHOWN: Readonly<Record<string, string>> = {
  Cel: '°C',
  '[degF]': '°F',
  'mm[Hg]': 'mmHg',
  'meq/L': 'mEq/L',
  '1': '',
};

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number with its UCUM unit as a reader of the language writes it: `38,2 °C`, `0.8 ×10⁹/L`. */
export function quantityText(value: number, ucum: string, language: Language): string {
  return `${numberText(value, language)} ${unitText(ucum, language)}`.trim();
}

/** A number with the decimal sign of the language; a text is one as it was written, `38.0`. */
export const numberText = (value: number | string, language: Language): string =>
  language === 'fr' ? String(value).replace('.', ',') : String(value);

function unitText(ucum: string, language: Language): string {
  const shown = SHOWN[ucum];
  if (shown !== undefined) return shown;
  return ucum
    .replace(/\{[^}]*\}/g, '')
    .replace(/10\*(\d)/g, (_all, power: string) => `×10${SUPERSCRIPTS[Number(power)] ?? power}`)
    .replace(/\bu(?=(mol|g|L|kat)\b)/g, 'µ')
    .replace(/\[iU\]/g, language === 'fr' ? 'UI' : 'IU');
}
