import type { Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Snapshot } from '../../src/catalog.ts';
import { readReport } from '../../src/evaluation/stored-report.ts';
import { derivedId } from '../../src/fhir/ids.ts';
import { canonicalJson, sha256 } from '../../src/rules/canonical-json.ts';
import type { Episode } from '../../src/rules/episode.ts';
import { fold } from '../../src/rules/episodes.ts';
import type { Report } from '../../src/rules/finding.ts';
import { EXTENSION } from '../../src/rules/resources/codes.ts';
import { readState } from '../../src/rules/state-packed.ts';
import { symptomTime } from '../../src/symptom-time.ts';
import { auditWork } from './audit-work.ts';
import type { Known } from './journal.ts';
import { type Stored, sameBody } from './stored.ts';

interface Facts {
  known: ReadonlyMap<string, Known>;
  snapshot: Snapshot;
  form: Questionnaire;
  /** Versions that belong to no patient. */
  others: ReadonlySet<string>;
  /** Identifiers found so far, with the id that carries them. */
  met: Map<string, string>;
  count: (what: string, by?: number) => void;
  say: (what: string) => void;
}

/** Everything of the patients of one shard: whole, once, and as the rules say that it should be. */
export function auditShard(stored: Stored, facts: Facts): void {
  unbroken(stored, facts);
  delivered(stored, facts);
  const responses = currentResponses(stored);
  asSent(stored, responses, facts);
  const reports = responses.flatMap((response) => reportOf(response, facts.snapshot));
  observed(stored, reports, facts);
  evaluated(stored, responses, facts);
  auditWork(stored, facts);
  for (const patient of stored.states.keys()) folded(stored, patient, responses, reports, facts);
}

interface Response {
  id: string;
  version: number;
  patient: string;
  resource: QuestionnaireResponse;
}

/** A report with whose it is. */
interface Told extends Report {
  patient: string;
}

const ofType = (stored: Stored, type: string) => [...stored.current.values()].filter((row) => row.type === type);

function currentResponses(stored: Stored): Response[] {
  return ofType(stored, 'QuestionnaireResponse').flatMap(({ id, version }) => {
    const resource: QuestionnaireResponse | undefined = stored.versions.get(
      `QuestionnaireResponse/${id}/_history/${version}`,
    )?.resource;
    return resource
      ? [{ id, version, patient: resource.subject?.reference?.slice('Patient/'.length) ?? '', resource }]
      : [];
  });
}

/** Versions run from 1 to the current one, none is missing, and their content says who they are. */
function unbroken(stored: Stored, { say, count }: Facts): void {
  const highest = new Map<string, number>();
  const numbers = new Map<string, number>();
  for (const { type, id, version, resource } of stored.versions.values()) {
    const key = `${type}/${id}`;
    highest.set(key, Math.max(highest.get(key) ?? 0, version));
    numbers.set(key, (numbers.get(key) ?? 0) + 1);
    if (resource?.id !== id || resource?.meta?.versionId !== String(version))
      say(`${key}: version ${version} says that it is another`);
  }
  for (const [key, { version, deleted }] of stored.current) {
    if (deleted) say(`${key}: is deleted, and nobody asked for it`);
    if (highest.get(key) !== version || numbers.get(key) !== version)
      say(`${key}: version ${version} is current, of ${numbers.get(key)} versions up to ${highest.get(key)}`);
  }
  for (const key of highest.keys()) if (!stored.current.has(key)) say(`${key}: has versions and is not current`);
  count('versions', stored.versions.size);
}

/** Each version is owed to the outside exactly once, and each patient's counter has counted every write once. */
function delivered(stored: Stored, { say }: Facts): void {
  const named = new Map<string, number>();
  const counters = new Map<string, string[]>();
  for (const { n, changed } of stored.outbox) {
    for (const one of changed) named.set(one, (named.get(one) ?? 0) + 1);
    const response = stored.versions.get(changed.find((one) => one.startsWith('QuestionnaireResponse/')) ?? '');
    const patient = response?.resource?.subject?.reference?.slice('Patient/'.length);
    if (patient !== undefined) counters.set(patient, [...(counters.get(patient) ?? []), n ?? 'none']);
  }
  // What was derived is told by the Provenance that the outbox names.
  const targets = new Set(
    [...named.keys()].flatMap((key) =>
      key.startsWith('Provenance/')
        ? (stored.versions.get(key)?.resource?.target ?? []).map(({ reference }: { reference: string }) => reference)
        : [],
    ),
  );
  for (const key of stored.versions.keys()) {
    if (key.startsWith('Observation/')) {
      if (!targets.has(key)) say(`${key}: is the target of no Provenance in the outbox`);
    } else if (named.get(key) !== 1) say(`${key}: is in the outbox ${named.get(key) ?? 0} times`);
  }
  for (const key of named.keys()) if (!stored.versions.has(key)) say(`${key}: is in the outbox and nowhere else`);
  for (const [patient, { n }] of stored.states) {
    const counted = (counters.get(patient) ?? []).map(Number).sort((a, b) => a - b);
    const whole = counted.every((value, index) => value === index + 1);
    if (Number(n) !== counted.length || !whole)
      say(`Patient/${patient}: the counter is ${n}, and the writes counted are ${counted.join(' ')}`);
  }
}

/** Every acknowledged version is what was sent; nothing is there that nobody sent; no identifier is there twice. */
function asSent(stored: Stored, responses: readonly Response[], { known, met, count, say }: Facts): void {
  for (const { id, version, resource } of responses) {
    const identifier = resource.identifier?.value ?? '';
    const one = known.get(identifier);
    if (!one) {
      say(`QuestionnaireResponse/${id}: nobody sent it`);
      continue;
    }
    if (met.has(identifier)) say(`${identifier}: is there twice, as ${met.get(identifier)} and ${id}`);
    met.set(identifier, id);
    if (one.acknowledged.length === 0)
      say(`${identifier}: is there and was never acknowledged, although its writer insisted`);
    if (one.id !== id) say(`${identifier}: was acknowledged as ${one.id} and is ${id}`);
    if (one.acknowledged.at(-1)?.version !== version)
      say(
        `${identifier}: version ${one.acknowledged.at(-1)?.version} was acknowledged last, and ${version} is current`,
      );
    for (const { version: number, body } of one.acknowledged) {
      const there = stored.versions.get(`QuestionnaireResponse/${id}/_history/${number}`);
      if (!there) say(`${identifier}: version ${number} was acknowledged and is not there`);
      else if (!sameBody(there.resource, JSON.parse(body)))
        say(`${identifier}: version ${number} is not what was sent`);
      count('acknowledged versions found');
    }
  }
}

/** What a response says, by the product's own pure functions, from nothing but its stored text. */
function reportOf({ id, version, patient, resource }: Response, snapshot: Snapshot): Told[] {
  if (resource.status !== 'completed' && resource.status !== 'amended') return [];
  const form = snapshot.form(resource.questionnaire ?? '');
  if (!form) return [];
  const { at, day } = symptomTime(resource, new Date());
  const findings = form
    .grade(form.compiled.collect(resource))
    .filter(({ outcome }) => outcome.kind !== 'not-gradable' || outcome.reason !== 'not-asked');
  return [
    {
      patient,
      source: { type: 'QuestionnaireResponse', id, version },
      form: form.canonical,
      at,
      ...(resource.authored === undefined ? {} : { authored: resource.authored }),
      day,
      baseline: false,
      findings,
      ...(form.unvalidatedWording ? { unvalidatedWording: true } : {}),
      policies: snapshot.policies.map(({ canonical }) => canonical),
    },
  ];
}

/** One Observation per asked term of each response that counts, with its grade; those of others are entered in error; none without its response. */
function observed(stored: Stored, reports: readonly Told[], { count, say }: Facts): void {
  const expected = new Map<string, string>();
  for (const { source, findings } of reports) {
    for (const { term, outcome } of findings) {
      expected.set(derivedId(source.id, term), outcome.kind === 'graded' ? String(outcome.grade) : 'absent');
    }
  }
  for (const { id, version } of ofType(stored, 'Observation')) {
    const { resource } = stored.versions.get(`Observation/${id}/_history/${version}`) ?? {};
    const from: string = resource?.derivedFrom?.[0]?.reference ?? '';
    if (!stored.current.has(from)) say(`Observation/${id}: its response ${from} is not there`);
    const wanted = expected.get(id);
    const value = resource?.valueInteger === undefined ? 'absent' : String(resource.valueInteger);
    const retracted = resource?.status === 'entered-in-error';
    if (wanted === undefined ? !retracted : retracted || value !== wanted)
      say(`Observation/${id} of ${from}: is ${resource?.status} ${value}, expected ${wanted ?? 'entered in error'}`);
    expected.delete(id);
    count('Observations');
  }
  for (const id of expected.keys()) say(`Observation/${id}: is missing`);
}

/** One Provenance per evaluated version, whose targets and inputs are there; every derived version is the target of exactly one. */
function evaluated(stored: Stored, responses: readonly Response[], { others, count, say }: Facts): void {
  const targeted = new Map<string, number>();
  const evaluations = new Map<string, number>();
  for (const { type, id, version, resource } of stored.versions.values()) {
    if (type !== 'Provenance') continue;
    if (version !== 1) say(`Provenance/${id}: was changed`);
    const targets: string[] = resource.target.map(({ reference }: { reference: string }) => reference);
    const inputs: string[] = resource.entity.map(({ what }: { what: { reference: string } }) => what.reference);
    for (const target of targets) {
      targeted.set(target, (targeted.get(target) ?? 0) + 1);
      if (!stored.versions.has(target)) say(`Provenance/${id}: its target ${target} is not there`);
    }
    for (const input of inputs) {
      if (!stored.versions.has(input) && !others.has(input)) say(`Provenance/${id}: its input ${input} is not there`);
    }
    const source = inputs.find((input) => input.startsWith('QuestionnaireResponse/')) ?? '';
    evaluations.set(source, (evaluations.get(source) ?? 0) + 1);
    const digest = resource.extension?.find(
      ({ url }: { url: string }) => url === EXTENSION.decisionRecordDigest,
    )?.valueString;
    const record = stored.decisions.get(id);
    if (record === undefined) say(`Provenance/${id}: its decision record is not there`);
    else if (digest !== `sha256:${sha256(record)}`)
      say(`Provenance/${id}: its digest is not that of its decision record`);
    count('Provenances');
  }
  const provenances = [...stored.versions.values()].filter(({ type }) => type === 'Provenance').length;
  if (stored.decisions.size !== provenances)
    say(`${stored.decisions.size} decision records for ${provenances} Provenances`);
  for (const { id, version } of responses) {
    for (let one = 1; one <= version; one += 1) {
      const key = `QuestionnaireResponse/${id}/_history/${one}`;
      if (evaluations.get(key) !== 1) say(`${key}: has ${evaluations.get(key) ?? 0} Provenances`);
      evaluations.delete(key);
    }
  }
  for (const source of evaluations.keys()) say(`a Provenance speaks of ${source}, which is not there`);
  for (const [key, { type }] of stored.versions) {
    if ((type === 'Observation' || type === 'Flag' || type === 'Task') && targeted.get(key) !== 1)
      say(`${key}: is the target of ${targeted.get(key) ?? 0} Provenances`);
  }
}

/** All reports folded again, in the order of symptom time: the patient's Flags, ledger, reports and state are what comes of it. */
function folded(
  stored: Stored,
  patient: string,
  responses: readonly Response[],
  all: readonly Told[],
  { snapshot, count, say }: Facts,
): void {
  const who = stored.current.get(`Patient/${patient}`);
  const resource = stored.versions.get(`Patient/${patient}/_history/${who?.version}`)?.resource;
  if (!resource) {
    say(`Patient/${patient}: has a counter and is not there`);
    return;
  }
  const reports = all.filter((report) => report.patient === patient).map(({ patient: _, ...report }): Report => report);
  const { gender, birthDate } = resource;
  const { episodes, state } = fold(reports, snapshot.policies, {
    ...(gender ? { gender } : {}),
    ...(birthDate ? { birthDate } : {}),
  });

  const wanted = episodes.map(dueTo).sort();
  const ledger = stored.episodes.filter((row) => row.patient === patient);

  const flags = ofType(stored, 'Flag').flatMap(({ id, version }) => {
    const flag = stored.versions.get(`Flag/${id}/_history/${version}`)?.resource;
    return flag?.subject?.reference === `Patient/${patient}` ? [{ id, version, flag }] : [];
  });
  const shown = flags.filter(({ flag }) => flag.status !== 'entered-in-error').map(({ flag }) => shownBy(flag));
  compare(`Patient/${patient}: Flags`, shown.sort(), wanted, say);
  compare(
    `Patient/${patient}: Flags and their ledger`,
    flags.map(({ id, version, flag }) => `${id} ${version} ${flag.status}`).sort(),
    ledger.map(({ flag_id, version, status }) => `${flag_id} ${version} ${status}`).sort(),
    say,
  );
  for (const { id, flag } of flags) {
    const details: string[] = (flag.extension ?? []).flatMap(
      ({ valueReference }: { valueReference?: { reference: string } }) =>
        valueReference ? [valueReference.reference] : [],
    );
    for (const detail of details) if (!stored.current.has(detail)) say(`Flag/${id}: its ${detail} is not there`);
  }
  compare(
    `Patient/${patient}: reports`,
    stored.reports
      .filter((row) => row.patient === patient)
      .map(({ content }) => canonical(readReport(content).report))
      .sort(),
    reports.map(canonical).sort(),
    say,
  );
  if (canonical(readState(stored.states.get(patient)?.state ?? '')) !== canonical(state))
    say(`Patient/${patient}: the kept state is not that of its reports`);
  count('patients');
  count('responses', responses.filter((response) => response.patient === patient).length);
  count('Flags', flags.length);
}

/** The same text for the same content, whatever the order of members; a member that is undefined is none. */
const canonical = (value: object): string => canonicalJson(JSON.parse(JSON.stringify(value)));

/** Term, status, grade and priority that the Flag of an episode should have. */
function dueTo({ term, status, outcome, priority }: Episode): string {
  const grade =
    outcome.kind === 'graded'
      ? `graded ${outcome.grade}`
      : outcome.kind === 'at-least'
        ? `at-least ${outcome.min}-${outcome.max}`
        : 'not-gradable';
  return `${term} ${status === 'open' ? 'active' : 'inactive'} ${grade} ${priority}`;
}

/** Term, status, grade and priority as an EHR reads them. */
// biome-ignore lint/suspicious/noExplicitAny: a stored Flag is looked at as it should be
function shownBy(flag: any): string {
  const extension = (url: string) => flag.extension?.find((one: { url: string }) => one.url === url);
  const graded = extension(EXTENSION.gradedFinding)?.extension ?? [];
  const part = (url: string) => graded.find((one: { url: string }) => one.url === url);
  const grade =
    part('grade') !== undefined
      ? `graded ${part('grade').valueInteger}`
      : part('min') !== undefined
        ? `at-least ${part('min').valueInteger}-${part('max')?.valueInteger}`
        : 'not-gradable';
  const priority = extension(EXTENSION.flagPriority)?.valueCodeableConcept?.coding?.[0]?.code;
  return `${flag.code?.coding?.[0]?.code} ${flag.status} ${grade} ${priority}`;
}

function compare(what: string, there: readonly string[], wanted: readonly string[], say: (what: string) => void): void {
  const more = minus(there, wanted);
  const less = minus(wanted, there);
  if (more.length + less.length > 0) say(`${what}: there is [${more.join('; ')}], expected [${less.join('; ')}]`);
}

/** What is in `a` more often than in `b`. */
function minus(a: readonly string[], b: readonly string[]): string[] {
  const left = [...b];
  return a.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
