/** Writes the resources in `profiles/` that are made from the data of the questionnaires: `npx tsx tools/score-profiles.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scoreResources } from './score-resources.ts';

const PROFILES = join(import.meta.dirname, '..', 'profiles');

for (const [file, resource] of Object.entries(scoreResources())) {
  writeFileSync(join(PROFILES, file), `${JSON.stringify(resource, null, 1)}\n`);
}
