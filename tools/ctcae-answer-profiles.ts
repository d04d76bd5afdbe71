/** Writes the resources in `profiles/` that are made from what CTCAE grades by answers: `npx tsx tools/ctcae-answer-profiles.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ctcaeAnswerResources } from './ctcae-answer-resources.ts';

const PROFILES = join(import.meta.dirname, '..', 'profiles');

for (const [file, resource] of Object.entries(ctcaeAnswerResources())) {
  writeFileSync(join(PROFILES, file), `${JSON.stringify(resource, null, 1)}\n`);
}
