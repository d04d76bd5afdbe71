/** The interactions of an instance or type that a route can be made of. Source: FHIR R4, RESTful API. */
export type Interaction = 'create' | 'read' | 'vread' | 'update' | 'delete' | 'history-instance' | 'search-type';

/** One resource type, as data: what may be done with it, whose it is, what it is searched by. */
export interface ResourceSpec {
  type: string;
  interactions: readonly Interaction[];
  /** Reference search parameter that puts it into a patient's compartment. Source: R4 CompartmentDefinition patient. */
  patient?: string;
  /** Names of search parameters; their definitions come from R4 or from `profiles/`. */
  search: readonly string[];
  /** Search parameter of the principal code (`key1`) and of the principal date (`lo`, `hi`). */
  key1?: string;
  date?: string;
  /** Canonical resources: found by url and version, and compiled or looked up by other requests. */
  canonical?: boolean;
}

const READ: readonly Interaction[] = ['read', 'vread', 'history-instance', 'search-type'];
const ALL: readonly Interaction[] = ['create', ...READ, 'update', 'delete'];
const CANONICAL_SEARCH = ['url', 'version', 'status', 'date', 'identifier'] as const;

/** Every type that is served. A type is a row; nothing else in the code asks which type it has before it. */
export const RESOURCES: readonly ResourceSpec[] = [
  { type: 'Patient', interactions: ALL, search: ['identifier', 'birthdate'], date: 'birthdate' },
  { type: 'Questionnaire', interactions: ALL, canonical: true, search: [...CANONICAL_SEARCH, 'code'], date: 'date' },
  {
    type: 'QuestionnaireResponse',
    interactions: ALL,
    patient: 'subject',
    search: ['patient', 'subject', 'identifier', 'status', 'questionnaire', 'authored', 'based-on', 'author'],
    key1: 'questionnaire',
    date: 'authored',
  },
  {
    type: 'Observation',
    interactions: ALL,
    patient: 'subject',
    search: ['patient', 'subject', 'identifier', 'status', 'category', 'code', 'date', 'derived-from', 'based-on'],
    key1: 'code',
    date: 'date',
  },
  {
    type: 'Flag',
    interactions: READ,
    patient: 'subject',
    search: ['patient', 'subject', 'identifier', 'status', 'category', 'code', 'date', 'author'],
    key1: 'code',
    date: 'date',
  },
  {
    type: 'Provenance',
    interactions: READ,
    search: ['target', 'patient', 'recorded', 'entity', 'agent'],
    date: 'recorded',
  },
  { type: 'Device', interactions: ALL, search: ['identifier', 'status', 'url', 'patient'] },
  { type: 'PlanDefinition', interactions: ALL, canonical: true, search: CANONICAL_SEARCH, date: 'date' },
  { type: 'Library', interactions: ALL, canonical: true, search: CANONICAL_SEARCH, date: 'date' },
  { type: 'CodeSystem', interactions: ALL, canonical: true, search: [...CANONICAL_SEARCH, 'code'], date: 'date' },
  { type: 'ValueSet', interactions: ALL, canonical: true, search: [...CANONICAL_SEARCH, 'code'], date: 'date' },
  { type: 'StructureDefinition', interactions: ALL, canonical: true, search: CANONICAL_SEARCH, date: 'date' },
  {
    type: 'SearchParameter',
    interactions: ALL,
    canonical: true,
    search: ['url', 'version', 'status', 'date', 'code', 'derived-from'],
    date: 'date',
  },
];

const BY_TYPE = new Map(RESOURCES.map((spec) => [spec.type, spec]));

/** The row of a type; undefined for a type that is not served. */
export const resourceSpec = (type: string): ResourceSpec | undefined => BY_TYPE.get(type);
