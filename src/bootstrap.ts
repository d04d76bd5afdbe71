import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchParameter } from '@medplum/fhirtypes';
import fhirpath from 'fhirpath';
import type { Logger } from 'pino';
import { Catalog } from './catalog.ts';
import type { Deps } from './deps.ts';
import { everyone } from './fhir/compartment.ts';
import { parseQuery } from './fhir/query.ts';
import { resourceSpec } from './fhir/resources.ts';
import { readText } from './fhir/text.ts';
import { Indexing } from './indexing.ts';
import { checkGradings } from './rules/check.ts';
import type { CtcaeVersion } from './rules/finding.ts';
import { gradingLibrary } from './rules/gradings/grading.ts';
import { PUBLISHED } from './rules/gradings/index.ts';
import { allLabels } from './rules/resources/all-labels.ts';
import { NAMING } from './rules/resources/codes.ts';
import { engineDevice } from './rules/resources/device.ts';
import type { Language } from './rules/resources/labels.ts';
import { create } from './save.ts';
import type { Database } from './store/database.ts';
import { search } from './store/search.ts';
import { Watermark } from './store/watermark.ts';
import { Turns } from './turns.ts';

/** Version of the rule engine: what a Device, a Provenance and a decision record name. Raised when a decision could come out otherwise. */
export const ENGINE_VERSION = '0.1.0';

export interface BootOptions {
  db: Database;
  log: Logger;
  baseUrl: string;
  language: Language;
  /** Folder of our profiles. */
  profiles: string;
  /** Also the demonstration forms, and the policies that are active: the demonstration's and those of emergencies. */
  demoPolicy: boolean;
  /** Versions of CTCAE that measured values are graded by; 5.0 without. */
  ctcaeVersions?: readonly CtcaeVersion[];
  now?: () => Date;
}

/**
 * Everything that routes are given, from a migrated database: checks the gradings, and writes what ships with the service and is not there
 * yet (our definitions, the grading Libraries, the Device of the engine, policies in draft; forms and active policies where asked for).
 */
export async function boot(options: BootOptions): Promise<Deps> {
  checkGradings();
  const shipped = await readProfiles(options.profiles);
  const ours = shipped.filter(
    (resource): resource is Shipped & SearchParameter => resource.resourceType === 'SearchParameter',
  );
  const indexing = new Indexing({ db: options.db, log: options.log, baseUrl: options.baseUrl, ours });
  const readOnly = new Set<string>();
  const deps: Deps = {
    db: options.db,
    now: options.now ?? (() => new Date()),
    baseUrl: options.baseUrl,
    log: options.log,
    get registry() {
      return indexing.registry;
    },
    indexing,
    catalog: new Catalog(options.db),
    watermark: new Watermark(options.db),
    turns: new Turns(),
    engine: { name: 'vigie', version: ENGINE_VERSION, fhirpathVersion: fhirpath.version, device: '' },
    shipped: readOnly,
    labels: allLabels(),
    language: options.language,
    ctcaeVersions: options.ctcaeVersions ?? ['5.0'],
  };
  const device = engineDevice({ version: ENGINE_VERSION });
  const { id } = await put(deps, device as Shipped, `identifier=${NAMING.engine}|vigie/${ENGINE_VERSION}`);
  deps.engine.device = `Device/${id}`;
  readOnly.add(deps.engine.device);
  for (const resource of [...shipped, ...PUBLISHED.map(gradingLibrary)]) {
    if (isFormOrPolicy(resource) && !isDraft(resource) && !options.demoPolicy) continue;
    const stored = await put(deps, resource, `url=${resource.url}&version=${resource.version}`);
    // A form or policy that ships is the site's from then on: to be filled in, retired or replaced.
    if (!isFormOrPolicy(resource)) readOnly.add(`${resource.resourceType}/${stored.id}`);
  }
  await indexing.refresh();
  return deps;
}

/** What is looked at of a resource that ships with the service. */
interface Shipped {
  resourceType: string;
  status?: string;
  url?: string;
  version?: string;
}

const isFormOrPolicy = ({ resourceType }: Shipped): boolean =>
  resourceType === 'Questionnaire' || resourceType === 'PlanDefinition';

/** A draft acts on nothing: it can be read, and filled in, wherever the service runs. */
const isDraft = ({ status }: Shipped): boolean => status === 'draft';

/** Our definitions; forms and policies last, since they use the code systems. */
async function readProfiles(folder: string): Promise<Shipped[]> {
  const files = [...(await jsonFiles(folder)), ...(await jsonFiles(join(folder, 'policies')))];
  const resources = await Promise.all(
    files.map(async (file): Promise<Shipped> => JSON.parse(await readFile(file, 'utf8'))),
  );
  return [...resources.filter((one) => !isFormOrPolicy(one)), ...resources.filter(isFormOrPolicy)];
}

const jsonFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => join(folder, file));

/** Conditional create: what is there already stays. Where clients have made copies of it, the oldest is given. */
async function put(deps: Deps, resource: Shipped, criteria: string): Promise<{ id: string }> {
  const spec = resourceSpec(resource.resourceType);
  if (!spec) throw new Error(`${resource.resourceType} is not served`);
  const { registry, baseUrl } = deps;
  const query = parseQuery(registry, spec.type, new URLSearchParams(`${criteria}&_sort=_id`), {
    strict: true,
    baseUrl,
  });
  const [oldest] = (await search(deps.db, everyone(), query, baseUrl)).matches;
  if (oldest) return oldest;
  return create(deps, everyone(), spec, readText(Buffer.from(JSON.stringify(resource))), { ifNoneExist: criteria });
}
