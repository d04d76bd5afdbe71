import type { Flag, OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Issue } from '../../fhir/errors.ts';
import { toOutcome } from '../../fhir/outcome.ts';
import { type DataQuality, type Finding, type Missing, type NotGradable, termKey } from '../finding.ts';
import { PRIORITY } from './codes.ts';
import { priorityOf } from './flag.ts';
import { type Labels, type Language, missingLabel } from './labels.ts';

/** What happened to a Flag; `changed` is a new version that is neither worse nor better. */
export type FlagEvent = 'opened' | 'worse' | 'better' | 'changed' | 'closed' | 'retracted' | 'not-evaluated';

/** What a write did beside storing the resource. */
export interface Changes {
  flags: readonly {
    event: FlagEvent;
    /** Versioned or not, `Flag/id`. */
    reference: string;
    flag: Flag;
  }[];
  findings: readonly Finding[];
  /** Conditions that could not be decided. */
  undecided: readonly {
    term: string;
    /** `url|version` of the policy, and the id of its action. */
    policy: string;
    action: string;
  }[];
  /** What the resource says that was written all the same. */
  warnings?: readonly Issue[] | undefined;
  labels: Labels;
  language: Language;
}

/**
 * The answer to `Prefer: return=OperationOutcome`: one issue per Flag opened, changed or closed, per term that has no one
 * grade, per term that a policy could not decide, and per warning; one saying so when there is nothing to tell.
 * Source: HL7 FHIR R4 4.0.1, RESTful API, section 3.1.0.1.8.
 */
export function outcomeOf(changes: Changes): OperationOutcome {
  const warnings = toOutcome(changes.warnings ?? []).issue;
  const issue = [...flagIssues(changes), ...findingIssues(changes), ...undecidedIssues(changes), ...warnings];
  return {
    resourceType: 'OperationOutcome',
    issue: issue.length ? issue : [information(WORDS[changes.language].nothing)],
  };
}

const flagIssues = ({ flags, language }: Changes): OperationOutcomeIssue[] =>
  flags.map(({ event, reference, flag }) => {
    const { events, colon } = WORDS[language];
    const priority = event === 'closed' || event === 'retracted' ? undefined : priorityOf(flag);
    const urgency = priority ? ` (${PRIORITY[priority].words[language]})` : '';
    const issue = information(`${events[event]}${urgency}${colon}${flag.code.text ?? ''}`, reference);
    return event === 'not-evaluated' ? { ...issue, severity: 'warning', code: 'processing' } : issue;
  });

function findingIssues({ findings, labels, language }: Changes): OperationOutcomeIssue[] {
  const words = WORDS[language];
  return findings.flatMap((finding) => {
    const { outcome, dataQuality, kind } = finding;
    const say = (text: string) => information(`${nameOf(finding, labels, language)}${words.colon}${text}`);
    const measured = kind === 'ladder' || kind === 'emergency';
    const quality = dataQuality.flatMap((code) => {
      if (code === 'contradictory') return [say(words.contradictory)];
      // Why there is no grade is said once.
      const isReason = outcome.kind === 'not-gradable' && outcome.reason === code;
      return measured && !isReason && code !== 'needs-review' ? [say(words.quality[code])] : [];
    });
    if (outcome.kind === 'graded') return quality;
    const missing = listOf(outcome.missing, language);
    return outcome.kind === 'at-least'
      ? [say(words.atLeast(outcome.min, outcome.max, missing)), ...quality]
      : [say(words.reason[outcome.reason]), ...quality];
  });
}

/** Of CTCAE with its version: the two may stand side by side. */
function nameOf(finding: Finding, labels: Labels, language: Language): string {
  const name = labels.term(termKey(finding))[language];
  return finding.system === 'ctcae' ? `${name} (CTCAE ${finding.version})` : name;
}

/** Conditions of one term and policy are told together. */
function undecidedIssues({ undecided, labels, language }: Changes): OperationOutcomeIssue[] {
  const actions = new Map<string, { term: string; policy: string; actions: string[] }>();
  for (const { term, policy, action } of undecided) {
    const key = `${term} ${policy}`;
    const entry = actions.get(key) ?? { term, policy, actions: [] };
    entry.actions.push(action);
    actions.set(key, entry);
  }
  const words = WORDS[language];
  return [...actions.values()].map((entry) =>
    information(
      `${labels.term(entry.term)[language]}${words.colon}${words.undecided(entry.actions.join(', '))}`,
      entry.policy,
    ),
  );
}

const information = (text: string, diagnostics?: string): OperationOutcomeIssue => ({
  severity: 'information',
  code: 'informational',
  details: { text },
  ...(diagnostics ? { diagnostics } : {}),
});

const listOf = (missing: readonly Missing[], language: Language): string =>
  missing.map((one) => missingLabel(one)[language]).join(', ');

interface Words {
  colon: string;
  nothing: string;
  events: Readonly<Record<FlagEvent, string>>;
  reason: Readonly<Record<NotGradable, string>>;
  contradictory: string;
  quality: Readonly<Record<Exclude<DataQuality, 'contradictory' | 'needs-review'>, string>>;
  atLeast(min: number, max: number, missing: string): string;
  undecided(actions: string): string;
}

/** The French is our own and has no official standing. */
const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    colon: ': ',
    nothing: 'Stored; no Flag was opened or changed',
    events: {
      opened: 'Flag opened',
      worse: 'Flag worse',
      better: 'Flag better',
      changed: 'Flag changed',
      closed: 'Flag closed',
      retracted: 'Flag retracted',
      'not-evaluated': 'Stored, not evaluated',
    },
    reason: {
      'not-answered': 'not graded, nothing was answered',
      'opted-out': 'not graded, the patient chose an answer that has no score',
      'not-asked': 'not graded, the form did not ask for it',
      'ambiguous-item': 'not graded, two items of the form or two answers have the same code',
      'no-value': 'not graded, the result has no number',
      'value-unclear': 'not graded, the value does not tell: a text, a code, a bound or a range',
      'unit-unknown': 'not graded, the unit is missing or not one that this analyte is graded in',
      'value-implausible': 'not graded, the value is not believable in this unit: is the unit right?',
      'limit-missing': 'not graded, no limits of normal that can be used came with the result',
      'baseline-missing': 'not graded, no baseline is recorded',
      'needs-clinician': 'not graded, it takes clinical facts that the data do not hold',
    },
    contradictory: 'the answers contradict each other',
    quality: {
      'ambiguous-item': 'two codes of the result mean two analytes',
      'clock-ahead': 'dated after it was received; the time of receipt is used',
      'value-unclear': 'a value does not tell: a text, a code, a bound or a range',
      'unit-unknown': 'a unit is missing or not one that this analyte is graded in',
      'value-implausible': 'the value is not believable in this unit: is the unit right?',
      'limit-missing': 'no limits of normal that can be used came with the result',
      'limit-implausible': 'the limits of normal are not believable in their unit: is the unit right?',
      'baseline-missing': 'no baseline is recorded',
      'needs-clinician': 'clinical facts that the data do not hold could make it another grade',
    },
    atLeast: (min, max, missing) => `grade between ${min} and ${max}, not known: ${missing}`,
    undecided: (actions) => `could not be decided, the facts that these conditions ask for are missing (${actions})`,
  },
  fr: {
    colon: ' : ',
    nothing: 'Enregistré ; aucune alerte ouverte ni modifiée',
    events: {
      opened: 'Alerte ouverte',
      worse: 'Alerte aggravée',
      better: 'Alerte améliorée',
      changed: 'Alerte modifiée',
      closed: 'Alerte close',
      retracted: 'Alerte retirée',
      'not-evaluated': 'Enregistré, non évalué',
    },
    reason: {
      'not-answered': 'sans grade, aucune réponse',
      'opted-out': 'sans grade, le patient a choisi une réponse sans score',
      'not-asked': 'sans grade, le formulaire ne l’a pas demandé',
      'ambiguous-item': 'sans grade, deux questions ou deux réponses portent le même code',
      'no-value': 'sans grade, le résultat n’a pas de valeur',
      'value-unclear': 'sans grade, la valeur ne permet pas de conclure : texte, code, borne ou intervalle',
      'unit-unknown': 'sans grade, l’unité manque ou n’est pas de celles où ce résultat est gradé',
      'value-implausible': 'sans grade, la valeur n’est pas vraisemblable dans cette unité : l’unité est-elle juste ?',
      'limit-missing': 'sans grade, aucune limite de la normale utilisable n’est jointe au résultat',
      'baseline-missing': 'sans grade, aucune valeur de référence n’est enregistrée',
      'needs-clinician': 'sans grade, il faut des éléments cliniques absents des données',
    },
    contradictory: 'les réponses se contredisent',
    quality: {
      'ambiguous-item': 'deux codes du résultat désignent deux analyses',
      'clock-ahead': 'daté après sa réception ; l’heure de réception est retenue',
      'value-unclear': 'une valeur ne permet pas de conclure : texte, code, borne ou intervalle',
      'unit-unknown': 'une unité manque ou n’est pas de celles où ce résultat est gradé',
      'value-implausible': 'la valeur n’est pas vraisemblable dans cette unité : l’unité est-elle juste ?',
      'limit-missing': 'aucune limite de la normale utilisable n’est jointe au résultat',
      'limit-implausible':
        'les limites de la normale ne sont pas vraisemblables dans leur unité : l’unité est-elle juste ?',
      'baseline-missing': 'aucune valeur de référence n’est enregistrée',
      'needs-clinician': 'des éléments cliniques absents des données pourraient changer le grade',
    },
    atLeast: (min, max, missing) => `grade entre ${min} et ${max}, sans réponse : ${missing}`,
    undecided: (actions) => `indécidable, il manque les données que ces conditions demandent (${actions})`,
  },
};
