/** The interactions of an instance or type that a route can be made of. Source: FHIR R4, RESTful API. */
export type Interaction =
  | 'create'
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'search-type';

/** One resource type, as data: what may be done with it and whose it is. It is searched by all that `search-parameters.ts` gives for it. */
export interface ResourceSpec {
  type: string;
  interactions: readonly Interaction[];
  /** Reference search parameter that names the patient whose data it is: it lies in that patient's shard. */
  patient?: string;
  /** All reference parameters that put it into the compartment of the patients they name. Source: R4 CompartmentDefinition patient. */
  compartment?: readonly string[];
  /** Search parameter of the principal code (`key1`) and of the principal date (`lo`, `hi`). */
  key1?: string;
  date?: string;
  /** Canonical resources: found by url and version, and compiled or looked up by other requests. */
  canonical?: boolean;
}

const READ: readonly Interaction[] = ['read', 'vread', 'history-instance', 'history-type', 'search-type'];
const ALL: readonly Interaction[] = ['create', ...READ, 'update', 'patch', 'delete'];
const CANONICAL = { interactions: ALL, canonical: true, date: 'date' } as const;

/**
 * Every type that is served. A type is a row; nothing else in the code asks which type it has before it.
 * Compartments are those of R4's CompartmentDefinition patient (4.0.1), but for Task: it comes in with R5 (5.0.0), and a Task about a
 * patient is that patient's data here too.
 */
export const RESOURCES: readonly ResourceSpec[] = [
  { type: 'Patient', interactions: ALL, compartment: ['link'], date: 'birthdate' },
  { type: 'Questionnaire', ...CANONICAL },
  {
    type: 'QuestionnaireResponse',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject', 'author'],
    key1: 'questionnaire',
    date: 'authored',
  },
  {
    type: 'Observation',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject', 'performer'],
    key1: 'code',
    date: 'date',
  },
  { type: 'Flag', interactions: READ, patient: 'subject', compartment: ['patient'], key1: 'code', date: 'date' },
  { type: 'Provenance', interactions: READ, compartment: ['patient'], date: 'recorded' },
  { type: 'AuditEvent', interactions: READ, compartment: ['patient'], date: 'date' },
  { type: 'Practitioner', interactions: ALL },
  { type: 'PractitionerRole', interactions: ALL, date: 'date' },
  { type: 'Organization', interactions: ALL },
  { type: 'Device', interactions: ALL },
  { type: 'Group', interactions: ALL, compartment: ['member'] },
  {
    type: 'RelatedPerson',
    interactions: ALL,
    patient: 'patient',
    compartment: ['patient'],
    date: 'birthdate',
  },
  { type: 'Encounter', interactions: ALL, patient: 'subject', compartment: ['patient'], key1: 'type', date: 'date' },
  {
    type: 'Condition',
    interactions: ALL,
    patient: 'subject',
    compartment: ['patient', 'asserter'],
    key1: 'code',
    date: 'recorded-date',
  },
  {
    type: 'MedicationAdministration',
    interactions: ALL,
    patient: 'subject',
    compartment: ['patient', 'performer', 'subject'],
    key1: 'code',
    date: 'effective-time',
  },
  {
    type: 'MedicationStatement',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject'],
    key1: 'code',
    date: 'effective',
  },
  {
    type: 'ServiceRequest',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject', 'performer'],
    key1: 'code',
    date: 'authored',
  },
  {
    type: 'CarePlan',
    interactions: ALL,
    patient: 'subject',
    compartment: ['patient', 'performer'],
    key1: 'category',
    date: 'date',
  },
  {
    type: 'Task',
    interactions: ALL,
    patient: 'patient',
    compartment: ['patient', 'focus'],
    key1: 'code',
    date: 'authored-on',
  },
  {
    type: 'Communication',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject', 'sender', 'recipient'],
    key1: 'category',
    date: 'sent',
  },
  {
    type: 'Consent',
    interactions: ALL,
    patient: 'patient',
    compartment: ['patient'],
    key1: 'category',
    date: 'date',
  },
  { type: 'ResearchStudy', interactions: ALL, key1: 'category', date: 'date' },
  {
    type: 'ResearchSubject',
    interactions: ALL,
    patient: 'individual',
    compartment: ['individual'],
    date: 'date',
  },
  {
    type: 'AdverseEvent',
    interactions: ALL,
    patient: 'subject',
    compartment: ['subject'],
    key1: 'event',
    date: 'date',
  },
  {
    type: 'Basic',
    interactions: ALL,
    patient: 'patient',
    compartment: ['patient', 'author'],
    key1: 'code',
    date: 'created',
  },
  { type: 'Binary', interactions: ALL },
  { type: 'Subscription', interactions: ALL },
  { type: 'PlanDefinition', ...CANONICAL },
  { type: 'Library', ...CANONICAL },
  { type: 'CodeSystem', ...CANONICAL },
  { type: 'ValueSet', ...CANONICAL },
  { type: 'ConceptMap', ...CANONICAL },
  { type: 'StructureDefinition', ...CANONICAL },
  { type: 'SearchParameter', ...CANONICAL },
  { type: 'OperationDefinition', ...CANONICAL },
];

const BY_TYPE = new Map(RESOURCES.map((spec) => [spec.type, spec]));

/** The row of a type; undefined for a type that is not served. */
export const resourceSpec = (type: string): ResourceSpec | undefined => BY_TYPE.get(type);
