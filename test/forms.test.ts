import { readFileSync } from 'node:fs';
import type { Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import t from 'tap';
import { NCIT, PRO_CTCAE } from '../src/fhir/canonical.ts';
import { checkQuestionnaire, compileQuestionnaire, NO_TERMINOLOGY } from '../src/fhir/questionnaire.ts';
import { formCommand } from '../src/form-command.ts';
import { findTerms } from '../src/form-terms.ts';
import { composeForm, type FormOptions } from '../src/forms.ts';
import { checkGradingItems } from '../src/rules/grade.ts';
import { DATA } from '../src/rules/gradings/pro-ctcae-data.ts';
import { proCtcaeResources } from '../tools/pro-ctcae-resources.ts';

const library = DATA.items;
const options = (differs: Partial<FormOptions> = {}): FormOptions => ({
  terms: [9],
  languages: ['fr', 'en'],
  url: 'https://example.org/Questionnaire/q',
  version: '1.0.0',
  ...differs,
});
const compose = (differs: Partial<FormOptions> = {}) => composeForm(options(differs), library);
const everyTerm = library.terms.map(({ number }) => number);
const group = (form: Questionnaire, linkId: string): QuestionnaireItem | undefined =>
  form.item?.find((item) => item.linkId === linkId);
const command = (...args: string[]) => formCommand(args, library, () => '{}');
const texts = {
  PROCTCAE_9A_SCL: { fr: 'Question A ?', en: 'Question A?' },
  PROCTCAE_9B_SCL: { fr: 'Question B ?', en: 'Question B?' },
};

t.test('the resources in profiles are what the data gives today', async (t) => {
  for (const [file, resource] of Object.entries(proCtcaeResources())) {
    const committed: unknown = JSON.parse(readFileSync(`profiles/${file}`, 'utf8'));
    t.strictSame(committed, JSON.parse(JSON.stringify(resource)), `${file}; else run tools/pro-ctcae-profiles.ts`);
  }
});

t.test('the CodeSystem holds 124 items, 80 results, the write-ins, and each code once', async (t) => {
  const { concept } = proCtcaeResources()['CodeSystem-pro-ctcae.json'] as {
    concept: { code: string; display: string; designation?: unknown[]; extension?: { valueDecimal: number }[] }[];
  };
  const codes = concept.map(({ code }) => code);
  t.equal(new Set(codes).size, codes.length);
  t.equal(codes.filter((code) => /^PROCTCAE_\d+[ABC]_(SCL|IND)$/.test(code)).length, 124);
  t.equal(codes.filter((code) => /^PROCTCAE_\d+_COMP$/.test(code)).length, 80);
  for (const code of ['PROCTCAE_OTHER', 'PROCTCAE_OTHER_IND', 'PROCTCAE_OTHER_TEXT', 'severity', 'presence-1']) {
    t.ok(codes.includes(code), code);
  }
  const severe = concept.find(({ code }) => code === 'severity-3');
  t.match(severe, {
    display: 'Severe',
    extension: [{ valueDecimal: 3 }],
    designation: [{ language: 'fr', value: 'Sévère' }],
  });
  t.notOk(concept.find(({ code }) => code === 'optout-not-applicable')?.extension, 'an opt-out has no weight');
});

t.test('a form of all 80 terms and the write-in is valid and gradable', async (t) => {
  const form = compose({ terms: everyTerm, otherSymptom: true });
  t.strictSame(checkQuestionnaire(form, NO_TERMINOLOGY), []);
  const compiled = compileQuestionnaire(form, NO_TERMINOLOGY);
  t.strictSame(checkGradingItems(compiled), []);
  const asked = [...compiled.items.values()].filter(({ type }) => type !== 'group' && type !== 'display');
  t.equal(asked.length, 126);
  t.ok(
    asked.every(({ required }) => !required),
    'every item may be skipped',
  );
});

t.test('items carry both codes, the item id as linkId, and the ordinals', async (t) => {
  const [frequency] = group(compose(), 'PROCTCAE_9')?.item ?? [];
  t.match(frequency, {
    linkId: 'PROCTCAE_9A_SCL',
    type: 'choice',
    code: [
      { system: NCIT, code: 'C180054' },
      { system: PRO_CTCAE, code: 'PROCTCAE_9A_SCL' },
    ],
    text: 'Nausées : fréquence',
    _text: { extension: [{ extension: [{ valueCode: 'en' }, { valueString: 'Nausea: frequency' }] }] },
  });
  t.strictSame(
    frequency?.answerOption?.map(({ valueCoding, extension }) => [valueCoding?.code, extension?.[0]?.valueDecimal]),
    [0, 1, 2, 3, 4].map((value) => [`frequency-${value}`, value]),
  );
});

t.test('each later attribute names every earlier one in its condition', async (t) => {
  const zero = (code: string) => ({ system: PRO_CTCAE, code });
  const [frequency, severity, interference] = group(compose({ terms: [17] }), 'PROCTCAE_17')?.item ?? [];
  t.equal(frequency?.enableWhen, undefined);
  t.strictSame(severity?.enableWhen, [
    { question: 'PROCTCAE_17A_SCL', operator: '!=', answerCoding: zero('frequency-0') },
  ]);
  t.strictSame(interference?.enableWhen, [
    { question: 'PROCTCAE_17A_SCL', operator: '!=', answerCoding: zero('frequency-0') },
    { question: 'PROCTCAE_17B_SCL', operator: '!=', answerCoding: zero('severity-0') },
  ]);
  t.equal(interference?.enableBehavior, 'all');
});

t.test('no term with opt-outs has a second attribute, so an opt-out never shows a further question', async (t) => {
  for (const { number, items } of library.terms) {
    if (items.some(({ scale }) => library.scales[scale]?.optOut)) t.equal(items.length, 1, `term ${number}`);
  }
});

t.test('opt-outs are offered where the table has them, without a weight', async (t) => {
  const [item] = group(compose({ terms: [68] }), 'PROCTCAE_68')?.item ?? [];
  const optOuts = item?.answerOption?.slice(5);
  t.match(optOuts, [
    { valueCoding: { code: 'optout-not-sexually-active' } },
    { valueCoding: { code: 'optout-prefer-not-to-answer' } },
  ]);
  t.ok(optOuts?.every(({ extension }) => extension === undefined));
  t.equal(group(compose(), 'PROCTCAE_9')?.item?.[0]?.answerOption?.length, 5);
});

t.test('the first item says in both languages that this is not emergency care', async (t) => {
  const [first] = compose().item ?? [];
  t.match(first, { type: 'display', text: /appelez le 15 ou le 112/ });
  t.match(JSON.stringify(first), /call 15 or 112/);
  t.match(compose({ languages: ['en'] }).item?.[0], { text: /not emergency care.*call 15 or 112/ });
});

t.test('each term is headed by its recall period', async (t) => {
  t.equal(group(compose({ languages: ['en'] }), 'PROCTCAE_9')?.text, 'Nausea (the last 7 days)');
});

t.test(
  'a form with our short labels is experimental, tagged and titled as demonstration, whatever its title',
  async (t) => {
    const form = compose({ title: { fr: 'Suivi', en: 'Follow-up' } });
    t.equal(form.experimental, true);
    t.match(form.meta?.tag, [{ code: 'unvalidated-wording' }]);
    t.equal(form.title, 'Suivi (démonstration)');
    t.match(JSON.stringify(form), /Follow-up \(demonstration\)/);
  },
);

t.test('the wording of a site replaces every label and heading, and drops tag and experimental', async (t) => {
  const form = compose({ texts, title: { fr: 'Suivi', en: 'Follow-up' } });
  t.equal(form.meta, undefined);
  t.equal(form.experimental, undefined);
  t.equal(form.title, 'Suivi');
  t.equal(group(form, 'PROCTCAE_9')?.text, undefined);
  t.match(group(form, 'PROCTCAE_9')?.item, [{ text: 'Question A ?' }, { text: 'Question B ?' }]);
  t.strictSame(checkQuestionnaire(form, NO_TERMINOLOGY), []);
});

t.test('wording that misses an item or a language is refused by name', async (t) => {
  const half = { ...texts, PROCTCAE_9B_SCL: { fr: 'Question B ?', en: ' ' } };
  t.throws(() => compose({ texts: half }), { message: 'The texts do not cover: PROCTCAE_9B_SCL (en)' });
  t.throws(() => compose({ texts, otherSymptom: true }), /PROCTCAE_OTHER_IND \(fr\), .*PROCTCAE_OTHER_TEXT \(en\)/);
  t.equal(compose({ texts: half, languages: ['fr'] }).experimental, undefined);
});

t.test('terms keep their order, each once; an unknown number is refused', async (t) => {
  t.strictSame(
    compose({ terms: [53, 9, 53] }).item?.map(({ linkId }) => linkId),
    ['not-emergency-care', 'PROCTCAE_53', 'PROCTCAE_9'],
  );
  t.throws(() => compose({ terms: [81] }), /no term 81; terms are numbered 1 to 80/);
  t.throws(() => compose({ terms: [] }), /at least one term/);
});

const names: [name: string, asked: string, number: number][] = [
  ['English', 'nausea', 9],
  ['capitals', 'FATIGUE', 53],
  ['French with accents', 'Nausées', 9],
  ['French without accents', 'diarrhee', 16],
  ['hyphens for spaces', 'shortness-of-breath', 19],
  ['without what is in brackets', 'gas', 12],
  ['apostrophe', "perte d'appetit", 8],
  ['ampersand', 'numbness & tingling', 39],
  ['number', '56', 56],
];
for (const [name, asked, number] of names) {
  t.test(`a term is found by ${name}`, async (t) => {
    t.strictSame(
      findTerms([asked], library).map((term) => term.number),
      [number],
    );
  });
}

t.test('no two terms share a name', async (t) => {
  for (const term of library.terms) {
    t.strictSame(findTerms([term.term, term.termFr], library), [term]);
  }
});

t.test('the command prints a form that the library composes', async (t) => {
  const { exit, stdout, stderr } = command(
    '--terms',
    'nausea,fatigue',
    '--lang',
    'en,fr',
    '--url',
    'https://example.org/q',
    '--version',
    '2.1.0',
  );
  t.equal(exit, 0);
  t.equal(stderr, '');
  const expected = compose({ terms: [9, 53], languages: ['en', 'fr'], url: 'https://example.org/q', version: '2.1.0' });
  t.strictSame(JSON.parse(stdout), JSON.parse(JSON.stringify(expected)));
});

t.test('without --url, forms that differ have different urls, and the same form the same', async (t) => {
  const url = (...args: string[]) => (JSON.parse(command(...args).stdout) as Questionnaire).url;
  t.equal(url('--terms', '9,53'), url('--terms', 'nausea,fatigue'));
  t.not(url('--terms', '9'), url('--terms', '9', '--lang', 'fr'));
});

t.test('--list prints every term with number, names and attributes', async (t) => {
  const { exit, stdout } = command('--list');
  t.equal(exit, 0);
  t.equal(stdout.trimEnd().split('\n').length, 80);
  t.match(stdout, / 9 {2}Nausea \/ Nausées \(frequency, severity\)\n/);
});

t.test('--other alone is a form; --out names where it belongs', async (t) => {
  t.match(command('--other', '--out', 'x.json'), { exit: 0, out: 'x.json', stdout: /PROCTCAE_OTHER_TEXT/ });
});

const refusals: [name: string, args: string[], says: RegExp][] = [
  [
    'an unknown term, with near matches',
    ['--terms', 'nausae,fatigue'],
    /No PRO-CTCAE term "nausae"\. Near: 9 Nausea \/ Nausées/,
  ],
  ['part of a name, with all that hold it', ['--terms', 'pain'], /Near: .*Abdominal pain.*General pain/],
  ['a term like none', ['--terms', 'xyzzyxyzzy'], /No PRO-CTCAE term "xyzzyxyzzy"\. The option --list/],
  ['a number out of range', ['--terms', '81'], /No PRO-CTCAE term "81"/],
  ['two unknown terms, both told', ['--terms', 'qqqqqq,wwwwww'], /"qqqqqq"(.|\n)*"wwwwww"/],
  ['no terms', [], /--terms is missing/],
  ['a language without labels', ['--terms', '9', '--lang', 'de'], /No labels in language "de"; known are fr, en/],
  ['no language', ['--terms', '9', '--lang', ','], /names no language/],
  ['an unknown option', ['--terms', '9', '--colour', 'red'], /--colour/],
  ['texts that cover nothing', ['--terms', '9', '--texts', 'x'], /do not cover: PROCTCAE_9A_SCL \(fr\)/],
];
for (const [name, args, says] of refusals) {
  t.test(`refused with exit code 2: ${name}`, async (t) => {
    const { exit, stdout, stderr } = command(...args);
    t.equal(exit, 2);
    t.equal(stdout, '');
    t.match(stderr, says);
  });
}

t.test('--texts reads the wording, and warns of answers that are still our translation', async (t) => {
  const run = (file: unknown) =>
    formCommand(['--terms', '9', '--texts', 'w.json'], library, () => JSON.stringify(file));
  t.match(run(texts), { exit: 0, stderr: /French labels of these answers.*frequency-0.*severity-4/ });
  const answers = ['frequency', 'severity'].flatMap((scale) =>
    [0, 1, 2, 3, 4].map((value) => [`${scale}-${value}`, { fr: `réponse ${value}` }]),
  );
  const full = run({ ...texts, ...Object.fromEntries(answers) });
  t.match(full, { exit: 0, stderr: '', stdout: /"display": "réponse 4"/ });
  t.match(run([]), { exit: 2, stderr: /not a JSON object/ });
  t.match(run({ PROCTCAE_9A_SCL: 'text' }), { exit: 2, stderr: /PROCTCAE_9A_SCL is not an object of texts/ });
});
