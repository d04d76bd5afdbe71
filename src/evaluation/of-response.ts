import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Form, Snapshot } from '../catalog.ts';
import { splitCanonical } from '../fhir/canonical.ts';
import { slotsOfAnswer } from '../rules/calendar/answers.ts';
import { readExpectations } from '../rules/calendar/expectations.ts';
import type { Finding } from '../rules/finding.ts';
import { isUrgent } from '../rules/gradings/emergency.ts';
import { scoresOf } from '../rules/gradings/scores/index.ts';
import type { Score } from '../rules/gradings/scores/score.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import { measuredVitals } from '../rules/vital-signs.ts';
import type { PatientContext } from '../store/context.ts';
import { draftTime, symptomTime, writtenMoment } from '../symptom-time.ts';
import type { Evaluating, Said } from './evaluating.ts';

/** A response that is about to be written. */
export interface Answered {
  id: string;
  version: number;
  response: QuestionnaireResponse;
  form: Form;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
}

/**
 * A response as the engine takes it. `completed` and `amended` ones are graded; of one that is `in-progress` or `stopped` only the
 * emergencies that are there count, and they do at once.
 */
export function ofResponse(answered: Answered): Evaluating {
  const { id, version, response, form, snapshot, patient, context } = answered;
  const complete = response.status === 'completed' || response.status === 'amended';
  const withdrawn = response.status === 'entered-in-error';
  return {
    source: { type: 'QuestionnaireResponse', id, version },
    asks: withdrawn ? 'retraction' : 'grading',
    amended: response.status === 'amended',
    ...(response.source?.reference ? { performer: response.source.reference } : {}),
    form,
    snapshot,
    patient,
    context,
    ...(complete ? reporting(response, form, context) : ({ draft: true } as const)),
    time: (now, before) =>
      complete ? symptomTime(response, now, before, () => isEvaluated(answered)) : draftTime(response, now, before),
    read: () => said(response, form, complete),
  };
}

/** What a complete response tells of the reporting itself. */
function reporting(
  response: QuestionnaireResponse,
  form: Form,
  context: PatientContext,
): Pick<Evaluating, 'slots' | 'seconds' | 'bare'> {
  const { authored = '', extension } = response;
  const started = extension?.find(({ url }) => url === EXTENSION.answeringStarted)?.valueDateTime;
  const seconds = started === undefined ? undefined : secondsBetween(started, authored);
  return {
    slots: ({ at }) => slotsOfAnswer(readExpectations(context.expected), splitCanonical(form.canonical).url, at),
    ...(seconds === undefined ? {} : { seconds }),
    bare: { findings: [], baseline: false, authored, unvalidatedWording: form.unvalidatedWording },
  };
}

/** Whether anything is made of a complete response: something of it is graded, if only in vain, or a plan asks for its form. */
function isEvaluated({ response, form, context }: Answered): boolean {
  const { url } = splitCanonical(form.canonical);
  if (readExpectations(context.expected).items.some((item) => item.form === url)) return true;
  try {
    return said(response, form, true) !== undefined;
  } catch {
    return true;
  }
}

/** Undefined where one of them is no moment, or they are the wrong way round. */
function secondsBetween(start: string, end: string): number | undefined {
  if (!start.includes('T') || !end.includes('T')) return undefined;
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return seconds >= 0 ? seconds : undefined;
}

/** Undefined when no item of the form can be graded, and none measures a vital sign. */
function said(response: QuestionnaireResponse, form: Form, complete: boolean): Said | undefined {
  const states = form.compiled.collect(response);
  // A term of which nothing was asked this time says nothing, and gets no Observation.
  const findings = form.grade(states).filter(complete ? wasAsked : isUrgent);
  const measured = complete ? measuredVitals(states) : [];
  const scores = complete ? scoresOf(form.compiled, states).filter(isAsked) : [];
  if (findings.length === 0 && measured.length === 0 && scores.length === 0) return undefined;
  return {
    findings,
    ...(measured.length === 0 ? {} : { measured }),
    ...(scores.length === 0 ? {} : { scores }),
    baseline:
      response.extension?.some(({ url, valueBoolean }) => url === EXTENSION.baselineReport && valueBoolean) === true,
    authored: writtenMoment(response.authored),
    unvalidatedWording: form.unvalidatedWording,
  };
}

const wasAsked = ({ outcome }: Finding): boolean => outcome.kind !== 'not-gradable' || outcome.reason !== 'not-asked';

/** The form asks for it at all. */
const isAsked = ({ reason }: Score): boolean => reason !== 'not-asked';
