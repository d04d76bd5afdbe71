/** Invariants of Questionnaire, QuestionnaireResponse, Observation and Patient. Source: FHIR R4 (4.0.1), each type's page. */
import { descendants, distinct, has, hasChoice, type Invariant, nodes, same, size, text } from './node.ts';

const WITH_LENGTH = new Set<unknown>(['boolean', 'decimal', 'integer', 'string', 'text', 'url', 'open-choice']);
const WITH_OPTIONS = new Set<unknown>([
  'choice',
  'open-choice',
  'decimal',
  'integer',
  'date',
  'dateTime',
  'time',
  'string',
  'quantity',
]);

export const CLINICAL: Readonly<Record<string, Invariant>> = {
  'obs-3': (node) => has(node, 'low') || has(node, 'high') || has(node, 'text'),
  'obs-6': (node) => !has(node, 'dataAbsentReason') || !hasChoice(node, 'value'),
  'obs-7': (node) => {
    if (!has(node, 'component') || !hasChoice(node, 'value')) return true;
    const own = nodes(node, 'code').flatMap((code) => nodes(code, 'coding'));
    return !nodes(node, 'component').some((component) =>
      nodes(component, 'code').some((code) =>
        nodes(code, 'coding').some((coding) => own.some((mine) => same(mine, coding))),
      ),
    );
  },
  'pat-1': (node) => has(node, 'name') || has(node, 'telecom') || has(node, 'address') || has(node, 'organization'),
  'qrs-1': (node) => !(has(node, 'answer') && has(node, 'item')),
  'que-1': (node) => (node.type === 'group' ? has(node, 'item') : node.type === 'display' ? !has(node, 'item') : true),
  'que-2': (node) => {
    const linkIds: (string | undefined)[] = [];
    for (const descendant of descendants(node)) linkIds.push(text(descendant, 'linkId'));
    return distinct(linkIds);
  },
  'que-3': (node) => node.type !== 'display' || !has(node, 'code'),
  'que-4': (node) => !has(node, 'answerOption') || !has(node, 'answerValueSet'),
  'que-5': (node) => WITH_OPTIONS.has(node.type) || (!has(node, 'answerValueSet') && !has(node, 'answerOption')),
  'que-6': (node) => node.type !== 'display' || (!has(node, 'required') && !has(node, 'repeats')),
  'que-7': (node) => node.operator !== 'exists' || has(node, 'answerBoolean'),
  'que-8': (node) => (node.type !== 'group' && node.type !== 'display') || !has(node, 'initial'),
  'que-9': (node) => node.type !== 'display' || !has(node, 'readOnly'),
  'que-10': (node) => WITH_LENGTH.has(node.type) || !has(node, 'maxLength'),
  'que-11': (node) => !has(node, 'answerOption') || !has(node, 'initial'),
  'que-12': (node) => size(node, 'enableWhen') <= 2 || has(node, 'enableBehavior'),
  'que-13': (node) => node.repeats === true || size(node, 'initial') <= 1,
};
