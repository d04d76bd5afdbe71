import type { Task } from '@medplum/fhirtypes';
import type { Snapshot } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { TermStep } from '../rules/episodes.ts';
import { isExpected } from '../rules/episodes-term.ts';
import { priorityOf } from '../rules/resources/flag.ts';
import type { Changes } from '../rules/resources/outcome.ts';
import { rise } from '../rules/signature.ts';
import type { RespondWithin, Site } from '../rules/site.ts';
import { type FlagNow, type Followed, follow, wokenBy } from '../rules/work/follow.ts';
import { decidedBy, identityOf, isWorkItem } from '../rules/work/work-item.ts';
import type { OpenWork } from '../store/context.ts';
import type { DueChange } from '../store/due.ts';
import { tasksOnFlags } from '../store/tasks.ts';
import type { WorkChange } from '../store/work.ts';
import type { EpisodeRow, NewVersion } from '../store/write.ts';
import { type Evaluating, momentOf } from './evaluating.ts';
import { idOfWork, workRows, workVersion } from './work-rows.ts';

/** What the work items of one evaluation are made from. */
export interface WorkFacts {
  /** Every Flag version of the evaluation, as it tells of them, and its rows. */
  events: Changes['flags'];
  written: readonly EpisodeRow[];
  /** The rows as they were before: those that are open at least. */
  ledger: readonly EpisodeRow[];
  steps: readonly TermStep[];
}

/** What is written of work. */
export interface WorkWritten {
  versions: NewVersion[];
  work: WorkChange[];
  due: DueChange[];
}

/**
 * The work items that follow from new versions of Flags, with their places in the list of work and what is due of them. Tasks are read only where
 * a Flag changed that was there before and none of its work is open.
 */
export async function workVersions(
  deps: Deps,
  within: Compartment,
  input: Pick<Evaluating, 'patient' | 'context' | 'snapshot' | 'due'>,
  facts: WorkFacts,
): Promise<WorkWritten> {
  const { patient, context, snapshot } = input;
  const result: WorkWritten = { versions: [], work: [], due: [] };
  const exceeded = exceededFlags(facts);
  const flags = facts.events.map((event) => {
    const now = flagNow(event, facts);
    return { ...now, exceeds: exceeded.has(now.flagId) };
  });
  for (const { flagId } of flags) exceeded.delete(flagId);
  const known = flags.filter(({ version }) => version > 1);
  const concerned = new Set([...flags.map(({ flagId }) => flagId), ...exceeded]);
  const items = [
    ...itemsOf(context.work.filter(({ flag }) => concerned.has(flag))),
    ...itemsOf(await tasksOnFlags(deps.db, within, context.shard, withEndedWork(known, context.work))),
  ];
  const around = {
    site: deps.site,
    now: momentOf(deps, input),
    patient: `Patient/${patient}`,
    device: deps.engine.device,
  };
  const write = (flagId: string, make: (held: Task[]) => Followed | undefined): void => {
    const own = items.filter(({ task }) => identityOf(task)?.flagId === flagId);
    const followed = make(own.map(({ task }) => task));
    if (!followed) return;
    const before = own.find(({ task }) => identityOf(task)?.n === followed.n)?.stored;
    const id = before?.id ?? idOfWork(flagId, followed.n, context.shard);
    const place = { id, shard: context.shard, patient };
    const { work, due } = workRows(followed.task, place);
    result.versions.push(workVersion(deps, within, place, followed.task, before));
    result.work.push(work);
    result.due.push(due);
  };
  for (const told of flags) {
    write(told.flagId, (held) => follow(held, told, { ...around, within: timesToRespond(snapshot, told, deps.site) }));
  }
  for (const flagId of exceeded) write(flagId, (held) => wokenBy(held, around));
  return result;
}

/**
 * Flags that call for new work unless an earlier item says otherwise: active, and none of their work is open. Of the others the open work, which
 * the context holds, is all that counts.
 */
const withEndedWork = (flags: readonly (FlagNow & { version: number })[], open: readonly OpenWork[]): string[] =>
  flags.flatMap(({ flagId, flag }) => {
    const calls = flag.status === 'active' && priorityOf(flag) !== 'PN';
    return calls && !open.some((work) => work.flag === flagId) ? [flagId] : [];
  });

interface Item {
  stored: { id: string; version: number; content: string };
  task: Task;
}

const itemsOf = (held: readonly Item['stored'][]): Item[] =>
  held.map((stored) => ({ stored, task: JSON.parse(stored.content) as Task })).filter(isOurs);

const isOurs = ({ task }: { task: Task }): boolean => isWorkItem(task) && identityOf(task) !== undefined;

function flagNow(
  { event, reference, flag }: Changes['flags'][number],
  facts: WorkFacts,
): FlagNow & { version: number } {
  const [, flagId = '', , version] = reference.split('/');
  const before = facts.ledger.find((row) => row.flagId === flagId);
  const now = facts.written.find((row) => row.flagId === flagId);
  const rose = before && now ? rise(before.signature, now.signature) : undefined;
  const isExcused = now !== undefined && isExpectedNow(now.term, facts.steps);
  return {
    flagId,
    flag,
    version: Number(version),
    opens: before?.status !== 'active',
    rises: event === 'not-evaluated' || rose?.priority === true || (rose?.grade === true && !isExcused),
  };
}

/**
 * Flags of terms of which the last report says more, or may say more, than a clinician expects at its moment: the work on them does not sleep on, though
 * they may be no worse than they were.
 */
function exceededFlags({ steps, written, ledger }: WorkFacts): Set<string> {
  const last = new Map(steps.flatMap((step) => (step.tick ? [] : [[step.term, step] as const])));
  const exceeded = [...last.values()].filter(({ told, finding, at }) => {
    const isTold = told?.expected && at <= told.expected.until && finding.outcome.kind !== 'not-gradable';
    return isTold && !isExpected(told.expected, finding, at);
  });
  return new Set(
    exceeded.flatMap(({ term }) => {
      const row = [...written, ...ledger].find((one) => one.term === term && one.status === 'active');
      return row ? [row.flagId] : [];
    }),
  );
}

/** Whether the last report of a term says no more than a clinician expected of it. */
function isExpectedNow(term: string, steps: readonly TermStep[]): boolean {
  const last = steps.findLast((step) => step.term === term);
  return last !== undefined && isExpected(last.told?.expected, last.finding, last.at);
}

/** Of each policy action that the Flag was last decided by and that calls a person; none where no policy decided. */
function timesToRespond(snapshot: Snapshot, { flag }: FlagNow, site: Site): RespondWithin[] {
  const times = decidedBy(flag).flatMap(({ policy, action }) => {
    const found = snapshot.policy(policy)?.actions.find(({ id }) => id === action);
    return found?.priority === 'PN' ? [] : [found?.respondWithin ?? site.respondWithin];
  });
  return [...new Set(times)];
}
