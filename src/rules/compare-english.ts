import type { CompareWords } from './compare-vocabulary.ts';
import type { FactKind } from './finding.ts';

const VERBS: Readonly<Record<string, string>> = {
  open: 'opens a Flag',
  escalate: 'raises a Flag',
  'de-escalate': 'lowers a Flag',
  close: 'closes a Flag',
};

/** The sentences of a comparison in English. */
export const english: CompareWords = {
  summary: (deciding, others) =>
    deciding === 0
      ? `Nothing that decides differs${others === 0 ? '.' : `; ${count(others)} that people read does.`}`
      : `${count(deciding)} that may decide otherwise${others === 0 ? '.' : `, and ${count(others)} that does not.`}`,
  name: (title, id) => (title === undefined ? `“${id}”` : `“${title}” (${id})`),
  does: (code, priority) => `${VERBS[code] ?? code}${priority === undefined ? '' : ` at ${priority}`}`,
  action: (added, name, does, condition) => `${added ? 'New' : 'Gone'}: ${name} ${does} where ${condition}.`,
  renamed: (name, before) => `${name} was called “${before}”, and decides alike.`,
  code: (name, before, after) => `${name} ${before} no longer, it ${after}.`,
  priority: (name, before, after) => `${name}: the priority was ${before}, it is ${after}.`,
  condition: (name, before, after) => `${name} asked for ${before}, it asks for ${after}.`,
  threshold: (name, before, after, condition) => `${name}: ${before} becomes ${after} in ${condition}.`,
  eased: (name, parts) => `${name} no longer asks for ${parts.join(' and ')}.`,
  narrowed: (name, parts) => `${name} asks besides for ${parts.join(' and ')}.`,
  rewritten: (name) => `${name}: the condition is written otherwise and means the same.`,
  trigger: (name, added, lets) => `${name} is ${added ? 'now' : 'no longer'} woken by ${lets}.`,
  lets: (type, filters) => [plural(type), ...filters.map((filter) => `of ${filter}`)].join(' '),
  oneOf: (codes) => codes.join(' or '),
  respondWithin: (name, before, after) =>
    `${name}: a person answers within ${within(after)}; it was ${within(before)}.`,
  askAgain: (name, before, after) =>
    `${name} is asked again ${after === undefined ? 'no more' : `after ${after} without news`}; it was ${before === undefined ? 'not asked again' : `after ${before}`}.`,
  contextOf: (kind, value) => `${CONTEXTS[kind]} ${value}`,
  useContext: (added, context) => `The policy is ${added ? 'now' : 'no longer'} meant for ${context}.`,
  order: (after) => `The actions are asked in another order: ${after}.`,
  wording: (name, before, after) =>
    `${name === '' ? 'Of the policy' : `Of ${name}`}, read by people alone: ${before ?? 'nothing'} → ${after ?? 'nothing'}.`,
};

const CONTEXTS: Readonly<Record<FactKind, string>> = {
  treatments: 'the treatment',
  conditions: 'the condition',
  studies: 'the study',
};

const count = (n: number): string => (n === 1 ? 'One difference' : `${n} differences`);

const plural = (type: string): string =>
  type === 'QuestionnaireResponse' ? 'responses' : type === 'Observation' ? 'observations' : type;

const within = (text: string | undefined): string =>
  text === undefined ? 'the time of the site' : text.replace(/ service$/, ' of service').replace(/ always$/, '');
