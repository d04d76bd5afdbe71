/**
 * Writes `src/fhir/generated/` anew: the structure validators (ajv standalone code) and the slimmed definitions.
 * `tools/build.ts` does the same whenever an input has changed.
 *
 *     npx tsx tools/generate.ts
 */
import { generateIfChanged } from './generated.ts';

await generateIfChanged(true);
