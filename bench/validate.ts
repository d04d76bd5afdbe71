/**
 * Validation alone, with no database and no HTTP: responses of thirty items a CPU-second, against R4's structure, bindings and invariants, and then
 * against their form, as each write has it. Run by `npm run bench:validate`; asked for: 5,000.
 */
import { compileQuestionnaire, NO_TERMINOLOGY } from '../src/fhir/questionnaire.ts';
import { validateStructure } from '../src/fhir/validate-structure.ts';
import { bodies, FORM } from './bodies.ts';

const RESPONSES = 5000;
const TURNS = 8;
const WANTED = 5000;

const form = compileQuestionnaire(FORM, NO_TERMINOLOGY);
const bodyOf = bodies(['p'], Date.UTC(2026, 0, 1));
const texts = Array.from({ length: RESPONSES }, (_, k) => bodyOf(k).body);

/** Responses per CPU-second, the reading of their JSON included. */
function run(): number {
  const before = process.cpuUsage();
  for (const text of texts) {
    const response = JSON.parse(text);
    const issues = [...validateStructure(response, 'QuestionnaireResponse'), ...form.validate(response)];
    const wrong = issues.find(({ severity }) => severity === 'error' || severity === 'fatal');
    if (wrong) throw new Error(`A response of the bench is refused: ${JSON.stringify(wrong)}`);
  }
  const { user, system } = process.cpuUsage(before);
  return (RESPONSES / (user + system)) * 1_000_000;
}

run(); // V8 compiles what is hot
const rates = Array.from({ length: TURNS }, run).sort((a, b) => a - b);
const median = rates[TURNS >> 1] ?? 0;
process.stdout.write(
  `validated: ${Math.round(median)} responses per CPU-second, the median of ${TURNS} (${Math.round(rates[0] ?? 0)} to ${Math.round(rates.at(-1) ?? 0)})\n`,
);
if (median < WANTED) {
  process.stderr.write(`below ${WANTED}\n`);
  process.exitCode = 1;
}
