import type { Coding, Meta, Parameters } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { badRequest } from '../../fhir/errors.ts';
import { RESOURCES, resourceSpec } from '../../fhir/resources.ts';
import type { Patch } from '../../patch.ts';
import { patch } from '../../save.ts';
import { metasOf } from '../../store/metas.ts';
import { readResource, type Stored } from '../../store/resources.ts';
import { addOperation, type Call, type Operation } from './operation.ts';

/** `$meta` of an instance, of a type, of the whole server: profiles, tags and security labels. Source: FHIR R4, operation Resource-meta. */
export const metaOperation: Operation = {
  name: 'meta',
  scope: ['system', 'type', 'instance'],
  types: RESOURCES.map(({ type }) => type),
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, metaOperation, { parameters: {} }, async ({ within, type, id }) => {
      if (type !== undefined && id !== undefined) return answer(metaOf(await readResource(deps.db, within, type, id)));
      const metas = await metasOf(deps.db, within, type === undefined ? undefined : [type]);
      return answer(metas.reduce(union, {}));
    });
  },
};

/** `$meta-add`: what is not there yet is added, as a new version. Source: FHIR R4, operation Resource-meta-add. */
export const metaAddOperation: Operation = changing('meta-add', union);

/** `$meta-delete`: what is there is taken away, as a new version; what is not there is no error. Source: FHIR R4, Resource-meta-delete. */
export const metaDeleteOperation: Operation = changing('meta-delete', without);

/** Versions never change, so labels that change make a new one. */
function changing(name: 'meta-add' | 'meta-delete', change: (held: Labels, given: Labels) => Labels): Operation {
  const operation: Operation = {
    name,
    scope: ['instance'],
    types: RESOURCES.filter(({ interactions }) => interactions.includes('update')).map(({ type }) => type),
    definition: `http://hl7.org/fhir/OperationDefinition/Resource-${name}`,
    affectsState: true,
    addRoute(app, deps) {
      addOperation(app, operation, { parameters: { meta: 'Meta' } }, async (call) => {
        const given = call.inputs.meta('meta');
        if (!given) throw badRequest('meta: expected a Meta with the labels to change');
        return changed(deps, call, (held) => change(held, given));
      });
    },
  };
  return operation;
}

async function changed(
  deps: Deps,
  { within, type = '', id = '' }: Call,
  change: (held: Labels) => Labels,
): Promise<Parameters> {
  const spec = resourceSpec(type);
  if (!spec) throw badRequest('This type is not served');
  const stored = await readResource(deps.db, within, type, id);
  const before = labelsOf(metaOf(stored));
  const after = labelsOf(change(before));
  const steps = LABELS.flatMap((name): Patch => {
    const path = `/meta/${name}`;
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) return [];
    if (!after[name]) return [{ op: 'remove', path }];
    return [{ op: 'add', path, value: after[name] }];
  });
  if (steps.length === 0) return answer(metaOf(stored));
  // Who writes in between makes this fail rather than be undone.
  const saved = await patch(deps, within, spec, id, steps, { ifMatch: stored.version });
  return answer(metaOf(saved));
}

type Labels = Pick<Meta, 'profile' | 'tag' | 'security'>;
const LABELS = ['profile', 'tag', 'security'] as const;

const metaOf = ({ content }: Pick<Stored, 'content'>): Meta => JSON.parse(content).meta ?? {};

const answer = (meta: Meta): Parameters => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'return', valueMeta: meta }],
});

/** Labels alone, in one form: no empty arrays. */
const labelsOf = ({ profile, tag, security }: Labels): Labels => ({
  ...(profile?.length ? { profile } : {}),
  ...(tag?.length ? { tag } : {}),
  ...(security?.length ? { security } : {}),
});

const codingKey = ({ system = '', code = '' }: Coding): string => `${system}|${code}`;

function union(held: Labels, given: Labels): Labels {
  const codings = (a: Coding[] = [], b: Coding[] = []): Coding[] => {
    const known = new Set(a.map(codingKey));
    return [...a, ...b.filter((one) => !known.has(codingKey(one)) && known.add(codingKey(one)))];
  };
  return labelsOf({
    profile: [...new Set([...(held.profile ?? []), ...(given.profile ?? [])])],
    tag: codings(held.tag, given.tag),
    security: codings(held.security, given.security),
  });
}

function without(held: Labels, given: Labels): Labels {
  const codings = (a: Coding[] = [], b: Coding[] = []): Coding[] => {
    const gone = new Set(b.map(codingKey));
    return a.filter((one) => !gone.has(codingKey(one)));
  };
  return labelsOf({
    profile: (held.profile ?? []).filter((one) => !given.profile?.includes(one)),
    tag: codings(held.tag, given.tag),
    security: codings(held.security, given.security),
  });
}
