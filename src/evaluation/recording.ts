import type { Deps } from '../deps.ts';
import { newId } from '../fhir/ids.ts';
import type { TermStep } from '../rules/episodes.ts';
import { type Report, referenceTo } from '../rules/finding.ts';
import { GRADING_DIGESTS } from '../rules/gradings/index.ts';
import { decisionRecord } from '../rules/record.ts';
import { provenanceOf } from '../rules/resources/provenance.ts';
import type { NewVersion, Write } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { earlierReports, policiesAsked } from './steps.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/** What an evaluation came to. */
export interface Done {
  before: StoredReport | undefined;
  report: StoredReport | undefined;
  steps: readonly TermStep[];
  /** All that it writes. */
  derived: readonly NewVersion[];
}

/** The decision record of an evaluation, and the one Provenance that names all that it wrote and rested on. */
export function recordOf(
  deps: Deps,
  input: Evaluating,
  write: Writer,
  { before, report, steps, derived }: Done,
): { decision: NonNullable<NonNullable<Write['patient']>['decision']>; provenance: NewVersion } {
  const { source, form, snapshot, patient, context, recorded } = input;
  const asked = policiesAsked(snapshot, steps);
  const record = decisionRecord({
    engine: { name: deps.engine.name, version: deps.engine.version },
    fhirpathVersion: deps.engine.fhirpathVersion,
    ...(form ? { questionnaire: { canonical: form.canonical, digest: form.digest } } : {}),
    gradings: gradingsOf(steps),
    policies: asked,
    source,
    patient: { reference: `Patient/${patient}`, version: context.patient.version },
    report: (report ?? before)?.report ?? withdrawn(deps.now()),
    steps,
  });
  const id = newId(context.shard, deps.now().getTime());
  const own = referenceTo(source);
  const targets = derived.map(({ type, id, version }) => `${type}/${id}/_history/${version}`);
  const provenance = write('Provenance', id, 1, {
    ...provenanceOf({
      // Of what is only kept for later reports nothing else is written.
      targets: targets.length > 0 ? targets : [own],
      entities: [
        { role: 'source', what: own },
        ...(form ? [{ role: 'source' as const, what: form.reference }] : []),
        { role: 'source', what: `Patient/${patient}/_history/${context.patient.version}` },
        ...earlierReports(steps, source).map((what) => ({ role: 'derivation' as const, what })),
      ],
      policies: asked.map(({ canonical }) => canonical),
      recorded: deps.now().toISOString(),
      ...(report ? { occurred: report.report.at } : {}),
      digest: record.digest,
      device: deps.engine.device,
      activity: report?.report.tick ? 'elapse' : !before ? 'evaluate' : report ? 're-evaluate' : 'retract',
      tags: tagsOf(report),
      ...(recorded ? { clinician: recorded } : {}),
    }),
  });
  return { decision: { id, content: record.text }, provenance };
}

/** The place in time of a withdrawal of what was never graded. */
const withdrawn = (now: Date): Pick<Report, 'at' | 'day' | 'baseline'> => ({
  at: now.toISOString(),
  day: now.toISOString().slice(0, 10),
  baseline: false,
});

/** PRO-CTCAE, by which most is graded and which a record takes for granted; of the others those that were used. */
function gradingsOf(steps: readonly TermStep[]): typeof GRADING_DIGESTS {
  const used = new Set(steps.map(({ finding }) => `${finding.system} ${finding.version}`));
  return GRADING_DIGESTS.filter(({ system, version }) => system === 'pro-ctcae' || used.has(`${system} ${version}`));
}
