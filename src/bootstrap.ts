import fhirpath from 'fhirpath';
import type { Logger } from 'pino';
import { Catalog } from './catalog.ts';
import type { Deps } from './deps.ts';
import { everyone } from './fhir/compartment.ts';
import { parseQuery } from './fhir/query.ts';
import { resourceSpec } from './fhir/resources.ts';
import { readText } from './fhir/text.ts';
import { Indexing } from './indexing.ts';
import { Metrics } from './metrics.ts';
import { checkGradings } from './rules/check.ts';
import type { CtcaeVersion } from './rules/finding.ts';
import { NO_CODES, type ReviewedCodes } from './rules/gradings/ctcae-codes.ts';
import { allLabels } from './rules/resources/all-labels.ts';
import { NAMING } from './rules/resources/codes.ts';
import { engineDevice } from './rules/resources/device.ts';
import type { Language } from './rules/resources/labels.ts';
import { DEFAULT_SITE, type Site } from './rules/site.ts';
import { create } from './save.ts';
import { isDraft, isFormOrPolicy, type Shipped, type Typed } from './shipped.ts';
import { oldestNamed } from './store/catalog.ts';
import type { Database } from './store/database.ts';
import { linkKey } from './store/link-key.ts';
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
  shipped: Shipped;
  /** Also the demonstration forms, and the policies that are active: the demonstration's and those of emergencies. */
  demoPolicy: boolean;
  /** Versions of CTCAE that measured values are graded by; 5.0 without. */
  ctcaeVersions?: readonly CtcaeVersion[];
  /** The site; `DEFAULT_SITE` without. */
  site?: Site;
  /** Laboratory codes that the site has reviewed; none without. */
  labCodes?: ReviewedCodes;
  now?: () => Date;
}

/**
 * Everything that routes are given, from a migrated database: checks the gradings, and writes what ships with the service and is not there
 * yet (our definitions, the grading Libraries, the Device of the engine, policies in draft; forms and active policies where asked for).
 */
export async function boot(options: BootOptions): Promise<Deps> {
  checkGradings();
  const { resources, searchParameters: ours } = options.shipped;
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
    metrics: new Metrics(),
    engine: { name: 'vigie', version: ENGINE_VERSION, fhirpathVersion: fhirpath.version, device: '' },
    shipped: readOnly,
    labels: allLabels(),
    language: options.language,
    ctcaeVersions: options.ctcaeVersions ?? ['5.0'],
    labCodes: options.labCodes ?? NO_CODES,
    site: options.site ?? DEFAULT_SITE,
  };
  const device = engineDevice({ version: ENGINE_VERSION });
  const { id } = await put(deps, device, `identifier=${NAMING.engine}|vigie/${ENGINE_VERSION}`);
  deps.engine.device = `Device/${id}`;
  readOnly.add(deps.engine.device);
  const wanted = resources.filter((one) => !isFormOrPolicy(one) || isDraft(one) || options.demoPolicy);
  const held = await oldestNamed(options.db, everyone(), wanted);
  for (const [at, one] of wanted.entries()) {
    const id = held[at] ?? (await put(deps, one.resource(), `url=${one.url}&version=${one.version}`)).id;
    // A form or policy that ships is the site's from then on: to be filled in, retired or replaced.
    if (!isFormOrPolicy(one)) readOnly.add(`${one.type}/${id}`);
  }
  // Drawn now where there is none: a request that is refused writes nothing.
  await linkKey(options.db, everyone());
  await indexing.refresh();
  return deps;
}

/** Conditional create: what is there already stays. Where clients have made copies of it, the oldest is given. */
async function put(deps: Deps, resource: Typed, criteria: string): Promise<{ id: string }> {
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
