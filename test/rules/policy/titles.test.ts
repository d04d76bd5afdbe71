import { readdirSync, readFileSync } from 'node:fs';
import type { PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { titleIn, titlesOf } from '../../../src/rules/policy/titles.ts';
import { translation } from '../builders.ts';

const titled = (title: string | undefined, extension: object[], more: object = {}) => ({
  ...(title === undefined ? {} : { title }),
  _title: { extension },
  ...more,
});

t.test('a title is told in the language of the reader where it is translated, else as it is', async (t) => {
  const fever = titled('Fever', [translation('de', 'Fieber'), translation('fr', 'Fièvre')]);
  t.equal(titleIn(fever, 'fr'), 'Fièvre');
  t.equal(titleIn(fever, 'en'), 'Fever');
  t.equal(titleIn({ title: 'Fever' }, 'fr'), 'Fever');
  t.equal(titleIn(titled('Fièvre', [translation('en', 'Fever')]), 'en'), 'Fever', 'the other way round');
  t.equal(titleIn({}, 'fr'), undefined);
});

t.test('a language of a region will do where there is no other', async (t) => {
  t.equal(titleIn(titled('Fever', [translation('fr-CA', 'Fièvre (QC)')]), 'fr'), 'Fièvre (QC)');
  t.equal(titleIn(titled('Fever', [translation('fr-CA', 'Fièvre (QC)'), translation('fr', 'Fièvre')]), 'fr'), 'Fièvre');
  t.equal(titleIn(titled('Fever', [translation('frr', 'Feeber')]), 'fr'), 'Fever', 'another language');
});

t.test('a description stands for a title that is not there, and so does its translation', async (t) => {
  const described = { description: 'It burns', _description: { extension: [translation('fr', 'Ça brûle')] } };
  t.equal(titleIn(described, 'fr'), 'Ça brûle');
  t.equal(titleIn({ ...described, title: 'Fever' }, 'fr'), 'Fever', 'but not for one that is');
});

t.test('what is no translation is none', async (t) => {
  for (const extension of [
    [{ url: 'https://example.org/translation', extension: translation('fr', 'Fièvre').extension }],
    [{ ...translation('fr', 'x'), extension: [{ url: 'lang', valueCode: 'fr' }] }],
    [{ ...translation('fr', 'x'), extension: undefined }],
  ]) {
    t.equal(titlesOf(titled('Fever', extension)), undefined);
  }
});

t.test('every policy that ships has a French title, and so has each of its actions', async (t) => {
  for (const file of readdirSync('profiles/policies')) {
    const plan: PlanDefinition = JSON.parse(readFileSync(`profiles/policies/${file}`, 'utf8'));
    for (const one of [plan, ...(plan.action ?? [])]) {
      t.ok(one.title, `${file}: ${one.id}`);
      t.ok(titlesOf(one)?.fr, `${file}: ${one.id}`);
      t.not(titlesOf(one)?.fr, one.title, `${file}: ${one.id}`);
    }
  }
});
