import type { Flag, Parameters, ParametersParameter, Provenance } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { patientOfRecord, responseOfRecord, versionOf } from '../../evaluation/replaying.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { answeredOtherwise } from '../../rules/answered-otherwise.ts';
import type { DecisionRecord } from '../../rules/decision-record.ts';
import type { Said } from '../../rules/episode.ts';
import { saidOf } from '../../rules/episode-carried.ts';
import { type Explaining, explain } from '../../rules/explain.ts';
import { WORDS } from '../../rules/explain-languages.ts';
import { leftOf, leftParameters, leftText } from '../../rules/explain-partly.ts';
import { termKey } from '../../rules/finding.ts';
import { readRecord } from '../../rules/record.ts';
import { SYSTEM } from '../../rules/resources/codes.ts';
import { textOfFlag } from '../../rules/resources/flag-told.ts';
import type { Language } from '../../rules/resources/labels.ts';
import { readResource } from '../../store/resources.ts';
import { type Decided, decisionOf, keyOfFlag, policiesOfRecord } from './decided.ts';
import { languageOf } from './language.ts';
import { addOperation, type Operation } from './operation.ts';

/** Versions of one Flag that are told of at most, the latest of them. */
const MOST_VERSIONS = 100;

/**
 * `Flag/[id]/$explain?language=en|fr&history=true`: why the present version of a Flag says what it says, read from the decision record that
 * was written with it. Answers Parameters: the facts one by one, `text` as one paragraph, and where the record is kept; with `history` one
 * paragraph more for each version of the Flag, the oldest first. Without `language` the request's Accept-Language counts, then the service's own.
 */
export const explainOperation: Operation = {
  name: 'explain',
  scope: ['instance'],
  types: ['Flag'],
  definition: `${CANONICAL}/OperationDefinition/flag-explain`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = { language: 'code', history: 'boolean' } as const;
    addOperation(app, explainOperation, { parameters }, async ({ inputs, within, request, id = '' }) => {
      const language = languageOf(inputs.text('language'), request, deps.language);
      const stored = await readResource(deps.db, within, 'Flag', id);
      const { parameters, decided } = await told(deps, within, stored, language);
      const past = inputs.truth('history') === true ? await history(deps, within, stored, language) : [];
      const answer: Parameters = {
        resourceType: 'Parameters',
        language,
        parameter: [
          { name: 'flag', valueReference: { reference: versioned(stored) } },
          ...(decided ? [{ name: 'provenance', valueReference: { reference: decided.provenance } }] : []),
          ...parameters,
          ...past,
          ...(decided ? [{ name: 'record', valueString: decided.record }] : []),
        ],
      };
      return answer;
    });
  },
};

interface FlagVersion {
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
}

const versioned = ({ id, version }: Pick<FlagVersion, 'id' | 'version'>): string => `Flag/${id}/_history/${version}`;

/** One version of a Flag, explained; `text` is always among the parameters. */
async function told(
  deps: Deps,
  within: Compartment,
  stored: FlagVersion,
  language: Language,
): Promise<{ parameters: ParametersParameter[]; decided: Decided | undefined }> {
  const flag: Flag = JSON.parse(stored.content);
  const decided = await decisionOf(deps, within, versioned(stored));
  const record = decided && readRecord(decided.record);
  const key = keyOfFlag(flag);
  // What a record says of the term where its Flag was retracted is about another Flag.
  const explained =
    record &&
    flag.status !== 'entered-in-error' &&
    explain(record, key, {
      labels: deps.labels,
      language,
      policies: await policiesOfRecord(deps, within, record),
      patient: (await patientOfRecord(deps, within, record)) ?? {},
      ...(await answersOf(deps, within, record, key, decided)),
    });
  if (explained) return { parameters: explained.parameters, decided };
  const isForeign = flag.language !== language && stored.version > 1;
  const said = isForeign ? await saidBefore(deps, within, stored, key) : undefined;
  const text = textOfFlag(flag, deps.labels, language, said);
  return { parameters: await withoutStep(deps, within, flag, { ...stored, text, record }, language), decided };
}

/** What the last report of a term would have said, had it been answered otherwise. */
async function answersOf(
  deps: Deps,
  within: Compartment,
  record: DecisionRecord,
  key: string,
  { content }: Decided,
): Promise<Pick<Explaining, 'answered'>> {
  const source = record.terms.findLast(({ finding }) => termKey(finding) === key)?.source;
  const provenance: Provenance = JSON.parse(content);
  const held = source && (await responseOfRecord(deps, within, { record, source, provenance }));
  if (!held) return {};
  return { answered: (others) => answeredOtherwise(held.response, held.form, others) };
}

/** What the report said of the term that the version before told of, beside the grade. */
async function saidBefore(
  deps: Deps,
  within: Compartment,
  { id, version }: FlagVersion,
  key: string,
): Promise<Said | undefined> {
  const decided = await decisionOf(deps, within, versioned({ id, version: version - 1 }));
  const step = decided && readRecord(decided.record).terms.findLast(({ finding }) => termKey(finding) === key);
  return step && saidOf(step.finding, {});
}

/** What can be said of a Flag that no step of an episode is recorded of: the report was not evaluated, or not wholly, or is no longer what led to it. */
async function withoutStep(
  deps: Deps,
  within: Compartment,
  flag: Flag,
  { lastUpdated, text, record }: FlagVersion & { text: string | undefined; record: DecisionRecord | undefined },
  language: Language,
): Promise<ParametersParameter[]> {
  const words = WORDS[language];
  const operational = flag.code.coding?.find(({ system }) => system === SYSTEM.flagCode);
  const source = flag.extension?.find(({ valueReference }) => valueReference?.reference)?.valueReference;
  const { broken } = await deps.catalog.at(within);
  const by =
    operational?.code === 'policy-budget' || operational?.code === 'policy-error' ? operational.code : undefined;
  const left = record && by ? leftOf(record, by) : [];
  const telling = { labels: deps.labels, language };
  const sentences = [
    ...(text ? [`${text}.`] : []),
    ...(operational?.code === 'not-evaluated'
      ? [words.notEvaluated(source?.reference ?? '', (flag.period?.start ?? '').slice(0, 10))]
      : []),
    ...(by ? leftText(left, by, telling) : []),
    ...(operational && flag.status === 'active' && broken.length > 0
      ? [words.notEvaluatedBecause(broken.join(', '))]
      : []),
    ...(operational && flag.status === 'inactive' ? [words.evaluated(lastUpdated.slice(0, 10))] : []),
    ...(flag.status === 'entered-in-error' ? [words.retracted(lastUpdated.slice(0, 10))] : []),
  ];
  return [
    ...(operational ? [{ name: 'term', valueCoding: operational }] : []),
    ...(source?.reference ? [{ name: 'report', valueReference: { reference: source.reference } }] : []),
    ...(operational && flag.status === 'active' ? [{ name: 'transition', valueCode: operational.code }] : []),
    ...leftParameters(left, telling),
    { name: 'text', valueString: sentences.join(' ') },
  ];
}

/** Each version of the Flag with the paragraph of the report that moved it, the oldest first. */
async function history(
  deps: Deps,
  within: Compartment,
  current: FlagVersion,
  language: Language,
): Promise<ParametersParameter[]> {
  const first = Math.max(1, current.version - MOST_VERSIONS + 1);
  const versions = Array.from({ length: current.version - first + 1 }, (_, index) => first + index);
  const all: ParametersParameter[] = [];
  for (const version of versions) {
    const stored = await versionOf(deps, within, versioned({ id: current.id, version }));
    if (!stored) continue;
    const { parameters, decided } = await told(deps, within, stored, language);
    const kept = parameters.filter(({ name }) => name === 'report' || name === 'transition' || name === 'text');
    all.push({
      name: 'history',
      part: [
        { name: 'flag', valueReference: { reference: versioned(stored) } },
        ...(decided ? [{ name: 'provenance', valueReference: { reference: decided.provenance } }] : []),
        ...kept,
      ],
    });
  }
  return all;
}
