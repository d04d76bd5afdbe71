import type { Extension, Flag } from '@medplum/fhirtypes';
import type { Priority } from '../rules/episode.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import { priorityOf } from '../rules/resources/flag.ts';
import { pagesOf, type Service } from './service.ts';

/** What the Flags of some patients would have asked of the people who look at them. */
export interface AlertLoad {
  /** Flags that were ever opened, those opened in error too. */
  flags: number;
  open: number;
  retracted: number;
  /** Versions of Flags that raised the priority. */
  raised: number;
  /** Sources after which a Flag was opened or raised, as `Type/id`, each once: what asked for a look. */
  alerting: ReadonlySet<string>;
  /** Flags by the policy that opened them, `url|version`; one that two policies opened counts for both. */
  policies: ReadonlyMap<string, Readonly<Record<Priority, number>>>;
  /** The same by the action, as `url|version#action`. */
  actions: ReadonlyMap<string, number>;
}

const NONE: Readonly<Record<Priority, number>> = { PH: 0, PM: 0, PL: 0, PN: 0 };
const RANK: readonly Priority[] = ['PN', 'PL', 'PM', 'PH'];

/** Reads every Flag of these patients with its history, `connections` at a time. */
export async function alertLoad(
  service: Service,
  base: string,
  patients: readonly string[],
  connections = 16,
): Promise<AlertLoad> {
  const load = {
    flags: 0,
    open: 0,
    retracted: 0,
    raised: 0,
    alerting: new Set<string>(),
    policies: new Map<string, Record<Priority, number>>(),
    actions: new Map<string, number>(),
  };
  const waiting = [...patients];
  const work = async (): Promise<void> => {
    for (let patient = waiting.pop(); patient !== undefined; patient = waiting.pop()) {
      for await (const { id } of pagesOf<Flag>(service, base, `Flag?patient=${patient}&_count=200`)) {
        const versions: Flag[] = [];
        for await (const version of pagesOf<Flag>(service, base, `Flag/${id}/_history?_count=200`))
          versions.push(version);
        countFlag(load, versions.reverse());
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return load;
}

type Counting = { -readonly [Key in Exclude<keyof AlertLoad, 'policies' | 'actions'>]: AlertLoad[Key] } & {
  alerting: Set<string>;
  policies: Map<string, Record<Priority, number>>;
  actions: Map<string, number>;
};

/** Versions from the first to the present one. */
function countFlag(load: Counting, versions: readonly Flag[]): void {
  const [first, last] = [versions[0], versions.at(-1)];
  if (!first || !last) return;
  load.flags += 1;
  if (last.status === 'active') load.open += 1;
  if (last.status === 'entered-in-error') load.retracted += 1;
  const priority = priorityOf(first) ?? 'PN';
  const openers = openersOf(first);
  for (const { policy, action } of openers) {
    const key = `${policy}#${action}`;
    load.actions.set(key, (load.actions.get(key) ?? 0) + 1);
  }
  for (const policy of new Set(openers.map(({ policy }) => policy))) {
    const counts = load.policies.get(policy) ?? { ...NONE };
    counts[priority] += 1;
    load.policies.set(policy, counts);
  }
  const opening = sourcesOf(first)[0];
  if (opening) load.alerting.add(opening);
  for (const [index, version] of versions.entries()) {
    const before = versions[index - 1];
    if (!before || version.status !== 'active' || rank(version) <= rank(before)) continue;
    load.raised += 1;
    const latest = sourcesOf(version).at(-1);
    if (latest) load.alerting.add(latest);
  }
}

const rank = (flag: Flag): number => RANK.indexOf(priorityOf(flag) ?? 'PN');

/** What was reported: the opening one first, the latest last. Observations that we derived from them come after, and are left out. */
function sourcesOf({ extension = [] }: Flag): string[] {
  const references = extension
    .filter(({ url }) => url === EXTENSION.flagDetail)
    .flatMap(({ valueReference }) => valueReference?.reference ?? []);
  const responses = references.filter((reference) => reference.startsWith('QuestionnaireResponse/'));
  return responses.length > 0 ? responses : references.slice(0, 1);
}

/** The actions that opened a Flag; a Flag of something that could not be evaluated has none. */
function openersOf({ extension = [] }: Flag): { policy: string; action: string }[] {
  const finding = extension.find(({ url }) => url === EXTENSION.gradedFinding)?.extension ?? [];
  const named = finding.filter(({ url }) => url === 'opened-by').map(openerOf);
  return named.length > 0 ? named : [{ policy: 'no policy', action: '' }];
}

const openerOf = ({ extension = [] }: Extension): { policy: string; action: string } => ({
  policy: extension.find(({ url }) => url === 'policy')?.valueCanonical ?? 'no policy',
  action: extension.find(({ url }) => url === 'action')?.valueString ?? '',
});
