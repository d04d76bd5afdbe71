import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import type { FoldState } from '../rules/episode.ts';
import type { Report } from '../rules/finding.ts';
import { type Folded, type Moment, momentName, momentsMoved, momentsOf } from '../rules/moments.ts';
import { momentResource } from '../rules/resources/moment.ts';
import { type DueChange, dueOfPatient } from '../store/due.ts';
import type { NewVersion } from '../store/write.ts';
import { type Evaluating, momentOf } from './evaluating.ts';
import type { Writer } from './writer.ts';

/** The kind of what is due where a term is asked again. */
export const TICK_DUE = 'tick';

/** What is due of moments, as it is kept. */
export interface MomentContent extends Pick<Moment, 'tick' | 'day'> {
  /** When it was first asked for, UTC instant, where it had passed by then. */
  known?: string;
}

/** What an evaluation has folded. */
export interface Ticking extends Folded {
  /** The report that it is of; none where one is withdrawn. */
  own: Report | undefined;
  before: FoldState;
  /** All reports of the patient were folded. */
  again: boolean;
}

/**
 * What an evaluation sets and takes away of the moments at which terms are asked again: written with everything else. Mostly there is none, and only where one has
 * passed is read whether it was asked for before.
 */
export async function ticking(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  facts: Ticking,
): Promise<DueChange[]> {
  const { patient, context } = input;
  const { shard } = context;
  const idOf = ({ tick }: Moment): string => `${TICK_DUE}/${patient}/${momentName(tick)}`;
  const { set, gone } = moved(facts, deps.site.timeZone);
  const now = momentOf(deps, input);
  const passed = set.some(({ at }) => at < now) ? await dueOfPatient(deps.db, within, shard, patient) : [];
  const changes = new Map<string, DueChange>(
    gone.map((moment) => [idOf(moment), { shard, id: idOf(moment), at: null }]),
  );
  for (const moment of set) {
    const id = idOf(moment);
    const held = passed.find((due) => due.id === id && due.at === moment.at);
    const content = JSON.stringify(contentOf(moment, held?.content, now));
    changes.set(id, { shard, id, at: moment.at, patient, kind: TICK_DUE, content });
  }
  return [...changes.values()];
}

/** A moment as it is kept where it is asked for at `now`; `held`: as it was asked for before. */
function contentOf({ tick, day, at }: Moment, held: string | undefined, now: string): MomentContent {
  if (held === undefined) return { tick, day, ...(at < now ? { known: now } : {}) };
  const { known }: MomentContent = JSON.parse(held);
  return { tick, day, ...(known === undefined ? {} : { known }) };
}

function moved({ own, before, again, reports, steps }: Ticking, timeZone: string): { set: Moment[]; gone: Moment[] } {
  if (again) return { set: momentsOf({ reports, steps }, timeZone), gone: [] };
  return own ? momentsMoved(own, steps, (term) => before.terms[term], timeZone) : { set: [], gone: [] };
}

/** The source of the report that a moment is: the same moment of a patient is one. */
export const momentSource = (patient: string, { tick }: Pick<Moment, 'tick'>, shard: number): Report['source'] => ({
  type: 'Basic',
  id: derivedId(patient, `moment ${momentName(tick)}`, shard),
  version: 1,
});

/** The resource that stands for a moment that has come; none of any other report. */
export function momentVersions(
  deps: Deps,
  { patient }: Evaluating,
  write: Writer,
  own: Report | undefined,
): NewVersion[] {
  if (!own?.tick) return [];
  const { source, tick, at } = own;
  const basic = momentResource({ tick, at, patient: `Patient/${patient}`, device: deps.engine.device });
  return [write('Basic', source.id, source.version, basic)];
}
