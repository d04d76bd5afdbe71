import type { CompareWords } from './compare-vocabulary.ts';
import type { FactKind } from './finding.ts';

const VERBS: Readonly<Record<string, string>> = {
  open: 'ouvre un signalement',
  escalate: 'relève un signalement',
  'de-escalate': 'abaisse un signalement',
  close: 'ferme un signalement',
};

/** The sentences of a comparison in French; the wording is ours. */
export const french: CompareWords = {
  summary: (deciding, others) =>
    deciding === 0
      ? `Rien de ce qui décide ne diffère${others === 0 ? '.' : ` ; ${count(others)} ne concerne que la lecture.`}`
      : `${count(deciding)} pouvant décider autrement${others === 0 ? '.' : `, et ${count(others)} sans effet.`}`,
  name: (title, id) => (title === undefined ? `« ${id} »` : `« ${title} » (${id})`),
  does: (code, priority) => `${VERBS[code] ?? code}${priority === undefined ? '' : ` en ${priority}`}`,
  action: (added, name, does, condition) => `${added ? 'Nouveau' : 'Supprimé'} : ${name} ${does} si ${condition}.`,
  renamed: (name, before) => `${name} s’appelait « ${before} » et décide de même.`,
  code: (name, before, after) => `${name} : avant, ${before} ; maintenant, ${after}.`,
  priority: (name, before, after) => `${name} : la priorité était ${before}, elle est ${after}.`,
  condition: (name, before, after) => `${name} demandait ${before}, demande maintenant ${after}.`,
  threshold: (name, before, after, condition) => `${name} : ${before} devient ${after} dans ${condition}.`,
  eased: (name, parts) => `${name} ne demande plus ${parts.join(' et ')}.`,
  narrowed: (name, parts) => `${name} demande en plus ${parts.join(' et ')}.`,
  rewritten: (name) => `${name} : la condition est écrite autrement et dit la même chose.`,
  trigger: (name, added, lets) => `${name} ${added ? 'est maintenant' : 'n’est plus'} éveillé par ${lets}.`,
  lets: (type, filters) => [plural(type), ...filters.map((filter) => `de ${filter}`)].join(' '),
  oneOf: (codes) => codes.join(' ou '),
  respondWithin: (name, before, after) =>
    `${name} : une personne répond dans ${within(after)} ; c’était ${within(before)}.`,
  askAgain: (name, before, after) =>
    `${name} ${after === undefined ? 'n’est plus reposé' : `est reposé après ${after} sans nouvelles`} ; c’était ${before === undefined ? 'jamais' : `après ${before}`}.`,
  contextOf: (kind, value) => `${CONTEXTS[kind]} ${value}`,
  useContext: (added, context) => `La politique ${added ? 'concerne maintenant' : 'ne concerne plus'} ${context}.`,
  order: (after) => `Les actions sont posées dans un autre ordre : ${after}.`,
  wording: (name, before, after) =>
    `${name === '' ? 'De la politique' : `De ${name}`}, pour la lecture seule : ${before ?? 'rien'} → ${after ?? 'rien'}.`,
};

const CONTEXTS: Readonly<Record<FactKind, string>> = {
  treatments: 'le traitement',
  conditions: 'l’affection',
  studies: 'l’étude',
};

const count = (n: number): string => (n === 1 ? 'Une différence' : `${n} différences`);

const plural = (type: string): string =>
  type === 'QuestionnaireResponse' ? 'réponses' : type === 'Observation' ? 'observations' : type;

const within = (text: string | undefined): string =>
  text === undefined ? 'le délai du site' : text.replace(/ service$/, ' de service').replace(/ always$/, '');
