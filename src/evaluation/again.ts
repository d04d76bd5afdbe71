import type { Observation, QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Form, Snapshot } from '../catalog.ts';
import { ageYears } from '../rules/age.ts';
import type { PatientFacts } from '../rules/episode.ts';
import { findingsOf } from '../rules/episodes-measured.ts';
import type { CtcaeVersion, Finding } from '../rules/finding.ts';
import { inVersions } from '../rules/gradings/ctcae-answer-form.ts';
import { NO_CODES, type ReviewedCodes } from '../rules/gradings/ctcae-codes.ts';
import type { MeasuredBaselines } from '../rules/gradings/measured.ts';
import type { Reread } from '../rules/replay.ts';
import type { PatientContext } from '../store/context.ts';
import type { Stored } from '../store/resources.ts';
import type { Evaluating } from './evaluating.ts';
import { ofObservation } from './of-observation.ts';
import { ofResponse } from './of-response.ts';

/** What a report was read with, as its record says. */
export interface Circumstances {
  snapshot: Snapshot;
  context: PatientContext;
  patient: string;
  /** As the version of the Patient says that the record names. */
  facts: PatientFacts;
  /** Symptom time that the record gives it: of a clock that was ahead, the moment of receipt. */
  at: string;
  ctcae: readonly CtcaeVersion[];
  baselines: MeasuredBaselines;
  /** The site's own codes, as they are now. */
  codes?: ReviewedCodes;
}

/** A stored version of a report read and graded once more, by the code that read it first. Undefined when nothing of it can be graded. Throws FhirError for a moment that cannot be used. */
export function readAgain(stored: Stored, form: Form | undefined, around: Circumstances): Reread | undefined {
  const input = evaluatingOf(stored, form, around);
  if (!input) return undefined;
  const time = input.time(new Date(around.at), undefined);
  const said = input.read(time);
  if (!said) return undefined;
  const { source } = input;
  const years = around.facts.birthDate === undefined ? undefined : ageYears(around.facts.birthDate, time.day);
  const measured = said.measured?.map((one) => (years === undefined ? one : { ...one, ageYears: years }));
  const findings = time.clockAhead
    ? said.findings.map((finding): Finding => ({ ...finding, dataQuality: [...finding.dataQuality, 'clock-ahead'] }))
    : said.findings;
  const report = {
    source,
    at: time.at,
    day: time.day,
    baseline: said.baseline,
    findings: inVersions(findings, around.ctcae),
    ...(measured ? { measured } : {}),
    ctcae: around.ctcae,
  };
  return {
    findings: findingsOf(report, around.baselines),
    at: time.at,
    day: time.day,
    ...(time.clockAhead || said.authored === '' ? {} : { authored: said.authored }),
    ...(form ? { form: { canonical: form.canonical, digest: form.digest } } : {}),
  };
}

/** A stored version as the engine takes it; undefined for a response without its form. */
export function evaluatingOf(
  { type, id, version, content }: Stored,
  form: Form | undefined,
  { snapshot, context, patient, codes = NO_CODES }: Pick<Circumstances, 'snapshot' | 'context' | 'patient' | 'codes'>,
): Evaluating | undefined {
  if (type === 'Observation') {
    const observation: Observation = JSON.parse(content);
    return ofObservation({ id, version, observation, snapshot, patient, context, codes });
  }
  const response: QuestionnaireResponse = JSON.parse(content);
  return form && ofResponse({ id, version, response, form, snapshot, patient, context });
}
