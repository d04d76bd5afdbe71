import type {
  Answer,
  Attribute,
  DataQuality,
  Finding,
  Measured,
  Missing,
  Monitored,
  NotGradable,
  Outcome,
  StructuredAnswer,
} from './finding.ts';

/**
 * A finding as it is kept: one is kept for each term of each response, so what repeats is said once and what is as it mostly is
 * (a composite, no doubts) is left out.
 */
export interface PackedFinding {
  term: string;
  /** System and version, where they are not those of the whole list. */
  grading?: readonly [system: Finding['system'], version: string];
  /** Left out for a composite. */
  kind?: Finding['kind'];
  outcome: PackedOutcome;
  answers: PackedAnswers;
  measured?: Measured;
  structured?: readonly StructuredAnswer[];
  monitored?: Monitored;
  issues?: readonly DataQuality[];
}

export type PackedAnswers = Partial<Record<Attribute, PackedAnswer>>;

/** A grade; [min, max, missing…]; or [reason, missing…]. */
export type PackedOutcome = number | readonly (number | string)[];

/** [linkId, score]; [linkId, 0, linkId that hid it]; [linkId, state, opt-out code]; or [state]. */
export type PackedAnswer = readonly (string | number)[];

/** A finding as JSON that is kept; the system and version of most of them are kept beside the list. */
export const packFinding = (
  { term, system, version, kind, outcome, attributes, measured, structured, monitored, dataQuality }: Finding,
  most?: Pick<Finding, 'system' | 'version'>,
): PackedFinding => ({
  term,
  ...(most === undefined || (most.system === system && most.version === version)
    ? {}
    : { grading: [system, version] as const }),
  ...(kind === 'composite' ? {} : { kind }),
  outcome: packOutcome(outcome),
  answers: packAnswers(attributes),
  ...(measured ? { measured } : {}),
  ...(structured ? { structured } : {}),
  ...(monitored ? { monitored } : {}),
  ...(dataQuality.length > 0 ? { issues: dataQuality } : {}),
});

/** The finding that `packFinding` was given. */
export const readFinding = (packed: PackedFinding, grading: Pick<Finding, 'system' | 'version'>): Finding => ({
  term: packed.term,
  system: packed.grading?.[0] ?? grading.system,
  version: packed.grading?.[1] ?? grading.version,
  kind: packed.kind ?? 'composite',
  outcome: readOutcome(packed.outcome),
  attributes: readAnswers(packed.answers),
  ...(packed.measured ? { measured: packed.measured } : {}),
  ...(packed.structured ? { structured: packed.structured } : {}),
  ...(packed.monitored ? { monitored: packed.monitored } : {}),
  dataQuality: packed.issues ?? [],
});

/** As canonical JSON orders them: what is built so is written without a copy. */
const IN_KEY_ORDER: readonly Attribute[] = ['amount', 'frequency', 'interference', 'presence', 'severity', 'text'];

const ATTRIBUTES: readonly Attribute[] = ['frequency', 'severity', 'interference', 'amount', 'presence', 'text'];

/** An outcome as a grade, `[min, max, ...missing]` or `[reason, ...missing]`. */
export function packOutcome(outcome: Outcome): PackedOutcome {
  if (outcome.kind === 'graded') return outcome.grade;
  if (outcome.kind === 'at-least') return [outcome.min, outcome.max, ...outcome.missing];
  return [outcome.reason, ...outcome.missing];
}

/** The outcome that `packOutcome` was given. */
export function readOutcome(packed: PackedOutcome): Outcome {
  if (typeof packed === 'number') return { kind: 'graded', grade: packed };
  const [first, second] = packed;
  if (typeof first === 'number') {
    return { kind: 'at-least', min: first, max: Number(second), missing: packed.slice(2) as Missing[] }; // as packed
  }
  return { kind: 'not-gradable', reason: first as NotGradable, missing: packed.slice(1) as Missing[] }; // as packed
}

/** The answers to each attribute that the term has, as short lists. */
export function packAnswers(attributes: Finding['attributes']): PackedAnswers {
  const packed: PackedAnswers = {};
  for (const attribute of IN_KEY_ORDER) {
    const answer = attributes[attribute];
    if (answer) packed[attribute] = packAnswer(answer);
  }
  return packed;
}

function packAnswer(answer: Answer): PackedAnswer {
  switch (answer.state) {
    case 'answered':
      return [answer.linkId, answer.value];
    case 'hidden':
      return [answer.linkId, 0, answer.because];
    case 'opted-out':
      return [answer.linkId, answer.state, answer.code];
    case 'not-asked':
      return [answer.state];
    default:
      return [answer.linkId, answer.state];
  }
}

/** In the order of the published items, which canonical JSON does not keep. */
export function readAnswers(answers: PackedAnswers): Finding['attributes'] {
  const attributes: Finding['attributes'] = {};
  for (const attribute of ATTRIBUTES) {
    const answer = answers[attribute];
    if (answer) attributes[attribute] = readAnswer(answer);
  }
  return attributes;
}

function readAnswer([first, second, third]: PackedAnswer): Answer {
  const linkId = String(first);
  if (second === undefined) return { state: 'not-asked' };
  if (typeof second === 'number') {
    if (third === undefined) return { state: 'answered', value: second, linkId };
    return { state: 'hidden', value: 0, linkId, because: String(third) };
  }
  if (second === 'opted-out') return { state: second, linkId, code: String(third) };
  return { state: second === 'written' ? second : 'missing', linkId };
}
