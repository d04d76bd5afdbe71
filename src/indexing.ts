import type { SearchParameter } from '@medplum/fhirtypes';
import type { Logger } from 'pino';
import { type Compartment, everyone } from './fhir/compartment.ts';
import { searchParametersOf } from './fhir/definitions.ts';
import { RESOURCES, type ResourceSpec } from './fhir/resources.ts';
import {
  type PostedParam,
  type SearchRegistry,
  searchRegistry,
  speaksOf,
  whyNotIndexed,
} from './fhir/search-parameters.ts';
import { Rounds } from './rounds.ts';
import { catalogGeneration, currentOfType } from './store/catalog.ts';
import type { Database } from './store/database.ts';
import { indexRow } from './store/index-rows.ts';
import {
  completeReindex,
  countOutdated,
  noteReindex,
  outdated,
  type Reindex,
  reindexes,
  releaseReindex,
  rewriteIndex,
  takeReindex,
} from './store/reindex.ts';
import type { IndexTable } from './store/write.ts';

/** How far a posted SearchParameter is. */
export interface Progress {
  /** `pending`: what was there before is being indexed, and it may not be searched by yet. */
  status: 'not-indexed' | 'pending' | 'complete';
  /** Why it is not indexed. */
  reason?: string;
  /** Current resources of its types, and how many of them are indexed by it. */
  total: number;
  indexed: number;
}

const EVERY_MILLIS = 1000;
/** Longer than a process takes to hear of a change. */
const GRACE_SECONDS = 3;
const LEASE_SECONDS = 60;
const PAGE = 200;
/** How far back those are looked for who wrote with an old registry after all. */
const LATE_SECONDS = 600;
const HIGHEST_BIT = 62;

/**
 * The search parameters of this process: those of R4, ours, and the active ones that were posted. It hears of changes by the generation of
 * the catalog, and indexes what was there before a posted parameter: any process does that work, page by page, and what is still to do
 * stands in each resource's own row, so that nothing is lost when a process ends.
 */
export class Indexing {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #baseUrl: string;
  readonly #within: Compartment = everyone();
  readonly #ours: readonly SearchParameter[];
  readonly #shipped: ReadonlySet<string>;
  #registry: SearchRegistry;
  #posted: readonly Posted[] = [];
  readonly #rounds: Rounds;

  constructor(options: { db: Database; log: Logger; baseUrl: string; ours: readonly SearchParameter[] }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#rounds = new Rounds(options.log, EVERY_MILLIS);
    this.#baseUrl = options.baseUrl;
    this.#ours = options.ours;
    this.#shipped = new Set(options.ours.map(({ url }) => url ?? ''));
    this.#registry = searchRegistry(searchParametersOf, options.ours);
  }

  /** The parameters as of the last refresh. */
  get registry(): SearchRegistry {
    return this.#registry;
  }

  /** Hears of changes, and does what there is to do; then again each second, until `stop`. */
  start(): void {
    // Also where another process was faster the next round tries again.
    this.#rounds.start(async () => {
      await this.refresh();
      await this.work();
    }, 'indexing is interrupted');
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Reads the posted parameters again when the catalog has changed since. */
  async refresh(): Promise<void> {
    const generation = BigInt(await catalogGeneration(this.#db, this.#within));
    if (generation === this.#registry.generation) return;
    const active = (await currentOfType(this.#db, this.#within, 'SearchParameter'))
      .map((text): SearchParameter => JSON.parse(text))
      .filter((one) => one.status === 'active' && !this.#shipped.has(one.url ?? ''));
    const own = searchRegistry(searchParametersOf, this.#ours);
    const sound = active.filter((one) => whyNotIndexed(own, one) === undefined);
    const noted = await this.#note(sound);
    const posted = sound.flatMap((definition): Posted[] => {
      const state = noted.find(({ id }) => id === definition.id);
      return state ? [{ definition, bit: state.bit, complete: state.complete, state }] : [];
    });
    // Of several with the same code for one type the oldest has it.
    this.#posted = posted.filter(
      ({ definition }, at) => !posted.slice(0, at).some((one) => areRivals(one.definition, definition)),
    );
    this.#registry = searchRegistry(searchParametersOf, this.#ours, { params: this.#posted, generation });
  }

  /** Indexes what is not, of every parameter that is not complete; and what was written late with an old registry. */
  async work(options: { graceSeconds?: number } = {}): Promise<void> {
    for (const { definition, state } of this.#posted) {
      if (this.#rounds.stopped) return;
      if (!state.complete) await this.#complete(definition, state, options.graceSeconds ?? GRACE_SECONDS);
      else await this.#index(definition, state, LATE_SECONDS);
    }
  }

  /** How far a SearchParameter is; `not-indexed` for one that is not active, not walked here, or not heard of yet. */
  async progress(definition: SearchParameter): Promise<Progress> {
    const types = typesOf(definition).map(({ type }) => type);
    const [state] = (await reindexes(this.#db, this.#within)).filter(
      ({ id, version }) => id === definition.id && String(version) === definition.meta?.versionId,
    );
    if (definition.status !== 'active') return notIndexed('its status is not active');
    if (this.#shipped.has(definition.url ?? '')) {
      const { total } = await countOutdated(this.#db, this.#within, types, 0n);
      return { status: 'complete', total, indexed: total };
    }
    const why = whyNotIndexed(searchRegistry(searchParametersOf, this.#ours), definition);
    if (why !== undefined) return notIndexed(why);
    const { total, remaining } = await countOutdated(this.#db, this.#within, types, state?.since ?? NEVER);
    return { status: state?.complete ? 'complete' : 'pending', total, indexed: total - remaining };
  }

  /** Every version of a posted parameter is noted once, by whoever hears of it first. */
  async #note(params: readonly SearchParameter[]): Promise<Reindex[]> {
    const before = await reindexes(this.#db, this.#within);
    const isNoted = ({ id, meta }: SearchParameter): boolean =>
      before.some((one) => one.id === id && one.version >= Number(meta?.versionId));
    const fresh = params.filter((one) => !isNoted(one));
    for (const { id = '', meta } of fresh) {
      await noteReindex(this.#db, this.#within, { id, version: Number(meta?.versionId), highest: HIGHEST_BIT });
    }
    return fresh.length === 0 ? before : reindexes(this.#db, this.#within);
  }

  async #complete(definition: SearchParameter, state: Reindex, graceSeconds: number): Promise<void> {
    if (!(await takeReindex(this.#db, this.#within, state.id, LEASE_SECONDS))) return;
    try {
      await this.#index(definition, state);
      const types = typesOf(definition).map(({ type }) => type);
      if (!(await completeReindex(this.#db, this.#within, state, types, graceSeconds))) return;
      this.#log.info({ searchParameter: state.id }, 'a posted search parameter is complete');
      await this.refresh();
    } finally {
      await releaseReindex(this.#db, this.#within, state.id);
    }
  }

  async #index(definition: SearchParameter, state: Reindex, changedSeconds?: number): Promise<void> {
    // What this registry indexes would be found again at once.
    if ((this.#registry.generation ?? 0n) < state.since) return;
    const started = Date.now();
    for (const spec of typesOf(definition)) {
      for (let after = ''; !this.#rounds.stopped; ) {
        const page = await outdated(this.#db, this.#within, spec.type, state.since, {
          after,
          limit: PAGE,
          ...(changedSeconds === undefined ? {} : { changedSeconds }),
        });
        if (page.length > 0) await this.#rewrite(spec, page);
        after = page.at(-1)?.id ?? '';
        if (page.length < PAGE) break;
        // Another process takes over what takes longer than the lease; here it goes on at the next turn.
        if (Date.now() - started > (LEASE_SECONDS * 1000) / 2) return;
      }
    }
  }

  async #rewrite(spec: ResourceSpec, page: Awaited<ReturnType<typeof outdated>>): Promise<void> {
    const registry = this.#registry;
    const params = this.#posted.filter(({ definition }) => speaksOf(definition, spec.type));
    const tables = new Set(params.flatMap(({ definition }) => TABLE[definition.type ?? ''] ?? []));
    const rows = page.map((at) => ({
      at,
      index: indexRow(registry, spec, this.#within.tenant, JSON.parse(at.content), {
        baseUrl: this.#baseUrl,
        ...(at.patient === null ? {} : { patient: at.patient }),
      }),
    }));
    await rewriteIndex(this.#db, this.#within, rows, {
      params: params.map(({ definition }) => definition.code ?? ''),
      tables: [...tables],
    });
  }
}

interface Posted extends PostedParam {
  state: Reindex;
}

/** Beyond any generation: nothing is indexed by a parameter that nobody has heard of. */
const NEVER = 9223372036854775807n;

const notIndexed = (reason: string): Progress => ({ status: 'not-indexed', reason, total: 0, indexed: 0 });

const typesOf = (definition: SearchParameter): ResourceSpec[] =>
  RESOURCES.filter(({ type }) => speaksOf(definition, type));

const areRivals = (one: SearchParameter, other: SearchParameter): boolean =>
  one.code === other.code && typesOf(one).some(({ type }) => speaksOf(other, type));

/** Where the values of a kind of parameter are, beside tokens. */
const TABLE: Readonly<Record<string, IndexTable>> = {
  date: 'index_date',
  number: 'index_number',
  quantity: 'index_number',
  string: 'index_string',
  uri: 'index_string',
};
