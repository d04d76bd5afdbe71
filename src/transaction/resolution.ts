import { criteriaOf, onlyMatch } from '../conditional.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { drawShard, newId } from '../fhir/ids.ts';
import { resourceSpec } from '../fhir/resources.ts';
import type { ReceivedText } from '../fhir/text.ts';
import { shardOfId } from '../store/resources.ts';
import type { BundleEntry } from './entries.ts';
import type { Identities } from './identities.ts';
import { type Link, relink } from './links.ts';
import type { Prepared, Work } from './prepared.ts';
import { conditionalReference, entryOf, isPlaceholder } from './references.ts';
import { ofEntry } from './refusal.ts';
import type { Request } from './requests.ts';

type Pending = Prepared<Extract<Request, { kind: 'create' | 'update' }>>;

/**
 * Which resource each link of a Bundle means: ids are assigned before anything is written, so that entries may refer to each other in
 * circles; conditional references are looked up as late as that is possible, so that they find what the Bundle itself writes.
 */
export class Resolution {
  readonly #work: Work;
  readonly #identities: Identities;
  /** Conditional references that have been looked up. */
  readonly #found = new Map<string, string>();
  readonly #creators = new Map<string, BundleEntry>();
  /** Conditional creates that ask for the same as an earlier one. */
  readonly twins = new Map<BundleEntry, BundleEntry>();

  constructor(work: Work, identities: Identities) {
    this.#work = work;
    this.#identities = identities;
  }

  /** A conditional create that found nothing, by the key of its criteria: the first one of them writes. */
  once(entry: BundleEntry, key: string): void {
    const first = this.#creators.get(key);
    if (first) this.twins.set(entry, first);
    else this.#creators.set(key, entry);
  }

  /** `Type/id` of what a link in an entry means; undefined for what is no matter of this Bundle. */
  identityOf(beside: BundleEntry, link: string): string | undefined {
    const entry = entryOf(link, beside, this.#work.named);
    if (entry) return this.#identities.of(this.twins.get(entry) ?? entry);
    return this.#found.get(link);
  }

  /**
   * Those of `pending` that can be written now, in their order; there is at least one. Throws FhirError 412 for a conditional reference
   * that means no resource or several. An entry waits while one that is not written yet may be what its conditional reference means;
   * where entries wait for each other, what is there already has to do.
   */
  async advance<T extends Pending>(pending: readonly T[]): Promise<T[]> {
    for (const forced of [false, true]) {
      await this.#lookUp(pending, forced);
      this.#assign(pending);
      const ready = pending.filter((one) => this.#isReady(one, pending));
      if (ready.length > 0) return ready;
    }
    throw new Error('no entry of a transaction can be written');
  }

  /** `Patient/id` of the patient whose data a resource is, or what names them, as far as it is known; undefined where it is nobody's. */
  patientOf({ request, owner }: Pick<Pending, 'request' | 'owner'>): string | undefined {
    if (!owner) return undefined;
    const identity = this.identityOf(request.entry, owner.reference);
    return identity ?? (owner.id === undefined ? owner.reference : `Patient/${owner.id}`);
  }

  /** The resource with the links of this server. Throws FhirError 400 for a reference to an entry that there is not. */
  relink(entry: BundleEntry, received: ReceivedText, links: readonly Link[]): ReceivedText {
    return relink(received, links, ({ kind, value, path }) => {
      const identity = this.identityOf(entry, value);
      if (identity === undefined && kind === 'reference' && isPlaceholder(value)) {
        throw new FhirError([
          fault('value', `${path}: no entry of this Bundle that writes a resource has this fullUrl`, path),
        ]);
      }
      return identity;
    });
  }

  async #lookUp(pending: readonly Pending[], forced: boolean): Promise<void> {
    const waiting = new Map<string, number>();
    for (const { request } of pending) waiting.set(request.spec.type, (waiting.get(request.spec.type) ?? 0) + 1);
    for (const { request, conditions } of pending) {
      for (const { text, path, type, criteria } of conditions) {
        const others = (waiting.get(type) ?? 0) - (request.spec.type === type ? 1 : 0);
        if (this.#found.has(text) || (others > 0 && !forced)) continue;
        try {
          this.#found.set(text, await this.#match(type, criteria, path));
        } catch (error) {
          throw ofEntry(request.entry, error);
        }
      }
    }
  }

  async #match(type: string, text: string, path: string): Promise<string> {
    const { deps, within } = this.#work;
    const spec = resourceSpec(type);
    if (!spec) throw new FhirError([fault('value', `${path}: resource type ${type} is not served here`, path)]);
    const hit = await saidOf(path, () => onlyMatch(deps, within, criteriaOf(deps, spec, text, path)));
    if (hit) return `${type}/${hit.id}`;
    throw new FhirError([fault('not-found', `${path}: no ${type} matches the conditional reference`, path)], {
      status: 412,
    });
  }

  /** Ids for those that are new, each in the shard of its patient, who therefore has to be known. */
  #assign(pending: readonly Pending[]): void {
    const { deps } = this.#work;
    for (const one of pending) {
      const { entry, spec } = one.request;
      if (this.#identities.of(entry) !== undefined || this.twins.has(entry)) continue;
      const patient = this.patientOf(one);
      if (patient !== undefined && conditionalReference(patient, deps.baseUrl)) continue;
      const id = patient?.startsWith('Patient/') ? patient.slice('Patient/'.length) : undefined;
      const shard = id === undefined ? drawShard() : shardOfId(id);
      this.#identities.changes(entry, `${spec.type}/${newId(shard, deps.now().getTime())}`);
    }
  }

  #isReady({ request, links, conditions }: Pending, pending: readonly Pending[]): boolean {
    const known = (entry: BundleEntry): boolean =>
      this.#identities.of(this.twins.get(entry) ?? entry) !== undefined ||
      !pending.some((other) => other.request.entry === entry);
    if (!known(request.entry)) return false;
    if (conditions.some(({ text }) => !this.#found.has(text))) return false;
    return links.every(({ value }) => {
      const entry = entryOf(value, request.entry, this.#work.named);
      return entry === undefined || known(entry);
    });
  }
}

/** What a search is refused for is said of the reference that it stands in. */
async function saidOf<T>(path: string, match: () => Promise<T>): Promise<T> {
  try {
    return await match();
  } catch (error) {
    if (!(error instanceof FhirError) || error.status >= 500) throw error;
    const [first, ...more] = error.issues.map((issue) => ({ ...issue, expression: path }));
    throw first ? new FhirError([first, ...more], { status: error.status }) : error;
  }
}
