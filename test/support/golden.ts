import { readFileSync } from 'node:fs';
import type { PlanDefinition, Questionnaire, Resource } from '@medplum/fhirtypes';
import { type Form, formOf, type Snapshot } from '../../src/catalog.ts';
import { evaluatingOf, readAgain } from '../../src/evaluation/again.ts';
import type { Evaluating } from '../../src/evaluation/evaluating.ts';
import { buildTerminology } from '../../src/fhir/terminology.ts';
import { canonicalJson } from '../../src/rules/canonical-json.ts';
import { versioned } from '../../src/rules/decision-record.ts';
import type { PatientFacts } from '../../src/rules/episode.ts';
import { baselinesWith } from '../../src/rules/episodes-measured.ts';
import { termKey } from '../../src/rules/finding.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { readRecord } from '../../src/rules/record.ts';
import { type Replay, type Reread, replay } from '../../src/rules/replay.ts';
import { momentOf } from '../../src/rules/resources/moment.ts';
import type { PatientContext } from '../../src/store/context.ts';
import type { Stored } from '../../src/store/resources.ts';

/** A decision record that a release must make again byte for byte, and all that it rests on. */
export interface Golden {
  name: string;
  patient: PatientFacts;
  /** Policies that ship are named by their file; others are here whole. */
  policies: readonly (string | PlanDefinition)[];
  /** Versions of reports by their reference. */
  reports: Readonly<Record<string, Resource>>;
  digest: string;
  record: object;
}

/** The form that responses of the corpus answer. */
export const FORM = 'profiles/Questionnaire-pro-ctcae-weekly.json';

let form: Form | undefined;

export function goldenForm(): Form {
  form ??= formOf(JSON.parse(readFileSync(FORM, 'utf8')) as Questionnaire, buildTerminology([], []));
  return form;
}

const compiled = new Map<string, Policy>();

export function policyOf(one: string | PlanDefinition): Policy {
  const key = typeof one === 'string' ? one : canonicalJson(one);
  const policy =
    compiled.get(key) ?? compilePolicy(typeof one === 'string' ? JSON.parse(readFileSync(one, 'utf8')) : one);
  compiled.set(key, policy);
  return policy;
}

/** Reading a report asks neither the catalog nor the patient: what stands in their place refuses. */
const NOT_ASKED = new Proxy(
  {},
  {
    get(_, name) {
      throw new Error(`reading a report asked for ${String(name)}`);
    },
  },
);
const AROUND = { snapshot: NOT_ASKED as Snapshot, context: NOT_ASKED as PatientContext, patient: 'p' };

/** A report of the corpus as the engine takes it. */
export function reading(reference: string, resource: Resource): Evaluating | undefined {
  return evaluatingOf(stored(reference, resource), goldenForm(), AROUND);
}

function stored(reference: string, resource: Resource): Stored {
  const [type = '', id = '', , version] = reference.split('/');
  return {
    type,
    id,
    shard: 0,
    version: Number(version),
    lastUpdated: '',
    deleted: false,
    derived: false,
    content: JSON.stringify(resource),
  };
}

/** What comes of a record of the corpus now. */
export function replayGolden({ patient, policies, reports, digest, record }: Golden): Replay {
  const text = canonicalJson(record);
  const read = readRecord(text);
  const held = policies.map(policyOf);
  return replay({
    text,
    digest,
    // The corpus pins what is decided, not by which release.
    engine: { ...read.engine, fhirpath: read.fhirpath, gradings: read.gradings },
    policy: (canonical) => held.find((policy) => policy.canonical === canonical),
    patient,
    report: (source) => {
      const terms = read.terms.filter((term) => versioned(term.source) === versioned(source));
      const [first] = terms;
      const moment = reports[versioned(source)];
      if (first?.tick && moment?.resourceType === 'Basic') {
        const on = reports[versioned(first.tick.on)];
        const read = on && reread(versioned(first.tick.on), on, first.tick.at, patient, {});
        const at = momentOf(moment)?.at;
        if (!read || at === undefined) return undefined;
        const findings = read.findings.filter((one) => termKey(one) === termKey(first.finding));
        return { findings, at, day: first.day, ...(read.form ? { form: read.form } : {}) };
      }
      const resource = moment;
      if (!resource || !first) return undefined;
      let baselines: Parameters<typeof readAgain>[2]['baselines'] = {};
      for (const { finding } of terms) {
        const used = finding.measured?.baseline;
        const from = used && reports[versioned(used.source)];
        const said = from && reading(versioned(used.source), from)?.read({ at: used.at, day: '', clockAhead: false });
        if (!used || !said?.measured) continue;
        const source = { ...used.source, type: 'Observation' as const };
        const report = { source, at: used.at, day: '', baseline: true, findings: [], measured: said.measured };
        baselines = baselinesWith(baselines, report) ?? baselines;
      }
      return reread(versioned(source), resource, first.at, patient, baselines);
    },
  });
}

export function reread(
  reference: string,
  resource: Resource,
  at: string,
  facts: PatientFacts,
  baselines: Parameters<typeof readAgain>[2]['baselines'],
): Reread | undefined {
  const isResponse = resource.resourceType === 'QuestionnaireResponse';
  return readAgain(stored(reference, resource), isResponse ? goldenForm() : undefined, {
    ...AROUND,
    facts,
    at,
    ctcae: ['5.0', '6.0'],
    baselines,
  });
}
