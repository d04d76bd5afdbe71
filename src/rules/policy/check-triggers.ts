import type { Coding, DataRequirement, DataRequirementCodeFilter, TriggerDefinition } from '@medplum/fhirtypes';
import { LOINC } from '../../fhir/canonical.ts';
import { fault, type Issue } from '../../fhir/errors.ts';
import { TERMS } from '../resources/codes.ts';
import { nearMatch } from './near-match.ts';
import { SCALES } from './scales.ts';

const TRIGGERS = ['data-added', 'data-modified'];
const TYPES = ['QuestionnaireResponse', 'Observation'] as const;

/** What codes may be filtered by. Source: HL7 FHIR R4, DataRequirement.codeFilter.path: a path from the type. */
const PATHS: Readonly<Record<(typeof TYPES)[number], string>> = {
  QuestionnaireResponse: 'questionnaire',
  Observation: 'code',
};

/** Everything that is wrong with the triggers of an action. Source: HL7 FHIR R4, TriggerDefinition, invariants trd-1 to trd-3. */
export function checkTriggers(triggers: readonly TriggerDefinition[], at: string): Issue[] {
  if (triggers.length > 0)
    return triggers.flatMap((trigger, index) => checkTrigger(trigger, `${at}.trigger[${index}]`));
  const message = `An action needs a trigger: data-added or data-modified of ${TYPES.join(' or ')}`;
  return [fault('required', message, `${at}.trigger`)];
}

function checkTrigger(trigger: TriggerDefinition, at: string): Issue[] {
  const issues: Issue[] = [];
  if (!TRIGGERS.includes(trigger.type)) {
    const message = `A trigger is of type ${TRIGGERS.join(' or ')}, not "${trigger.type}"`;
    issues.push(fault('not-supported', message, `${at}.type`));
  }
  const data = trigger.data ?? [];
  if (data.length === 0) issues.push(fault('required', 'A trigger names its data (invariant trd-3)', `${at}.data`));
  if (data.length > 1) {
    // FHIR would have them all be true of one event, which no resource of two types is.
    issues.push(fault('not-supported', 'A trigger names one kind of data; write a trigger for each', `${at}.data`));
  }
  for (const name of Object.keys(trigger)) {
    if (['id', 'type', 'name', 'data'].includes(name)) continue;
    const why = TRIGGER_ELEMENTS[name] ?? 'leave it out';
    issues.push(fault('not-supported', `${name} of a trigger is not acted on here; ${why}`, `${at}.${name}`));
  }
  return [...issues, ...data.flatMap((one, index) => checkData(one, `${at}.data[${index}]`))];
}

const TRIGGER_ELEMENTS: Readonly<Record<string, string>> = {
  timingTiming: 'a trigger has a timing or data, not both (invariant trd-1), and nothing is asked by the clock',
  timingReference: 'a trigger has a timing or data, not both (invariant trd-1), and nothing is asked by the clock',
  condition: 'say it in the condition of the action',
};

function checkData(data: DataRequirement, at: string): Issue[] {
  const issues: Issue[] = [];
  const type = TYPES.find((known) => known === data.type);
  if (!type) {
    const message = `Policies are woken by ${TYPES.join(' or ')}, not by "${data.type}"`;
    issues.push(fault('not-supported', message, `${at}.type`));
  }
  for (const name of Object.keys(data)) {
    if (['id', 'type', 'codeFilter'].includes(name)) continue;
    const message = `${name} of a trigger's data is not acted on here; say it in the condition`;
    issues.push(fault('not-supported', message, `${at}.${name}`));
  }
  if (!type) return issues;
  return [
    ...issues,
    ...(data.codeFilter ?? []).flatMap((filter, index) => checkFilter(type, filter, `${at}.codeFilter[${index}]`)),
  ];
}

function checkFilter(type: (typeof TYPES)[number], filter: DataRequirementCodeFilter, at: string): Issue[] {
  const issues: Issue[] = [];
  if (filter.path !== PATHS[type]) {
    const given = filter.path === undefined ? 'none is given' : `not "${filter.path}"`;
    const message = `A filter of ${type} has the path "${PATHS[type]}", ${given}; say the rest in the condition`;
    issues.push(fault('not-supported', message, `${at}.path`));
  }
  for (const name of Object.keys(filter)) {
    if (['id', 'path', 'code'].includes(name)) continue;
    issues.push(fault('not-supported', `${name} of a filter is not acted on here; list its codes`, `${at}.${name}`));
  }
  if (!filter.code?.length)
    issues.push(fault('required', 'A filter lists the codes that wake the action', `${at}.code`));
  const check = type === 'Observation' ? checkCode : checkForm;
  return [...issues, ...(filter.code ?? []).flatMap((coding, index) => check(coding, `${at}.code[${index}]`))];
}

/** A canonical stands where a code would: `Coding.code` of a filter on `questionnaire`. */
function checkForm({ code = '', system, version }: Coding, at: string): Issue[] {
  if (system !== undefined || version !== undefined) {
    return [fault('value', 'A form is named by code alone: its canonical, with |version where one is meant', at)];
  }
  if (/^[a-z][a-z0-9+.-]*:[^\s|]+(\|[^\s|]+)?$/i.test(code)) return [];
  return [
    fault(
      'value',
      `"${code}" is no canonical of a form: an absolute url, and |version where one is meant`,
      `${at}.code`,
    ),
  ];
}

function checkCode({ system, code = '', version }: Coding, at: string): Issue[] {
  if (system === LOINC) {
    if (isLoinc(code)) return [];
    return [fault('code-invalid', `"${code}" is no LOINC code: its check digit does not fit`, `${at}.code`)];
  }
  const known = SCALES.filter((scale) => TERMS[scale.system] === system);
  if (known.length === 0) {
    const systems = [LOINC, ...Object.values(TERMS)].join(', ');
    return [
      fault('code-invalid', `Results are known here by codes of ${systems}; not of "${system ?? ''}"`, `${at}.system`),
    ];
  }
  const ofTerm = known.filter(({ term }) => term === code);
  if (ofTerm.length === 0) {
    const near = nearMatch(
      code,
      known.map(({ term }) => term),
    );
    const hint = near ? `; did you mean ${near}?` : '';
    return [fault('code-invalid', `"${code}" is no term of ${system}${hint}`, `${at}.code`)];
  }
  if (version === undefined || ofTerm.some((scale) => scale.version === version)) return [];
  const versions = ofTerm.map((scale) => scale.version).join(', ');
  return [fault('code-invalid', `${code} is held in version ${versions}, not in "${version}"`, `${at}.version`)];
}

/** Digits with a check digit modulo 10. Source: LOINC Users' Guide, appendix on the check digit (Luhn's algorithm). */
function isLoinc(code: string): boolean {
  const match = /^(\d{1,7})-(\d)$/.exec(code);
  if (!match?.[1]) return false;
  const sum = [...match[1]].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return (10 - (sum % 10)) % 10 === Number(match[2]);
}
