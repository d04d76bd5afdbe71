import type { CodeSystem, Questionnaire, QuestionnaireItem, ValueSet } from '@medplum/fhirtypes';
import { buildTerminology, type Terminology } from '../terminology.ts';
import { compileEnableWhen } from './enable-when.ts';
import { extensionOf, MAX_VALUE, MIN_VALUE, UNIT } from './extensions.ts';
import { type Level, NOTHING, type Node } from './node.ts';
import { optionsOf } from './options.ts';

/** The items of a form, compiled. Of two items with one linkId the first is kept under that name. */
export interface Form {
  readonly root: Level;
  readonly items: ReadonlyMap<string, Node>;
}

/** Reads the items of a form; works on a faulty one too, so that its faults can be told. */
export function compileForm(questionnaire: Questionnaire, terminology: Terminology): Form {
  const items = new Map<string, Node>();
  const known = withContained(questionnaire, terminology);

  const readLevel = (
    sources: readonly QuestionnaireItem[] | undefined,
    above: readonly Node[],
    place: string,
  ): Level => {
    const nodes: Node[] = [];
    const byLinkId = new Map<string, Node>();
    for (const [index, source] of (sources ?? []).entries()) {
      const node = readNode(source, above, index, `${place}.item[${index}]`);
      nodes.push(node);
      if (!byLinkId.has(node.linkId)) byLinkId.set(node.linkId, node);
    }
    return { nodes, byLinkId };
  };

  const readNode = (source: QuestionnaireItem, above: readonly Node[], index: number, place: string): Node => {
    const chain: Node[] = [...above];
    const options = optionsOf(source, known);
    const parent = above.at(-1)?.linkId;
    const numeric = source.type === 'integer' || source.type === 'decimal';
    const min = numeric ? bound(source, MIN_VALUE) : undefined;
    const max = numeric ? bound(source, MAX_VALUE) : undefined;
    const unit = numeric ? extensionOf(source.extension, UNIT)?.valueCoding : undefined;
    const node: Writable<Node> = {
      linkId: source.linkId,
      type: source.type,
      ...(source.text === undefined ? {} : { text: source.text }),
      codes: source.code ?? NOTHING,
      required: source.required === true,
      repeats: source.repeats === true,
      readOnly: source.readOnly === true,
      ...(options ? { options } : {}),
      optionsUnknown: options === undefined && source.answerValueSet !== undefined,
      ...(min === undefined ? {} : { minValue: min }),
      ...(max === undefined ? {} : { maxValue: max }),
      ...(unit === undefined ? {} : { unit }),
      ...(parent === undefined ? {} : { parent }),
      children: NOTHING,
      dependsOn: [...new Set((source.enableWhen ?? []).map(({ question }) => question))],
      source,
      place,
      chain,
      index,
      level: EMPTY_LEVEL,
      failing: () => NOTHING,
    };
    chain.push(node);
    if (!items.has(node.linkId)) items.set(node.linkId, node);
    node.level = readLevel(source.item, chain, place);
    node.children = node.level.nodes;
    // A condition may ask about an item further down, so conditions are linked when every item is known.
    if (source.enableWhen)
      later.push(() => {
        node.failing = compileEnableWhen(node, (linkId) => items.get(linkId));
      });
    return node;
  };

  const later: (() => void)[] = [];
  const root = readLevel(questionnaire.item, [], 'Questionnaire');
  for (const link of later) link();
  return { root, items };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const EMPTY_LEVEL: Level = { nodes: NOTHING, byLinkId: new Map() };

/** `#id` names a resource contained in the form; it may itself rest on what lies outside. */
function withContained(questionnaire: Questionnaire, terminology: Terminology): Terminology {
  const contained = questionnaire.contained ?? [];
  const valueSets = contained.filter((resource): resource is ValueSet => resource.resourceType === 'ValueSet');
  const codeSystems = contained.filter((resource): resource is CodeSystem => resource.resourceType === 'CodeSystem');
  if (valueSets.length === 0 && codeSystems.length === 0) return terminology;
  const local = valueSets.map(({ version: _, ...set }): ValueSet => ({ ...set, url: `#${set.id}` }));
  return buildTerminology(codeSystems, local, terminology);
}

function bound(source: QuestionnaireItem, urls: readonly string[]): number | undefined {
  const extension = extensionOf(source.extension, urls);
  return extension?.valueInteger ?? extension?.valueDecimal;
}
