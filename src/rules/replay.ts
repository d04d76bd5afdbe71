import { canonicalJson, sha256 } from './canonical-json.ts';
import { type DecisionRecord, type RecordedTerm, type RecordInput, versioned } from './decision-record.ts';
import type { PatientFacts } from './episode.ts';
import type { TermStep } from './episodes.ts';
import { type Finding, type SourceRef, termKey } from './finding.ts';
import type { Policy } from './policy.ts';
import { decisionRecord, readRecord } from './record.ts';
import { resteps } from './restep.ts';

/** What runs now. */
export interface RunningEngine {
  name: string;
  version: string;
  /** Version of the evaluator of conditions. */
  fhirpath: string;
  gradings: DecisionRecord['gradings'];
}

/** What the stored version of a report says when it is graded now. */
export interface Reread {
  findings: readonly Finding[];
  /** Symptom time and day, as its author's moment gives them. */
  at: string;
  day: string;
  authored?: string | undefined;
  form?: { canonical: string; digest: string } | undefined;
}

/** A decision record, and all that it rests on as it is stored now. */
export interface ReplayInput {
  /** The record as it was written. */
  text: string;
  /** Its SHA-256 as the Provenance says, in hexadecimal; absent where that is not known. */
  digest?: string | undefined;
  engine: RunningEngine;
  /** A released policy by `url|version`; undefined when it is not held. */
  policy: (canonical: string) => Policy | undefined;
  /** As the version of the Patient says that the record names; undefined when that is not held. */
  patient: PatientFacts | undefined;
  /** By version; undefined when that is not held, or cannot be graded. */
  report: (source: SourceRef) => Reread | undefined;
}

/** One place where a record says something else than what came of it now. Absent: the record, or the replay, has nothing there. */
export interface Difference {
  /** JSON Pointer into the record (RFC 6901); of what is not in it a name without a slash. */
  path: string;
  recorded?: unknown;
  replayed?: unknown;
}

/**
 * equal: every byte came out again by the same engine; engine-changed: engine, evaluator or grading data are others now, and `isSame`
 * says whether all else came out again; differs: it did not.
 */
export interface Replay {
  outcome: 'equal' | 'engine-changed' | 'differs';
  isSame: boolean;
  /** What of the engine is another now. */
  engine: readonly Difference[];
  differences: readonly Difference[];
}

/** Differences that are told of one record at most. */
const MOST = 100;

/**
 * Takes every step of a decision record once more: the stored version of each report is graded again, each term decided again by the policies
 * that it was asked of with what the record says they were told, and the record written again. Pure: the clock and the time zone
 * of the machine have no part in it. Throws as readRecord does when the text is no record.
 */
export function replay(input: ReplayInput): Replay {
  const record = readRecord(input.text);
  const engine = engineDifferences(record, input.engine);
  const found = [...held(record, input), ...again(record, input)];
  const differences = found.slice(0, MOST);
  const isSame = differences.length === 0;
  if (engine.length > 0) return { outcome: 'engine-changed', isSame, engine, differences };
  return { outcome: isSame ? 'equal' : 'differs', isSame, engine, differences };
}

function engineDifferences(record: DecisionRecord, now: RunningEngine): Difference[] {
  const gradings = record.gradings.flatMap(({ system, version, digest }, index): Difference[] => {
    const held = now.gradings.find((one) => one.system === system && one.version === version)?.digest;
    return held === digest ? [] : [{ path: `/gradings/${index}/digest`, recorded: digest, replayed: held }];
  });
  return [
    ...different('/engine/name', record.engine.name, now.name),
    ...different('/engine/version', record.engine.version, now.version),
    ...different('/fhirpath', record.fhirpath, now.fhirpath),
    ...gradings,
  ];
}

/** What the record rests on and is no longer held, or no longer so. */
function held(record: DecisionRecord, { text, digest, policy, patient, report }: ReplayInput): Difference[] {
  const sources = new Map(record.terms.map(({ source }) => [versioned(source), source]));
  return [
    ...(digest === undefined ? [] : different('digest', digest, sha256(text))),
    ...(patient ? [] : [{ path: '/patient', recorded: record.patient }]),
    ...record.policies.flatMap(({ canonical, digest }, index) =>
      policy(canonical) ? [] : [{ path: `/policies/${index}`, recorded: `${canonical} ${digest}` }],
    ),
    ...[...sources].flatMap(([name, source]) => (report(source) ? [] : [{ path: 'source', recorded: name }])),
    ...untold(record, report(record.source)),
  ];
}

/** What the report says now and the record does not tell; a record that tells nothing of its own report is of a withdrawal. */
function untold(record: DecisionRecord, own: Reread | undefined): Difference[] {
  const told = record.terms.filter(({ source }) => versioned(source) === versioned(record.source));
  if (told.length === 0 || !own) return [];
  const terms = new Set(told.map(({ finding }) => termKey(finding)));
  return own.findings.flatMap((finding) =>
    terms.has(termKey(finding)) ? [] : [{ path: 'finding', replayed: termKey(finding) }],
  );
}

/** The record written again, compared with the one that was. */
function again(record: DecisionRecord, input: ReplayInput): Difference[] {
  const packed: { policies: readonly { actions: readonly string[]; titles?: Record<string, string> }[] } = JSON.parse(
    input.text,
  );
  const policies = record.policies.map((recorded, index) => {
    const now = input.policy(recorded.canonical);
    if (now) return now;
    const { actions = [], titles = {} } = packed.policies[index] ?? {};
    return {
      ...recorded,
      actions: actions.map((id) => ({ id, code: 'open' as const, expression: '', title: titles[id] ?? '' })),
    };
  });
  const own = input.report(record.source);
  const isTold = record.terms.some(({ source }) => versioned(source) === versioned(record.source));
  const [reference = '', version = ''] = record.patient.split('/_history/');
  const written: RecordInput = {
    engine: record.engine,
    fhirpathVersion: record.fhirpath,
    questionnaire: own?.form ?? record.questionnaire,
    gradings: record.gradings,
    policies,
    source: record.source,
    patient: { reference, version },
    report: { ...record.report, ...(own && isTold ? { at: own.at, day: own.day } : {}) },
    steps: stepsAgain(record, input),
    errors: record.errors,
  };
  const text = decisionRecord(written).text;
  return text === input.text ? [] : compared(JSON.parse(input.text), JSON.parse(text));
}

/** Every step of the record, report by report, in the order of the record. */
function stepsAgain(record: DecisionRecord, input: ReplayInput): TermStep[] {
  const byReport = new Map<string, RecordedTerm[]>();
  for (const term of record.terms) {
    const name = versioned(term.source);
    byReport.set(name, [...(byReport.get(name) ?? []), term]);
  }
  const made = new Map<string, TermStep>();
  for (const [name, terms] of byReport) for (const one of stepsOf(terms, input)) made.set(`${name} ${one.term}`, one);
  return record.terms.flatMap(({ source, finding }) => made.get(`${versioned(source)} ${termKey(finding)}`) ?? []);
}

function stepsOf(terms: readonly RecordedTerm[], { policy, patient, report }: ReplayInput): readonly TermStep[] {
  const [first] = terms;
  if (!first) return [];
  const reread = report(first.source);
  const asked = new Set(terms.flatMap(({ conditions }) => conditions.map((condition) => condition.policy)));
  const graded = terms.map((term): RecordedTerm => {
    if (!reread) return term;
    const finding = reread.findings.find((one) => termKey(one) === termKey(term.finding));
    return { ...term, at: reread.at, day: reread.day, finding: finding ?? { ...term.finding, ...NOTHING } };
  });
  return resteps(graded, {
    policies: [...asked].flatMap((canonical) => policy(canonical) ?? []),
    patient: patient ?? {},
    form: reread?.form?.canonical,
    authored: reread?.authored,
  }).map(({ made }) => made);
}

/** A term that the report no longer says anything of. */
const NOTHING: Pick<Finding, 'outcome' | 'attributes' | 'dataQuality'> = {
  outcome: { kind: 'not-gradable', reason: 'not-asked', missing: [] },
  attributes: {},
  dataQuality: [],
};

const different = (path: string, recorded: unknown, replayed: unknown): Difference[] =>
  recorded === replayed ? [] : [{ path, recorded, replayed }];

/** Every place in which two JSON values differ, the deepest ones. */
function compared(recorded: unknown, replayed: unknown, path = ''): Difference[] {
  if (!isTree(recorded) || !isTree(replayed) || Array.isArray(recorded) !== Array.isArray(replayed)) {
    return canonical(recorded) === canonical(replayed) ? [] : [{ path, recorded, replayed }];
  }
  const keys = [...new Set([...Object.keys(recorded), ...Object.keys(replayed)])].sort();
  return keys.flatMap((key) =>
    compared(
      (recorded as Record<string, unknown>)[key],
      (replayed as Record<string, unknown>)[key],
      `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    ),
  );
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;

const canonical = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));
