import type { CodeableConcept, Coding, Extension, Observation, ObservationComponent } from '@medplum/fhirtypes';
import { NCIT, PRO_CTCAE } from '../../fhir/canonical.ts';
import { dateInterval } from '../../fhir/dates.ts';
import type { Answer, Attribute, DataQuality, Finding } from '../finding.ts';
import { type AbsentReason, absentConcept, EXTENSION, PROFILE, SYSTEM } from './codes.ts';
import { ATTRIBUTE, type ItemLabel, type Labels, type Language, type TermLabel } from './labels.ts';

/** What an Observation says beside the finding itself. References are relative, `Type/id`. */
export interface ObservationContext {
  patient: string;
  /** The response that was graded. */
  source: string;
  /** The rule engine. */
  device: string;
  /** `end` is the symptom time; `start`, when not given, is the beginning of the recall period that ends there. */
  effective: { start?: string; end: string };
  status: 'final' | 'amended' | 'entered-in-error';
  issued?: string;
  /** Who answered, where the response says so. */
  performer?: string;
  tags?: readonly Coding[];
  labels: Labels;
  language: Language;
}

/** Days that a PRO-CTCAE item asks about. Source: NCI PRO-CTCAE v1.0, "the last 7 days". */
export const RECALL_DAYS = 7;

/**
 * The Observation of one asked term, without id, versionId and lastUpdated.
 * `valueInteger` is the composite grade (0 too), 1 or 0 for a yes/no term, 1 or 0 for words written; where no one number
 * is certain there is a `dataAbsentReason` instead, and what stays certain in the extension `at-least`. Words that the
 * patient wrote stay in the response. Source: HL7 FHIR R4 4.0.1, Observation, invariants obs-6 and obs-7.
 */
export function observationOf(finding: Finding, context: ObservationContext): Observation {
  const term = context.labels.term(finding.term);
  const { start = recallStart(context.effective.end), end } = context.effective;
  return findingFrame(finding, context, {
    code: codeOf(finding, term, context.language),
    effective: { effectivePeriod: { start, end } },
    from: [context.source],
    component: componentsOf(finding, term, context.language),
  });
}

/** What the Observation of a finding says of its own kind. */
type OfKind = Required<Pick<Frame, 'code' | 'effective' | 'component'>> & { from: readonly string[] };

/** The Observation of a finding: its grade, or why there is none and what is certain all the same. */
export function findingFrame(finding: Finding, context: ObservationContext, { from, ...ofKind }: OfKind): Observation {
  const { outcome, system, version } = finding;
  return observationFrame({
    ...context,
    profile: PROFILE.observation,
    extension: extensionsOf(finding),
    category: 'survey',
    result:
      outcome.kind === 'graded'
        ? { valueInteger: outcome.grade }
        : { dataAbsentReason: absentConcept(whyAbsent(finding)) },
    method: { system, version },
    source: from,
    ...ofKind,
  });
}

/** What every Observation that the engine writes is made of. References are relative, `Type/id`. */
export interface Frame extends Pick<ObservationContext, 'patient' | 'status' | 'issued' | 'performer' | 'tags'> {
  profile?: string;
  extension: readonly Extension[];
  category: keyof typeof CATEGORY;
  code: CodeableConcept;
  effective: Pick<Observation, 'effectivePeriod' | 'effectiveDateTime'>;
  result?: Partial<Observation>;
  method?: { system: string; version: string };
  device?: string;
  /** What it was made from. */
  source: readonly string[];
  component?: readonly ObservationComponent[];
}

/** Source: HL7 Terminology, CodeSystem observation-category. */
const CATEGORY = { survey: 'Survey', 'vital-signs': 'Vital Signs' } as const;

/** An Observation without id, versionId and lastUpdated. The order of its members is the one in which it is written. */
export function observationFrame(frame: Frame): Observation {
  const { profile, tags = [], extension, category, issued, performer, method, device, component = [] } = frame;
  const meta = { ...(profile ? { profile: [profile] } : {}), ...(tags.length ? { tag: [...tags] } : {}) };
  return {
    resourceType: 'Observation',
    ...(Object.keys(meta).length ? { meta } : {}),
    ...(extension.length ? { extension: [...extension] } : {}),
    status: frame.status,
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: category,
            display: CATEGORY[category],
          },
        ],
      },
    ],
    code: frame.code,
    subject: { reference: frame.patient },
    ...frame.effective,
    ...(issued ? { issued } : {}),
    ...(performer ? { performer: [{ reference: performer }] } : {}),
    ...frame.result,
    ...(method
      ? { method: { coding: [{ system: SYSTEM.gradingSystem, version: method.version, code: method.system }] } }
      : {}),
    ...(device ? { device: { reference: device } } : {}),
    derivedFrom: frame.source.map((reference) => ({ reference })),
    ...(component.length ? { component: [...component] } : {}),
  };
}

/** Instant at which the recall period that ends at `end` begins; UTC. */
export function recallStart(end: string): string {
  // Date.parse knows no leap second.
  const at = dateInterval(end)?.start ?? Number.NaN;
  return new Date(at - RECALL_DAYS * 86_400_000).toISOString();
}

/** The term's code; a yes/no term is its one item, so it carries that code too and has no component (obs-7). */
function codeOf(finding: Finding, term: TermLabel, language: Language): CodeableConcept {
  const item = finding.kind === 'presence' ? term.items.presence : undefined;
  return {
    coding: [{ system: PRO_CTCAE, code: term.code, display: term.result.en }, ...(item ? itemCodings(item) : [])],
    text: term.result[language],
  };
}

/** The display says it in English; text is there for another language only, since Observations are many. */
const itemConcept = (item: ItemLabel, language: Language): CodeableConcept => ({
  coding: itemCodings(item),
  ...(language === 'en' ? {} : { text: item[language] }),
});

const itemCodings = (item: ItemLabel): Coding[] => [
  { system: PRO_CTCAE, code: item.code, display: item.en },
  ...(item.ncit ? [{ system: NCIT, code: item.ncit }] : []),
];

/**
 * In the published order of the letters: frequency, severity, interference. The yes/no that goes before a write-in is a
 * component, a yes/no term is itself the value; words are never copied.
 */
const COMPONENTS: Readonly<Record<Finding['kind'], readonly Attribute[]>> = {
  composite: ['frequency', 'severity', 'interference', 'amount'],
  presence: [],
  text: ['presence'],
  ladder: [],
  emergency: [],
  monitoring: [],
};

function componentsOf(finding: Finding, term: TermLabel, language: Language): ObservationComponent[] {
  const components: ObservationComponent[] = [];
  for (const attribute of COMPONENTS[finding.kind]) {
    const answer = finding.attributes[attribute];
    if (!answer) continue;
    const item = term.items[attribute];
    components.push({
      ...(answer.state === 'hidden' ? { extension: [{ url: EXTENSION.branched, valueString: answer.because }] } : {}),
      code: item ? itemConcept(item, language) : { text: ATTRIBUTE[attribute][language] },
      ...resultOf(answer),
    });
  }
  return components;
}

function resultOf(answer: Answer): Pick<ObservationComponent, 'valueInteger' | 'dataAbsentReason'> {
  switch (answer.state) {
    case 'answered':
    case 'hidden':
      return { valueInteger: answer.value };
    case 'opted-out':
      return { dataAbsentReason: absentConcept(optOutReason(answer.code)) };
    case 'missing':
      return { dataAbsentReason: absentConcept('unknown') };
    case 'not-asked':
      return { dataAbsentReason: absentConcept('not-asked') };
    case 'written':
      return {};
  }
}

/** Why a term has no one number. The table is documented in docs/flag.md. */
function whyAbsent({ outcome, attributes, structured = [] }: Finding): AbsentReason {
  if (outcome.kind !== 'not-gradable') return 'unknown';
  switch (outcome.reason) {
    case 'not-answered':
      return 'unknown';
    case 'not-asked':
      return 'not-asked';
    case 'ambiguous-item':
    case 'value-unclear':
    case 'unit-unknown':
    case 'value-implausible':
      return 'error';
    case 'no-value':
    case 'limit-missing':
    case 'baseline-missing':
    case 'needs-clinician':
      return 'unknown';
    case 'opted-out': {
      const reasons = [...Object.values(attributes), ...structured].flatMap((answer) =>
        answer.state === 'opted-out' ? [optOutReason(answer.code)] : [],
      );
      return reasons.find((reason) => reason === 'asked-declined') ?? reasons[0] ?? 'unknown';
    }
  }
}

/**
 * Opt-outs by their code in our CodeSystem; one that we do not know is not said to be a refusal.
 * Source: opt-out options of the PRO-CTCAE v1.0 response formats; HL7 Terminology, CodeSystem data-absent-reason.
 */
const OPT_OUT: Readonly<Record<string, AbsentReason>> = {
  'optout-prefer-not-to-answer': 'asked-declined',
  'optout-not-applicable': 'not-applicable',
  'optout-not-sexually-active': 'not-applicable',
  'asked-declined': 'asked-declined',
  'not-applicable': 'not-applicable',
};

const optOutReason = (code: string): AbsentReason => OPT_OUT[code] ?? 'unknown';

/** What is certain where no one grade is, and what a reader should know before trusting the number. */
function extensionsOf({ outcome, dataQuality }: Finding): Extension[] {
  const extensions: Extension[] = [];
  if (outcome.kind === 'at-least') {
    extensions.push({
      url: EXTENSION.atLeast,
      extension: [
        { url: 'min', valueInteger: outcome.min },
        { url: 'max', valueInteger: outcome.max },
        ...outcome.missing.map((attribute) => ({ url: 'missing', valueCode: attribute })),
      ],
    });
  }
  for (const extension of dataQualityExtensions(dataQuality)) extensions.push(extension);
  return extensions;
}

/** One extension per thing that a reader should know before trusting the number. */
export const dataQualityExtensions = (quality: readonly DataQuality[]): Extension[] =>
  quality.map((code) => ({ url: EXTENSION.dataQuality, valueCoding: { system: SYSTEM.dataQuality, code } }));
