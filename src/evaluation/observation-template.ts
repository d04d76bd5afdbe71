import type { Coding } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import { type ResourceSpec, resourceSpec } from '../fhir/resources.ts';
import { intervalOf, keysOf, type SearchRegistry } from '../fhir/search-parameters.ts';
import { spliceOwn } from '../fhir/text.ts';
import type { Finding } from '../rules/finding.ts';
import { packFinding } from '../rules/finding-packed.ts';
import { type ObservationContext, observationOf, recallStart } from '../rules/resources/observation.ts';
import { compartmentsOf, indexed, indexRow, instant } from '../store/index-rows.ts';
import { compartmentToken, token } from '../store/tokens.ts';
import type { IndexRow, NewVersion } from '../store/write.ts';

/** Whose Observations they are, of when, and from what: all in which Observations of the same answers differ, but their own ids. */
export interface Particulars {
  shard: number;
  /** Ids. */
  patient: string;
  response: string;
  /** Symptom time as FHIR writes it. */
  end: string;
  issued: string;
  /** Reference to who answered, where the response says so. */
  performer?: string;
}

/** What Observations of the same answers share. */
export interface Shared {
  finding: Finding;
  status: ObservationContext['status'];
  tags: readonly Coding[];
}

/** Gives the version of one Observation of a response. */
export type MakeVersion = (shared: Shared, id: string, version: number) => NewVersion;

/**
 * Makes the versions of a response's Observations. Patients give the same few answers again and again, so an Observation is built,
 * serialised and indexed once for each finding, and the particulars are put into its text. Measured: building each anew was a third of
 * the service's work on a response.
 */
export function observationMaker(deps: Deps, tenant: number, particulars: Particulars): MakeVersion {
  const withPerformer = particulars.performer !== undefined;
  const filling = fillingOf(deps, tenant, particulars);
  // Another registry indexes otherwise.
  const held = templates.get(deps.registry) ?? new Map<string, Template>();
  templates.set(deps.registry, held);
  return (shared, id, version) => {
    const { finding, status, tags } = shared;
    const key = JSON.stringify([tenant, finding.version, packFinding(finding), status, tags.length, withPerformer]);
    let template = held.get(key);
    if (!template) {
      template = makeTemplate(deps, tenant, shared, withPerformer);
      if (held.size >= MOST_TEMPLATES) held.clear();
      held.set(key, template);
    }
    return fill(template, filling, id, version);
  };
}

/** Built from scratch: what a filled template must be equal to. */
export function builtVersion(
  deps: Deps,
  tenant: number,
  shared: Shared,
  particulars: Particulars,
  id: string,
  version: number,
): NewVersion {
  const { shard, patient } = particulars;
  const observation = observationOf(shared.finding, {
    patient: `Patient/${patient}`,
    source: `QuestionnaireResponse/${particulars.response}`,
    device: deps.engine.device,
    effective: { end: particulars.end },
    status: shared.status,
    issued: particulars.issued,
    ...(particulars.performer === undefined ? {} : { performer: particulars.performer }),
    tags: shared.tags,
    labels: deps.labels,
    language: deps.language,
  });
  return {
    type: 'Observation',
    id,
    shard,
    version,
    ...spliceOwn(observation, { id, versionId: String(version) }),
    derived: true,
    index: indexRow(deps.registry, specOfObservation(), tenant, observation, { baseUrl: deps.baseUrl, patient }),
  };
}

interface Template {
  head: Text;
  tail: Text;
  /** What is searched; of the tokens those that do not depend on the particulars. */
  index: IndexRow;
}

/** Literal text, and between each two of its parts the particular that belongs there. */
interface Text {
  parts: readonly string[];
  slots: readonly Slot[];
}

type Slot = 'id' | 'version' | 'patient' | 'response' | 'start' | 'end' | 'issued' | 'performer';

/** What stands for each particular in a template: no text of ours holds them. */
const MARKS: Readonly<Record<Exclude<Slot, 'start'>, string>> = {
  id: 'template-id',
  version: '987654321',
  patient: 'template-patient',
  response: 'template-response',
  end: '0001-03-09T00:00:00.002Z',
  issued: '0001-03-09T00:00:00.003Z',
  performer: 'template-performer',
};

const MOST_TEMPLATES = 2000;
const templates = new WeakMap<SearchRegistry, Map<string, Template>>();

function makeTemplate(deps: Deps, tenant: number, shared: Shared, withPerformer: boolean): Template {
  const particulars: Particulars = {
    shard: 0,
    patient: MARKS.patient,
    response: MARKS.response,
    end: MARKS.end,
    issued: MARKS.issued,
    ...(withPerformer ? { performer: MARKS.performer } : {}),
  };
  const { head, tail, index } = builtVersion(deps, tenant, shared, particulars, MARKS.id, Number(MARKS.version));
  const particular = new Set(particularTokens(deps, tenant, particulars));
  return {
    head: cut(head),
    tail: cut(tail),
    index: { ...index, tok: index.tok.filter((one) => !particular.has(one)) },
  };
}

/** Of the compartments of its patient and performer, of its response and of its performer. */
function particularTokens(deps: Deps, tenant: number, { patient, response, performer }: Particulars): string[] {
  const { registry, baseUrl } = deps;
  const tokens = new Set([
    compartmentToken(tenant, patient),
    token(tenant, 'Observation', 'derived-from', `QuestionnaireResponse/${response}`),
  ]);
  const param = registry.get('Observation')?.get('performer');
  if (performer === undefined || !param) return [...tokens];
  const reference = { reference: performer };
  for (const key of keysOf(param, { name: 'performer', value: reference }, baseUrl)) {
    if (indexed(key) === key) tokens.add(token(tenant, 'Observation', 'performer', key));
  }
  for (const one of compartmentsOf(registry, specOfObservation(), { performer: [reference] }, baseUrl)) {
    tokens.add(compartmentToken(tenant, one));
  }
  return [...tokens];
}

const ALL_MARKS: ReadonlyMap<string, Slot> = new Map([
  ...(Object.entries(MARKS) as [Slot, string][]).map(([slot, mark]): [string, Slot] => [mark, slot]), // the keys are slots
  [recallStart(MARKS.end), 'start'],
]);
const ANY_MARK = new RegExp([...ALL_MARKS.keys()].map((mark) => mark.replaceAll('.', '\\.')).join('|'), 'g');

function cut(text: string): Text {
  const slots = Array.from(text.matchAll(ANY_MARK), ([mark]): Slot => ALL_MARKS.get(mark) ?? 'id');
  return { parts: text.split(ANY_MARK), slots };
}

/** The particulars as texts, and what is searched of them; the same for all Observations of a response. */
interface Filling {
  shard: number;
  values: Omit<Record<Slot, string>, 'id' | 'version'>;
  tok: readonly string[];
  lo: string | null;
  hi: string | null;
}

function fillingOf(deps: Deps, tenant: number, particulars: Particulars): Filling {
  const { shard, patient, response, end, issued, performer } = particulars;
  const start = recallStart(end);
  const interval = intervalOf({ name: 'effectivePeriod', value: { start, end } });
  return {
    shard,
    values: {
      patient,
      response,
      start,
      end,
      issued,
      performer: performer === undefined ? '' : JSON.stringify(performer).slice(1, -1),
    },
    tok: particularTokens(deps, tenant, particulars),
    lo: instant(interval?.start ?? null),
    hi: instant(interval?.end ?? null),
  };
}

function fill(template: Template, { shard, values, tok, lo, hi }: Filling, id: string, version: number): NewVersion {
  const all = { ...values, id, version: String(version) };
  return {
    type: 'Observation',
    id,
    shard,
    version,
    head: put(template.head, all),
    tail: put(template.tail, all),
    derived: true,
    index: { ...template.index, tok: [...template.index.tok, ...tok], lo, hi, patient: values.patient },
  };
}

function put({ parts, slots }: Text, values: Readonly<Record<Slot, string>>): string {
  let text = parts[0] ?? '';
  let place = 0;
  for (const slot of slots) {
    place += 1;
    text += values[slot] + (parts[place] ?? '');
  }
  return text;
}

function specOfObservation(): ResourceSpec {
  const spec = resourceSpec('Observation');
  if (!spec) throw new Error('Observation is not served');
  return spec;
}
