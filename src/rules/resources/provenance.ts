import type { Coding, Provenance, ProvenanceAgent, ProvenanceEntity } from '@medplum/fhirtypes';
import { EXTENSION } from './codes.ts';

/** What one evaluation wrote, and what it rested on. References are versioned, `Type/id/_history/n`. */
export interface Evaluation {
  /** Every version that this evaluation wrote; at least one. */
  targets: readonly string[];
  /**
   * Every input: `source` for the response, its Questionnaire and the Patient, `derivation` for earlier responses that
   * the episode rests on.
   */
  entities: readonly { role: NonNullable<ProvenanceEntity['role']>; what: string }[];
  /** `url|version` of each policy that was evaluated. */
  policies: readonly string[];
  /** When it was written; UTC instant. */
  recorded: string;
  /** Symptom time of the report. */
  occurred?: string;
  /** SHA-256 of the decision record, 64 hexadecimal digits. */
  digest: string;
  /** The rule engine, `Device/id`. */
  device: string;
  /** `elapse`: time has passed, and nobody asked for anything. */
  activity: 'evaluate' | 're-evaluate' | 'retract' | 'elapse';
  tags?: readonly Coding[];
  /** Where a clinician recorded what it rests on: reference to who, and why. */
  clinician?: { by?: string; reason?: string };
}

/** Source: HL7 Terminology, CodeSystem v3-DataOperation. */
const ACTIVITY: Readonly<Record<Evaluation['activity'], Coding>> = {
  evaluate: { code: 'CREATE', display: 'create' },
  're-evaluate': { code: 'UPDATE', display: 'revise' },
  retract: { code: 'NULLIFY', display: 'nullify' },
  elapse: { code: 'EXECUTE', display: 'execute' },
};

/** The Provenance of one evaluation. Source: HL7 FHIR R4 4.0.1, Provenance. */
export function provenanceOf(evaluation: Evaluation): Provenance {
  const { targets, entities, policies, tags, clinician } = evaluation;
  return {
    resourceType: 'Provenance',
    ...(tags?.length ? { meta: { tag: [...tags] } } : {}),
    extension: [{ url: EXTENSION.decisionRecordDigest, valueString: `sha256:${evaluation.digest}` }],
    target: targets.map((reference) => ({ reference })),
    ...(evaluation.occurred ? { occurredDateTime: evaluation.occurred } : {}),
    recorded: evaluation.recorded,
    ...(policies.length ? { policy: [...policies] } : {}),
    ...(clinician?.reason === undefined ? {} : { reason: [{ text: clinician.reason }] }),
    activity: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', ...ACTIVITY[evaluation.activity] }],
    },
    agent: [
      agent('assembler', 'Assembler', evaluation.device),
      ...(clinician?.by === undefined ? [] : [agent('author', 'Author', clinician.by)]),
    ],
    ...(entities.length ? { entity: entities.map(({ role, what }) => ({ role, what: { reference: what } })) } : {}),
  };
}

/** Source: HL7 Terminology, CodeSystem provenance-participant-type. */
const agent = (code: string, display: string, reference: string): ProvenanceAgent => ({
  type: {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code, display }],
  },
  who: { reference },
});
