import fhirpath from 'fhirpath';
import r4Model from 'fhirpath/fhir-context/r4';

type Members = Record<string, unknown>;

const PUBLISHED_CODE = /^[^\s]+(\s[^\s]+)*$/;
const hasBadCode = (system: Members): boolean =>
  (system.concept as { code: string }[]).some(({ code }) => !PUBLISHED_CODE.test(code));
const noBase: [RegExp, (resource: Members) => boolean] = [
  /element base is required/,
  (resource) => !('base' in resource),
];
const noBaseDefinition: [RegExp, (resource: Members) => boolean] = [
  /sdf-4/,
  (resource) => resource.abstract !== true && !('baseDefinition' in resource),
];

/**
 * Published examples that break the specification that they are examples of: what we say, and a second look at the same
 * fault that asks nothing of the validator.
 */
export const BROKEN: Record<string, [says: RegExp, confirm: (resource: Members) => boolean]> = {
  'Bundle-dataelements.json': [
    /bdl-7/,
    ({ entry }) => new Set((entry as Members[]).map(({ fullUrl }) => fullUrl)).size < (entry as Members[]).length,
  ],
  'Bundle-v2-valuesets.json': [
    /Expected a code/,
    ({ entry }) =>
      (entry as { resource: Members }[]).some(({ resource }) => 'concept' in resource && hasBadCode(resource)),
  ],
  'CodeSystem-v2-0550.json': [/Expected a code/, hasBadCode],
  'Observation-clinical-gender.json': [
    /Expected a reference to/,
    ({ performer }) => (performer as { reference: string }[])[0]?.reference.startsWith('Encounter/') === true,
  ],
  'Questionnaire-qs1.json': [/linkId is required/, (form) => /"item":\[\{(?!"linkId")/.test(JSON.stringify(form))],
  'Questionnaire-zika-virus-exposure-assessment.json': [
    /XHTML/,
    (resource) =>
      fhirpath.evaluate(resource, 'Questionnaire.text.`div`.htmlChecks()', {}, r4Model, { async: false })[0] === false,
  ],
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json': [
    /Expected an id/,
    ({ id }) => String(id).length > 64,
  ],
  ...Object.fromEntries(
    ['author', 'effective', 'end', 'keyword', 'workflow'].flatMap((name) => [
      [`SearchParameter-codesystem-extensions-CodeSystem-${name}.json`, noBase],
      [`SearchParameter-valueset-extensions-ValueSet-${name}.json`, noBase],
    ]),
  ),
  ...Object.fromEntries(
    ['Definition', 'Event', 'FiveWs', 'Request'].map((name) => [`StructureDefinition-${name}.json`, noBaseDefinition]),
  ),
};
