import { CANONICAL } from '../../fhir/canonical.ts';
import { badRequest } from '../../fhir/errors.ts';
import { findTerms, languagesOf, urlOf } from '../../form-terms.ts';
import { composeForm } from '../../forms.ts';
import { DATA } from '../../rules/gradings/pro-ctcae-data.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

/**
 * `Questionnaire/$compose`: a PRO-CTCAE form of the terms that are asked for, as `npm run form` prints it. Nothing is stored: who
 * wants to use it posts it.
 */
export const composeOperation: Operation = {
  name: 'compose',
  scope: ['type'],
  types: ['Questionnaire'],
  definition: `${CANONICAL}/OperationDefinition/questionnaire-compose`,
  affectsState: false,
  addRoute(app) {
    const parameters = {
      term: 'string*',
      language: 'code*',
      other: 'boolean',
      url: 'uri',
      version: 'string',
      title: 'string',
    } as const;
    addOperation(app, composeOperation, { parameters }, async ({ inputs }) => composed(inputs));
  },
};

/** What the composer refuses is a fault of the request. */
function composed(inputs: Inputs): object {
  const title = inputs.text('title');
  try {
    const choice = {
      terms: findTerms(parts(inputs.texts('term')), DATA.items).map(({ number }) => number),
      languages: languagesOf(inputs.has('language') ? parts(inputs.texts('language')) : ['fr', 'en']),
      otherSymptom: inputs.truth('other') === true,
      version: inputs.text('version') ?? '1.0.0',
      ...(title === undefined ? {} : { title: { fr: title, en: title } }),
    };
    return composeForm({ ...choice, url: inputs.text('url') ?? urlOf(choice) }, DATA.items);
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(error.message);
    throw error;
  }
}

/** Each may be a list with commas. The codes of our own CodeSystem name a term too: PROCTCAE_9 and its result PROCTCAE_9_COMP are term 9. */
const parts = (texts: readonly string[]): string[] =>
  texts
    .flatMap((text) => text.split(','))
    .map((part) => part.trim().replace(/^PROCTCAE_(\d{1,2})(?:_COMP)?$/, '$1'))
    .filter((part) => part !== '');
