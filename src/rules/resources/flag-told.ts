import type { Flag } from '@medplum/fhirtypes';
import type { Episode, Said } from '../episode.ts';
import type { Finding, GradingSystem, NotGradable } from '../finding.ts';
import { EXTENSION, SYSTEM, TERMS } from './codes.ts';
import { flagText, operationalText, type Told } from './flag-text.ts';
import type { Labels, Language } from './labels.ts';

/**
 * What a stored Flag says, for a reader of a language: its own words where it is written in that language, else the same told again from its
 * content. What its content does not hold (a measured value, the worst severity) is told where `said` is at hand and gives the very words that
 * the Flag has in its own language; else it is left out.
 */
export function textOfFlag(flag: Flag, labels: Labels, language: Language, said?: Said): string | undefined {
  const own = flag.code.text;
  if (flag.language === language) return own;
  const operational = flag.code.coding?.find(({ system }) => system === SYSTEM.flagCode)?.code;
  if (operational !== undefined) return isOperational(operational) ? operationalText(operational, language) : own;
  const told = toldOf(flag);
  if (!told) return own;
  const written = flag.language === 'fr' ? 'fr' : 'en';
  const whole = said ? { ...told, said } : told;
  return flagText(flagText(whole, labels, written) === own ? whole : told, labels, language);
}

const OPERATIONAL = ['not-evaluated', 'policy-budget', 'policy-error'] as const;

const isOperational = (code: string): code is (typeof OPERATIONAL)[number] => OPERATIONAL.some((one) => one === code);

/** What the extension `graded-finding` and the code of a Flag hold of its episode; undefined of a Flag that is none of ours. */
function toldOf({ code, extension = [] }: Flag): Told | undefined {
  const parts = extension.find(({ url }) => url === EXTENSION.gradedFinding)?.extension;
  if (!parts) return undefined;
  const part = (name: string) => parts.find(({ url }) => url === name);
  // `flagOf` wrote them.
  const system = part('system')?.valueCode as GradingSystem | undefined;
  const kind = part('kind')?.valueCode as Finding['kind'] | undefined;
  const term = system && code.coding?.find((coding) => coding.system === TERMS[system])?.code;
  if (!system || !kind || term === undefined) return undefined;
  const systemVersion = part('version')?.valueString ?? '';
  const isContradictory = extension.some(
    ({ url, valueCoding }) => url === EXTENSION.dataQuality && valueCoding?.code === 'contradictory',
  );
  return {
    kind,
    systemVersion,
    term: system === 'ctcae' ? `${term}@${systemVersion}` : term,
    outcome: outcomeOf(part),
    previousGrade: part('previous')?.valueInteger,
    baselineGrade: part('baseline')?.valueInteger,
    ...(isContradictory ? { said: { dataQuality: ['contradictory'] } } : {}),
  };
}

function outcomeOf(
  part: (name: string) => { valueInteger?: number; valueCode?: string } | undefined,
): Episode['outcome'] {
  const grade = part('grade')?.valueInteger;
  if (grade !== undefined) return { kind: 'graded', grade };
  const [min, max] = [part('min')?.valueInteger, part('max')?.valueInteger];
  if (min !== undefined && max !== undefined) return { kind: 'at-least', min, max, missing: [] };
  const reason = (part('not-gradable')?.valueCode ?? 'not-answered') as NotGradable; // `flagOf` wrote it
  return { kind: 'not-gradable', reason, missing: [] };
}
