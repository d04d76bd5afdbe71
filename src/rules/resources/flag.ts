import type { CodeableConcept, Coding, Extension, Flag } from '@medplum/fhirtypes';
import type { ActionRef, Episode, Priority } from '../episode.ts';
import { resourceId, scopeOfKey } from '../finding.ts';
import { EXTENSION, NAMING, PROFILE, priorityConcept, SYSTEM, TERMS } from './codes.ts';
import { flagText, operationalText } from './flag-text.ts';
import type { Labels, Language, TermLabel } from './labels.ts';
import { dataQualityExtensions } from './observation.ts';

/** What every Flag of ours says beside its content. References are relative, `Type/id`. */
export interface FlagContext {
  patient: string;
  /** Deterministic identity of the episode, in our episode namespace. */
  identifier: string;
  /** The rule engine. */
  device: string;
  /** The patient takes part in a trial. */
  research: boolean;
  language: Language;
  tags?: readonly Coding[];
}

/** What the Flag of an episode says beside the episode itself. */
export interface EpisodeFlagContext extends FlagContext {
  /** The Observations of the opening and of the latest report, and of the one that raised the priority since. */
  observations: readonly string[];
  labels: Labels;
  /** Overrides what the episode says, to retract it. */
  status?: 'entered-in-error';
}

/**
 * The Flag of an episode, without id, versionId and lastUpdated. `period.start` is the symptom time of the opening report,
 * never called onset; `period.end` is there only when the episode is closed.
 * Source: HL7 FHIR R4 4.0.1, Flag; profile vigie-flag; shape in docs/flag.md.
 */
export function flagOf(episode: Episode, context: EpisodeFlagContext): Flag {
  const term = context.labels.term(episode.term);
  const closed = episode.status === 'closed';
  const { raised, said } = episode;
  const told = [episode.opening, episode.latest, ...(raised ? [raised.source] : [])];
  const doubts = new Set([...(said?.dataQuality ?? []), ...(raised?.why === 'contradictory' ? [raised.why] : [])]);
  return flag(context, {
    status: context.status ?? (closed ? 'inactive' : 'active'),
    priority: episode.priority,
    details: [...told.map(sourceOf), ...context.observations],
    extensions: [gradedFinding(episode), ...dataQualityExtensions([...doubts])],
    code: {
      coding: [codingOf(episode, term)],
      text: flagText(episode, context.labels, context.language),
    },
    period: {
      start: episode.startAuthored ?? episode.start,
      ...(closed && episode.end ? { end: episode.endAuthored ?? episode.end } : {}),
    },
  });
}

/** Of CTCAE the version is said, since both may stand beside each other. */
const codingOf = ({ system, systemVersion }: Episode, term: TermLabel): Coding =>
  system === 'pro-ctcae'
    ? { system: TERMS[system], code: term.code, display: term.result.en }
    : { system: TERMS[system], version: systemVersion, code: term.code, display: term.en };

/** What a Flag is about that is about no term. Displays of CodeSystem `flag-code`. */
const OPERATIONAL = {
  'not-evaluated': 'Report not evaluated',
  'policy-budget': 'Alert policy not fully evaluated',
  'policy-error': 'Alert policy failed',
} as const;

export type OperationalCode = keyof typeof OPERATIONAL;

/** The Flag, high priority, of a report that is stored and that the engine failed to evaluate, or could not evaluate wholly. */
export function operationalFlag(code: OperationalCode, context: FlagContext & { source: string; at: string }): Flag {
  return flag(context, {
    status: 'active',
    priority: 'PH',
    details: [context.source],
    extensions: [],
    code: {
      coding: [{ system: SYSTEM.flagCode, code, display: OPERATIONAL[code] }],
      text: operationalText(code, context.language),
    },
    period: { start: context.at },
  });
}

/** The same Flag with another status, ready to be stored as its next version; a retracted one keeps its content. */
export function withStatus(stored: Flag, status: 'inactive' | 'entered-in-error', end?: string): Flag {
  const { id: _id, meta, ...content } = stored;
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta ?? {};
  return {
    ...content,
    ...(Object.keys(kept).length ? { meta: kept } : {}),
    status,
    ...(end ? { period: { ...content.period, end } } : {}),
  };
}

/** Priority that a Flag carries, `undefined` when it has none of ours. */
export function priorityOf({ extension }: Flag): Priority | undefined {
  const code = extension?.find(({ url }) => url === EXTENSION.flagPriority)?.valueCodeableConcept?.coding?.[0]?.code;
  return code === 'PN' || code === 'PL' || code === 'PM' || code === 'PH' ? code : undefined;
}

interface Content {
  status: Flag['status'];
  priority: Priority;
  details: readonly string[];
  extensions: readonly Extension[];
  code: CodeableConcept;
  period: NonNullable<Flag['period']>;
}

function flag(context: FlagContext, content: Content): Flag {
  return {
    resourceType: 'Flag',
    meta: { profile: [PROFILE.flag], ...(context.tags?.length ? { tag: [...context.tags] } : {}) },
    language: context.language,
    extension: [
      { url: EXTENSION.flagPriority, valueCodeableConcept: priorityConcept(content.priority) },
      ...[...new Set(content.details)].map((reference) => ({
        url: EXTENSION.flagDetail,
        valueReference: { reference },
      })),
      ...content.extensions,
    ],
    identifier: [{ system: NAMING.episode, value: context.identifier }],
    status: content.status,
    category: [category('clinical', 'Clinical'), ...(context.research ? [category('research', 'Research')] : [])],
    code: content.code,
    subject: { reference: context.patient },
    period: content.period,
    author: { reference: context.device },
  };
}

const category = (code: string, display: string): CodeableConcept => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code, display }],
});

const sourceOf = ({ type, id }: Episode['opening']): string => `${type}/${resourceId(id)}`;

/** What was measured, against what, and which actions of which policies decided. */
function gradedFinding(episode: Episode): Extension {
  return {
    url: EXTENSION.gradedFinding,
    extension: [
      { url: 'system', valueCode: episode.system },
      { url: 'version', valueString: episode.systemVersion },
      { url: 'kind', valueCode: episode.kind },
      ...formOf(episode),
      ...measured(episode),
      ...grade('previous', episode.previousGrade),
      ...grade('baseline', episode.baselineGrade),
      ...policiesOf(episode).map((policy) => ({ url: 'policy', valueCanonical: policy })),
      ...episode.openedBy.map((action) => decision('opened-by', action)),
      ...episode.decidedBy.map((action) => decision('decided-by', action)),
    ],
  };
}

/** The form that is missing or late: what else the term is followed by. */
function formOf({ system, term }: Episode): Extension[] {
  const form = system === 'monitoring' ? scopeOfKey(term) : undefined;
  return form === undefined ? [] : [{ url: 'form', valueCanonical: form }];
}

/** `url|version` of each policy behind what the Flag says now. */
const policiesOf = ({ decidedBy }: Episode): string[] => [...new Set(decidedBy.map(({ policy }) => policy))];

function measured({ outcome }: Episode): Extension[] {
  switch (outcome.kind) {
    case 'graded':
      return grade('grade', outcome.grade);
    case 'at-least':
      return [...grade('min', outcome.min), ...grade('max', outcome.max)];
    case 'not-gradable':
      return [{ url: 'not-gradable', valueCode: outcome.reason }];
  }
}

const grade = (url: string, value: number | undefined): Extension[] =>
  value === undefined ? [] : [{ url, valueInteger: value }];

const decision = (url: string, { policy, action }: ActionRef): Extension => ({
  url,
  extension: [
    { url: 'policy', valueCanonical: policy },
    { url: 'action', valueString: action },
  ],
});
