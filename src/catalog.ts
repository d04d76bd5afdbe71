import type { CodeSystem, PlanDefinition, Questionnaire, ValueSet } from '@medplum/fhirtypes';
import { splitCanonical, TAG } from './fhir/canonical.ts';
import type { Compartment } from './fhir/compartment.ts';
import type { Profiles } from './fhir/profile.ts';
import { type CompiledQuestionnaire, compileQuestionnaire, type Terminology } from './fhir/questionnaire.ts';
import { type Holdings, holdingsOf } from './fhir/terminology/holdings.ts';
import { buildTerminology } from './fhir/terminology.ts';
import { HeldProfiles } from './held-profiles.ts';
import { HeldResources } from './held-resources.ts';
import { canonicalJson, sha256 } from './rules/canonical-json.ts';
import { gradingOf } from './rules/grade.ts';
import type { FormGrading } from './rules/gradings/grading.ts';
import { compilePolicy, isPolicy, type Policy } from './rules/policy.ts';
import { catalogGeneration } from './store/catalog.ts';
import type { Database } from './store/database.ts';

/** A Questionnaire, compiled once, and its grading. */
export interface Form {
  /** `Questionnaire/id/_history/n`: what a Provenance pins. */
  reference: string;
  canonical: string;
  /** SHA-256 of its canonical JSON without id and meta. */
  digest: string;
  /** SHA-256 of what it asks; see askedOf. */
  asked: string;
  compiled: CompiledQuestionnaire;
  grade: FormGrading;
  /** Tagged: our short labels stand where NCI's wording should. */
  unvalidatedWording: boolean;
}

/** What conformance resources say at one moment; all of it from one generation of the catalog. */
export interface Snapshot {
  generation: string;
  terminology: Terminology;
  /** What resources that claim a profile, and extensions, are checked by. */
  profiles: Profiles;
  /** What the terminology operations answer from; an unversioned url means its newest active version there. */
  holdings: Holdings;
  /** The newest active version of each policy: what a report that comes in now is judged by. */
  policies: readonly Policy[];
  /** Active policies, `url|version`, that this engine cannot compile: no report can be evaluated until they are mended or retired. */
  broken: readonly string[];
  /** A released policy by `url|version`, retired ones too: what an earlier report was judged by. Undefined when it is not held, or cannot be compiled. */
  policy(canonical: string): Policy | undefined;
  /** The form of a canonical: with a version that very one, else the newest active one. Undefined when it is not held. */
  form(canonical: string): Form | undefined;
  /** The form of a url, whatever its version and status: the newest active one, else the newest. Undefined when none is held. */
  newestForm(url: string): Form | undefined;
  /** A reference to a form of a url, whatever its version and status: the newest active one, else the newest. Undefined when none is held. */
  anyForm(url: string): string | undefined;
  /** Forms whose options would be others, had a CodeSystem or ValueSet another content, or were it gone. */
  changedBy(id: string, replacement: CodeSystem | ValueSet | undefined): readonly Questionnaire[];
  /** Versions that are held of a url, to say so in a refusal. */
  versionsOf(url: string): readonly string[];
}

/**
 * Compiled Questionnaires, active policies and terminology. Each write of a conformance resource raises a number in the
 * database; whoever reads that number with its other facts knows whether what is compiled here is still current, so
 * a new version is live in every process at once.
 */
export class Catalog {
  readonly #db: Database;
  readonly #snapshots = new Map<number, Promise<Snapshot>>();
  readonly #profiles: HeldProfiles;
  readonly #resources: HeldResources;
  readonly #loaded = new Map<number, Snapshot>();
  readonly #outer: Catalog | undefined;

  /**
   * `outer` is the catalog outside of the transaction that `db` is bound to: what it has loaded serves inside as well, as long as the
   * transaction has changed nothing; what is loaded inside is never seen outside.
   */
  constructor(db: Database, outer?: Catalog) {
    this.#db = db;
    this.#outer = outer;
    this.#profiles = new HeldProfiles(outer === undefined ? undefined : outer.#profiles);
    this.#resources = new HeldResources(outer === undefined ? undefined : outer.#resources);
  }

  /** What was loaded last, without asking whether it is still current; undefined before anything was. */
  loaded({ tenant }: Pick<Compartment, 'tenant'>): Snapshot | undefined {
    return this.#loaded.get(tenant) ?? this.#outer?.loaded({ tenant });
  }

  /** The snapshot of `generation`, or of the present one when none is given. */
  async at(within: Compartment, generation?: string): Promise<Snapshot> {
    const wanted = generation ?? (await catalogGeneration(this.#db, within));
    // Nobody waits inside a transaction for a connection that another one may hold.
    const outside = this.#outer === undefined ? undefined : this.#outer.#loaded.get(within.tenant);
    if (outside && BigInt(outside.generation) >= BigInt(wanted)) return outside;
    // Of many that find it out of date at once, one loads and the others wait for that.
    for (let held = this.#snapshots.get(within.tenant); held; ) {
      const snapshot = await held.catch(() => undefined);
      if (snapshot && BigInt(snapshot.generation) >= BigInt(wanted)) return snapshot;
      const now = this.#snapshots.get(within.tenant);
      if (now === held) break;
      held = now;
    }
    const loading = load(this.#db, within, this.#resources, this.#profiles);
    this.#snapshots.set(within.tenant, loading);
    const snapshot = await loading;
    if (this.#snapshots.get(within.tenant) === loading) this.#loaded.set(within.tenant, snapshot);
    return snapshot;
  }
}

async function load(
  db: Database,
  within: Compartment,
  resources: HeldResources,
  definitions: HeldProfiles,
): Promise<Snapshot> {
  // The number is read first: what changes while the rest is read makes this snapshot old, never wrongly new.
  const generation = await catalogGeneration(db, within);
  const [codes, sets, conceptMaps, plans, questionnaires, profiles] = await Promise.all([
    resources.load(db, within, 'CodeSystem'),
    resources.load(db, within, 'ValueSet'),
    resources.load(db, within, 'ConceptMap'),
    resources.load(db, within, 'PlanDefinition'),
    resources.load(db, within, 'Questionnaire'),
    definitions.load(db, within),
  ]);
  const terminology = buildTerminology(codes, sets);
  const holdings = lazily(() =>
    holdingsOf([...codes].sort(activeFirst), [...sets].sort(activeFirst), [...conceptMaps].sort(activeFirst)),
  );
  const byUrl = new Map<string, Questionnaire[]>();
  for (const questionnaire of questionnaires) {
    if (questionnaire.url === undefined) continue;
    byUrl.set(questionnaire.url, [...(byUrl.get(questionnaire.url) ?? []), questionnaire]);
  }
  for (const versions of byUrl.values()) versions.sort((a, b) => compareVersions(b, a));
  const forms = new Map<Questionnaire, Form>();
  const compiledOnce = (questionnaire: Questionnaire): Form => {
    const form = forms.get(questionnaire) ?? formOf(questionnaire, terminology);
    forms.set(questionnaire, form);
    return form;
  };
  const newest = (url: string): Questionnaire | undefined => [...(byUrl.get(url) ?? [])].sort(activeFirst)[0];
  const released = plans.filter((plan) => plan.status !== 'draft' && plan.url !== undefined && isPolicy(plan));
  const active = newestActive(released).map((plan) => ({
    canonical: `${plan.url}|${plan.version}`,
    policy: attempt(() => policyOf(plan)),
  }));
  const sound = active.flatMap(({ policy }) => policy ?? []);
  return {
    generation,
    terminology,
    profiles,
    get holdings() {
      return holdings();
    },
    policies: sound.sort((a, b) => (a.canonical < b.canonical ? -1 : 1)),
    broken: active.filter(({ policy }) => !policy).map(({ canonical }) => canonical),
    changedBy(id, replacement) {
      const other = buildTerminology(replaced(codes, id, replacement), replaced(sets, id, replacement));
      return [...byUrl.values()].flat().filter((form) => optionsOf(form, terminology) !== optionsOf(form, other));
    },
    policy(canonical) {
      const plan = released.find(({ url, version }) => `${url}|${version}` === canonical);
      return plan && attempt(() => policyOf(plan));
    },
    form(canonical) {
      const { url, version } = splitCanonical(canonical);
      const found = byUrl
        .get(url)
        ?.find((candidate) => (version === undefined ? candidate.status === 'active' : candidate.version === version));
      return found && compiledOnce(found);
    },
    newestForm(url) {
      const found = newest(url);
      return found && compiledOnce(found);
    },
    anyForm(url) {
      const found = newest(url);
      return found && `Questionnaire/${found.id}`;
    },
    versionsOf: (url) => byUrl.get(url)?.map(({ version, status }) => `${version ?? 'no version'} (${status})`) ?? [],
  };
}

/** A Questionnaire of any version, compiled. */
export function formOf(questionnaire: Questionnaire, terminology: Terminology): Form {
  const compiled = compileQuestionnaire(questionnaire, terminology);
  const { id, meta, ...content } = questionnaire;
  return {
    reference: `Questionnaire/${id}/_history/${meta?.versionId}`,
    canonical: questionnaire.version ? `${questionnaire.url}|${questionnaire.version}` : (questionnaire.url ?? ''),
    digest: sha256(canonicalJson(content)),
    asked: askedOf(questionnaire),
    compiled,
    // Prepared at the first response, inside the guard that keeps a response whose form cannot be graded.
    grade: (states) => gradingOf(compiled)(states),
    unvalidatedWording:
      meta?.tag?.some(({ system, code }) => system === TAG && code === 'unvalidated-wording') === true,
  };
}

/** SHA-256 of the part of a form that patients answer: its items, and the value sets that it holds itself. */
export const askedOf = ({ item, contained }: Questionnaire): string => sha256(canonicalJson({ contained, item }));

/** Compiled once: the plan is the same object in every later snapshot, and to parse its expressions takes longer than all else here. */
function policyOf(plan: PlanDefinition): Policy {
  const policy = POLICIES.get(plan) ?? compilePolicy(plan);
  POLICIES.set(plan, policy);
  return policy;
}

const POLICIES = new WeakMap<PlanDefinition, Policy>();

/** A policy of an earlier release may not compile today: that is told, and stops nothing else. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function replaced<R extends CodeSystem | ValueSet>(
  list: readonly R[],
  id: string,
  replacement: CodeSystem | ValueSet | undefined,
): R[] {
  return list.flatMap((one) => {
    if (one.id !== id) return [one];
    return replacement?.resourceType === one.resourceType ? [replacement as R] : []; // of the same type, so of R
  });
}

/** What may be answered, and what each answer stands for, as one text. */
function optionsOf(questionnaire: Questionnaire, terminology: Terminology): string {
  const { items } = compileQuestionnaire(questionnaire, terminology);
  return JSON.stringify(
    [...items.values()].map(({ linkId, options }) => [
      linkId,
      options?.map(({ system, code, integer, text, ordinal }) => [system, code, integer, text, ordinal]),
    ]),
  );
}

/** What is made when it is first asked for, and kept. */
function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What is in use goes before drafts and what is retired, then the newer one. */
function activeFirst(a: Dated & { status?: string }, b: Dated & { status?: string }): number {
  return Number(b.status === 'active') - Number(a.status === 'active') || compareVersions(b, a);
}

/** Of each url the newest active version. */
function newestActive(plans: readonly PlanDefinition[]): PlanDefinition[] {
  const newest = new Map<string, PlanDefinition>();
  for (const plan of plans) {
    const held = newest.get(plan.url ?? '');
    if (plan.status === 'active' && (!held || compareVersions(plan, held) > 0)) newest.set(plan.url ?? '', plan);
  }
  return [...newest.values()];
}

/** Newer is the greater version (numbers within it compared as numbers), then the later date, then the later change. */
function compareVersions(a: Dated, b: Dated): number {
  return (
    (a.version ?? '').localeCompare(b.version ?? '', 'en', { numeric: true }) ||
    (a.date ?? '').localeCompare(b.date ?? '', 'en') ||
    (a.meta?.lastUpdated ?? '').localeCompare(b.meta?.lastUpdated ?? '', 'en')
  );
}

type Dated = Pick<Questionnaire, 'version' | 'date' | 'meta'>;
