/** Writes the resources in `profiles/` that are made from the PRO-CTCAE data: `npx tsx tools/pro-ctcae-profiles.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proCtcaeResources } from './pro-ctcae-resources.ts';

const PROFILES = join(import.meta.dirname, '..', 'profiles');

for (const [file, resource] of Object.entries(proCtcaeResources())) {
  writeFileSync(join(PROFILES, file), `${JSON.stringify(resource, null, 1)}\n`);
}
