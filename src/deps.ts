import type { Logger } from 'pino';
import type { Catalog } from './catalog.ts';
import type { SearchRegistry } from './fhir/search-parameters.ts';
import type { Indexing } from './indexing.ts';
import type { Metrics } from './metrics.ts';
import type { CtcaeVersion } from './rules/finding.ts';
import type { ReviewedCodes } from './rules/gradings/ctcae-codes.ts';
import type { Labels, Language } from './rules/resources/labels.ts';
import type { Site } from './rules/site.ts';
import type { Database } from './store/database.ts';
import type { Watermark } from './store/watermark.ts';
import type { Turns } from './turns.ts';

/** What routes and jobs are given. Nothing of it is looked up anywhere else. */
export interface Deps {
  db: Database;
  now: () => Date;
  /** Public FHIR base without a trailing slash. */
  baseUrl: string;
  log: Logger;
  /** The parameters that may be searched by at this moment. */
  readonly registry: SearchRegistry;
  /** What keeps them current, and indexes what was there before a posted one. */
  indexing: Indexing;
  catalog: Catalog;
  watermark: Watermark;
  turns: Turns;
  /** Counts what happens in this process. */
  metrics: Metrics;
  engine: Engine;
  /** `Type/id` of what ships with the service and is relied on: read-only to clients. */
  shipped: ReadonlySet<string>;
  labels: Labels;
  language: Language;
  /** The versions of CTCAE that measured values are graded by, where no study of the patient names others. */
  ctcaeVersions: readonly CtcaeVersion[];
  /** Laboratory codes that the site has reviewed, beside the active LOINC codes of the CTCAE table. */
  labCodes: ReviewedCodes;
  /** Where people look after what is told: their hours, holidays and levels. */
  site: Site;
  /** How often a write that gave way is tried; 1 inside a transaction, which is tried again as a whole. Unset: as often as is sensible. */
  attempts?: number;
  /** Inside a transaction: what is written upon is held before it is read, since other writers came first before. */
  holds?: boolean;
}

/** The rule engine, as decision records and Provenance name it. */
export interface Engine {
  name: string;
  version: string;
  fhirpathVersion: string;
  /** `Device/<id>`. */
  device: string;
}
