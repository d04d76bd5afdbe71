import type { Extension, PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import { fault, type Issue, type IssueCode } from '../../fhir/errors.ts';
import type { Priority } from '../episode.ts';
import { type ActionCode, PRIORITIES } from '../policy-language.ts';
import { EXTENSION } from '../resources/codes.ts';
import type { RespondWithin } from '../site.ts';
import { MOST_HOURS } from '../site-file.ts';
import { readRespondWithin } from '../work/respond-within.ts';
import { askAgainExtensions, readAskAgain } from './ask-again.ts';
import { checkTriggers } from './check-triggers.ts';
import { nearMatch } from './near-match.ts';
import { checkUseContext } from './use-context.ts';

/** Our CodeSystem of what an action does. */
export const POLICY_ACTION = `${CANONICAL}/CodeSystem/policy-action`;

/** Source: HL7 FHIR R4, extension flag-priority and CodeSystem flag-priority-code. */
export const FLAG_PRIORITY = 'http://hl7.org/fhir/StructureDefinition/flag-priority';
export const FLAG_PRIORITY_CODE = 'http://hl7.org/fhir/flag-priority-code';

const CODES: readonly ActionCode[] = ['open', 'escalate', 'de-escalate', 'close'];

/** What a policy may hold, of what R4 has: what it decides by, and what is only said of it. Anything else would be accepted and then ignored. */
const PLAN_ELEMENTS = [
  'resourceType',
  'id',
  'meta',
  'language',
  'text',
  'contained',
  'extension',
  'url',
  'identifier',
  'version',
  'name',
  'title',
  'subtitle',
  'type',
  'status',
  'experimental',
  'date',
  'publisher',
  'contact',
  'description',
  'useContext',
  'jurisdiction',
  'purpose',
  'usage',
  'copyright',
  'approvalDate',
  'lastReviewDate',
  'topic',
  'author',
  'editor',
  'reviewer',
  'endorser',
  'relatedArtifact',
  'action',
];

/** What a condition and its expression may hold. */
const CONDITION_ELEMENTS = ['id', 'extension', 'kind', 'expression'];
const EXPRESSION_ELEMENTS = ['id', 'extension', 'description', 'name', 'language', 'expression'];

/** What an action may hold. Anything else would be accepted and then ignored. */
const ACTION_ELEMENTS = [
  'id',
  'extension',
  'prefix',
  'title',
  'description',
  'textEquivalent',
  'code',
  'reason',
  'documentation',
  'trigger',
  'condition',
];

/**
 * What is wrong with a policy apart from its expressions: identity, the code, condition, trigger and priority of each
 * action, and elements that this engine would not act on. Source: HL7 FHIR R4, PlanDefinition, invariant trd-3 for triggers.
 */
export function checkShape(plan: PlanDefinition): Issue[] {
  const issues: Issue[] = [];
  const note = (code: IssueCode, diagnostics: string, expression: string) =>
    issues.push(fault(code, diagnostics, expression));
  for (const element of ['url', 'version', 'status'] as const) {
    if (!plan[element]) note('required', `A policy needs a ${element}`, `PlanDefinition.${element}`);
  }
  for (const element of ['url', 'version'] as const) {
    if (plan[element]?.includes('|'))
      note('value', `The ${element} of a policy holds no "|"`, `PlanDefinition.${element}`);
  }
  issues.push(...checkElements(plan, PLAN_ELEMENTS, 'PlanDefinition'));
  issues.push(...checkUseContext(plan));
  if (!plan.action?.length) note('required', 'A policy needs at least one action', 'PlanDefinition.action');
  const seen = new Set<string>();
  plan.action?.forEach((action, index) => {
    const at = `PlanDefinition.action[${index}]`;
    if (action.id && seen.has(action.id)) {
      note('duplicate', `The id "${action.id}" stands on an earlier action too`, `${at}.id`);
    }
    if (action.id) seen.add(action.id);
    issues.push(...checkAction(action, at));
  });
  return issues;
}

/** The code of an action, when it has exactly one of ours. */
export function codeOf(action: PlanDefinitionAction): ActionCode | undefined {
  const codes = ourCodes(action);
  return codes.length === 1 ? CODES.find((code) => code === codes[0]) : undefined;
}

/** The priority of an action, when it has one. */
export function priorityOf(action: PlanDefinitionAction): Priority | undefined {
  const [code] = priorityExtensions(action).flatMap(priorityCodes);
  return PRIORITIES.find((known) => known === code);
}

/** After which time without news the condition of the action is asked again, such as `21 d`; undefined where it does not say. */
export const askAgainOf = ({ extension }: PlanDefinitionAction): string | undefined =>
  readAskAgain(askAgainExtensions(extension)[0]);

/** Within which time a person answers what the action decided; undefined where it does not say. */
export const respondWithinOf = ({ extension }: PlanDefinitionAction): RespondWithin | undefined =>
  readRespondWithin(extension?.find(({ url }) => url === EXTENSION.respondWithin));

function checkAction(action: PlanDefinitionAction, at: string): Issue[] {
  return [
    ...checkElements(action, ACTION_ELEMENTS, at),
    ...checkId(action, at),
    ...checkCode(action, at),
    ...checkPriority(action, at),
    ...checkRespondWithin(action, at),
    ...checkAskAgain(action, at),
    ...checkTriggers(action.trigger ?? [], at),
    ...checkConditions(action, at),
  ];
}

/** Names what an element holds beside `known`; an extension of a simple value, `_name`, goes with its value. */
function checkElements(element: object, known: readonly string[], at: string): Issue[] {
  return Object.keys(element)
    .filter((name) => !known.includes(name.replace(/^_/, '')))
    .map((name) => fault('not-supported', elementMessage(name), `${at}.${name}`));
}

function elementMessage(name: string): string {
  if (name === 'action') return 'Actions within actions are not supported; write each as an action of its own';
  if (name.startsWith('subject')) return `${name} is not acted on here; say whom it is meant for by useContext`;
  if (name === 'priority') return `priority is not acted on here; use the extension ${FLAG_PRIORITY}`;
  return `${name} is not acted on here; leave it out`;
}

function checkId({ id }: PlanDefinitionAction, at: string): Issue[] {
  if (!id) return [fault('required', 'An action needs an id: records and explanations quote it', `${at}.id`)];
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(id)) return [];
  return [fault('value', 'The id of an action is at most 64 letters, digits, dots and hyphens', `${at}.id`)];
}

function checkCode(action: PlanDefinitionAction, at: string): Issue[] {
  const codes = ourCodes(action);
  const known = `one code of ${POLICY_ACTION}: ${CODES.join(', ')}`;
  if (codes.length !== 1) return [fault('required', `An action has ${known}; here are ${codes.length}`, `${at}.code`)];
  const [code = ''] = codes;
  if (codeOf(action)) return [];
  const near = nearMatch(code, CODES);
  return [fault('code-invalid', `"${code}" is not ${known}${near ? `; did you mean ${near}?` : ''}`, `${at}.code`)];
}

function checkPriority(action: PlanDefinitionAction, at: string): Issue[] {
  const extensions = priorityExtensions(action);
  const place = `${at}.extension`;
  const code = codeOf(action);
  if (code === 'close') {
    return extensions.length === 0 ? [] : [fault('value', 'An action that closes has no priority', place)];
  }
  if (extensions.length !== 1) {
    if (!code && extensions.length === 0) return [];
    return [
      fault(
        'required',
        `An action that opens, escalates or de-escalates has one extension ${FLAG_PRIORITY}; here are ${extensions.length}`,
        place,
      ),
    ];
  }
  const codes = extensions.flatMap(priorityCodes);
  if (codes.length === 1 && priorityOf(action)) return [];
  return [
    fault(
      'code-invalid',
      `A priority is one code of ${FLAG_PRIORITY_CODE}: ${PRIORITIES.join(', ')}; here: ${codes.join(', ') || 'none'}`,
      place,
    ),
  ];
}

function checkRespondWithin(action: PlanDefinitionAction, at: string): Issue[] {
  const count = action.extension?.filter(({ url }) => url === EXTENSION.respondWithin).length ?? 0;
  if (count === 0) return [];
  const within = respondWithinOf(action);
  if (codeOf(action) !== 'close' && count === 1 && within && within.hours <= MOST_HOURS) return [];
  const message =
    codeOf(action) === 'close'
      ? 'An action that closes asks nobody to respond'
      : `respond-within is there once, with a duration in hours (UCUM h) above 0, at most ${MOST_HOURS}, and a clock, service or always`;
  return [fault('value', message, `${at}.extension`)];
}

function checkAskAgain(action: PlanDefinitionAction, at: string): Issue[] {
  const { length } = askAgainExtensions(action.extension);
  if (length === 0) return [];
  const code = codeOf(action);
  const raises = code === undefined || code === 'open' || code === 'escalate';
  if (raises && length === 1 && askAgainOf(action) !== undefined) return [];
  const message = raises
    ? 'ask-again-after is there once, with a whole number of hours, days or weeks (UCUM h, d, wk) above 0, at most ten years'
    : 'Silence neither lowers nor closes: only an action that opens or escalates is asked again';
  return [fault('value', message, `${at}.extension`)];
}

function checkConditions({ condition = [] }: PlanDefinitionAction, at: string): Issue[] {
  const place = `${at}.condition`;
  const [only] = condition;
  if (condition.length !== 1 || !only) {
    return [fault('required', `An action has one condition; here are ${condition.length}`, place)];
  }
  const issues = checkElements(only, CONDITION_ELEMENTS, `${place}[0]`);
  if (only.expression) issues.push(...checkElements(only.expression, EXPRESSION_ELEMENTS, `${place}[0].expression`));
  if (only.kind !== 'applicability') {
    issues.push(fault('not-supported', `A condition is of kind applicability, not "${only.kind}"`, `${place}[0].kind`));
  }
  if (only.expression?.language !== 'text/fhirpath') {
    const given = only.expression?.language ?? 'none';
    issues.push(
      fault(
        'not-supported',
        `The language of a condition is text/fhirpath, not "${given}"`,
        `${place}[0].expression.language`,
      ),
    );
  }
  if (!only.expression?.expression) {
    issues.push(fault('required', 'A condition needs an expression', `${place}[0].expression.expression`));
  }
  return issues;
}

function ourCodes({ code }: PlanDefinitionAction): string[] {
  return (code ?? [])
    .flatMap(({ coding }) => coding ?? [])
    .flatMap(({ system, code }) => (system === POLICY_ACTION ? [code ?? ''] : []));
}

function priorityExtensions({ extension }: PlanDefinitionAction): Extension[] {
  return (extension ?? []).filter(({ url }) => url === FLAG_PRIORITY);
}

function priorityCodes({ valueCodeableConcept }: Extension): string[] {
  return (valueCodeableConcept?.coding ?? []).flatMap(({ system, code }) =>
    system === FLAG_PRIORITY_CODE ? [code ?? ''] : [],
  );
}
