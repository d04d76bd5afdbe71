import { BROKEN } from '../fhir/broken-examples.ts';

/** A published example, as it is judged: apart from the service, from the specification and from what the service promises. */
export interface Example {
  file: string;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: published JSON of every type; a reason looks at what it knows
  resource: any;
  /** Ids of the Patients among the examples. */
  patients: ReadonlySet<string>;
}

export interface Reason {
  because: string;
  applies(example: Example): boolean;
  /** Status and diagnostics of the refusal. */
  says: RegExp;
}

/** The reason for which an example has to be refused, of several the one that is met first; undefined where it has to be stored. */
export const reasonFor = (example: Example): Reason | undefined => REASONS.find(({ applies }) => applies(example));

const ECA_RULE = 'http://terminology.hl7.org/CodeSystem/plan-definition-type|eca-rule';

/** In the order in which a request meets them. */
const REASONS: readonly Reason[] = [
  {
    because: 'a body has at most 1 MiB',
    applies: ({ text }) => Buffer.byteLength(text) > 1024 * 1024,
    says: /^413 /,
  },
  {
    because: 'it breaks the specification that it is an example of',
    applies: ({ file, resource }) => BROKEN[file]?.[1](resource) === true,
    says: /^400 /,
  },
  {
    because: 'answers are those of a Patient of this server',
    applies: ({ resource }) => isResponse(resource) && !/^Patient\/[^/]+$/.test(resource.subject?.reference ?? ''),
    says: /^422 QuestionnaireResponse\.subject/,
  },
  {
    because: 'the patient whose data it is is not among the examples',
    applies: ({ resource, patients }) => {
      const { subject, patient, individual, for: about } = resource;
      const [, id] = /^Patient\/([^/]+)/.exec((patient ?? subject ?? individual ?? about)?.reference ?? '') ?? [];
      return id !== undefined && !patients.has(id);
    },
    says: /^422 .*Patient\/\S+ is not known here/,
  },
  {
    because: 'answers are those to a form, which they name',
    applies: ({ resource }) => isResponse(resource) && resource.questionnaire === undefined,
    says: /^422 QuestionnaireResponse\.questionnaire is required/,
  },
  {
    because: 'the form is named by a canonical url that is held; no example has an active form to it',
    applies: ({ resource }) => isResponse(resource),
    says: /^422 QuestionnaireResponse\.questionnaire: expected a Questionnaire that has an active version/,
  },
  {
    because: 'an eca-rule is a policy of this service, and this one is written for another engine',
    applies: ({ resource }) =>
      resource.resourceType === 'PlanDefinition' &&
      (resource.type?.coding ?? []).some(
        ({ system, code }: { system?: string; code?: string }) => `${system}|${code}` === ECA_RULE,
      ),
    says: /^422 .*(not acted on here|expected|required|PlanDefinition)/,
  },
  {
    because: 'nothing would be delivered to a subscription that waits for news',
    applies: ({ resource }) => resource.resourceType === 'Subscription' && resource.status !== 'off',
    says: /^422 Subscription\.status: no channel/,
  },
];

const isResponse = ({ resourceType }: { resourceType?: string }): boolean => resourceType === 'QuestionnaireResponse';
