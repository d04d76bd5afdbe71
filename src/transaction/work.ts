import { criteriaOf, onlyMatch } from '../conditional.ts';
import { FhirError, fault } from '../fhir/errors.ts';
import { type Preconditions, readVersions } from '../fhir/preconditions.ts';
import { type Owner, ownerOf, wellFormed } from '../save/checks.ts';
import { checkPlain, createSeveral, type Plain } from '../save/several.ts';
import { conditionalUpdate, create, patch, remove, type Saved, update } from '../save.ts';
import { StaleRead } from '../store/errors.ts';
import type { Answer, Reader } from './answer.ts';
import { type BundleEntry, placeOf } from './entries.ts';
import { Identities } from './identities.ts';
import { inOrder, inOrderOfRemoval } from './order.ts';
import { relinkPatch } from './patch-links.ts';
import type { Prepared, Work } from './prepared.ts';
import { ofEntry } from './refusal.ts';
import type { Request, Write } from './requests.ts';
import { Resolution } from './resolution.ts';

type Storing = Prepared<Extract<Request, { kind: 'create' | 'update' }>>;
type Patching = Prepared<Extract<Request, { kind: 'patch' }>>;
type Deleting = Prepared<Extract<Request, { kind: 'delete' }>>;

/** All entries, one after the other, in the order of the verbs; the answers in the order of the Bundle. Throws what ends the transaction. */
export async function workThrough(work: Work, prepared: readonly Prepared[], read: Reader): Promise<Answer[]> {
  const { deps } = work;
  const identities = new Identities();
  const answers = new Map<BundleEntry, Answer>();
  const writes = prepared.filter((one): one is Prepared<Write> => one.request.kind !== 'read');
  const storing = writes.filter((one): one is Storing => isStoring(one.request));

  // Those who name a resource by its id are known at once, so the same one twice is refused before anything is done.
  for (const { request } of writes) {
    if (request.kind === 'create' || request.id === undefined) continue;
    await forEntry(request.entry, async () => identities.changes(request.entry, `${request.spec.type}/${request.id}`));
  }
  for (const { request } of inOrderOfRemoval(writes.filter((one): one is Deleting => one.request.kind === 'delete'))) {
    const version = await forEntry(request.entry, () => erase(work, identities, request));
    answers.set(request.entry, { kind: 'deleted', version });
  }
  const resolution = new Resolution(work, identities);
  for (const { request } of inOrder(storing)) {
    if (request.kind === 'create' ? request.ifNoneExist === undefined : request.id !== undefined) continue;
    await forEntry(request.entry, async () => {
      const existing = await findExisting(work, identities, resolution, request);
      if (existing) answers.set(request.entry, { kind: 'written', saved: existing });
    });
  }
  let pending = inOrder(storing.filter(({ request }) => !answers.has(request.entry)));
  while (pending.length > 0) {
    const ready = new Set(await resolution.advance(pending));
    const groups = groupsOf(identities, resolution, [...ready]);
    for (const one of ready) {
      const { entry } = one.request;
      if (answers.has(entry)) continue;
      const group = groups.get(one);
      if (group) {
        for (const [member, saved] of await storeGroup(work, identities, resolution, group)) {
          answers.set(member, { kind: 'written', saved });
        }
        continue;
      }
      const saved = await forEntry(entry, () => store(work, identities, resolution, one));
      if (saved) answers.set(entry, { kind: 'written', saved });
    }
    pending = pending.filter((one) => !ready.has(one));
  }
  for (const [entry, twin] of resolution.twins) {
    const answer = answers.get(twin);
    if (answer?.kind === 'written')
      answers.set(entry, { kind: 'written', saved: { ...answer.saved, outcome: 'existing' } });
  }
  for (const { request } of writes.filter((one): one is Patching => one.request.kind === 'patch')) {
    const saved = await forEntry(request.entry, () => change(work, identities, resolution, request));
    answers.set(request.entry, { kind: 'written', saved });
  }
  for (const { request } of prepared) {
    const { entry } = request;
    if (request.kind !== 'read') continue;
    answers.set(entry, { kind: 'read', read: await forEntry(entry, () => read(deps, entry)) });
  }
  return prepared.map(({ request }) => {
    const answer = answers.get(request.entry);
    if (!answer) throw new Error('an entry of a transaction was left out');
    return answer;
  });
}

const isStoring = ({ kind }: Request): boolean => kind === 'create' || kind === 'update';

/** What goes wrong is told of the entry. */
async function forEntry<T>(entry: BundleEntry, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw ofEntry(entry, error);
  }
}

async function erase(work: Work, identities: Identities, request: Deleting['request']): Promise<number | undefined> {
  const { deps, within } = work;
  const { entry, spec } = request;
  const id = request.id ?? (await matchOf(work, request))?.id;
  if (id === undefined) return undefined;
  identities.changes(entry, `${spec.type}/${id}`);
  return remove(deps, within, spec, id, preconditionsOf(entry));
}

/**
 * What a conditional create finds, which is then left as it is; and which resource a conditional update is about. Two creates
 * that ask for the same are one: the later one stands for what the first one makes.
 */
async function findExisting(
  work: Work,
  identities: Identities,
  resolution: Resolution,
  request: Storing['request'],
): Promise<Saved | undefined> {
  const { deps, within } = work;
  const { entry, spec, received } = request;
  if (request.kind === 'create') {
    if (request.ifNoneExist === undefined) return undefined;
    wellFormed(spec, received);
    const criteria = criteriaOf(deps, spec, request.ifNoneExist, 'If-None-Exist');
    const hit = await onlyMatch(deps, within, criteria);
    if (hit) identities.found(entry, `${spec.type}/${hit.id}`);
    else resolution.once(entry, criteria.key);
    return hit && { ...hit, outcome: 'existing' };
  }
  if (request.id !== undefined) return undefined;
  const { id: own } = received.value as { id?: unknown }; // a resource
  const id = (await matchOf(work, request))?.id ?? own;
  if (typeof id === 'string') identities.changes(entry, `${spec.type}/${id}`);
  return undefined;
}

const matchOf = ({ deps, within }: Work, { spec, criteria = '' }: Exclude<Write, { kind: 'create' }>) =>
  onlyMatch(deps, within, criteriaOf(deps, spec, criteria, 'the criteria of the URL'));

/** Creates or updates one resource, its links being those of this server. Undefined for the twin of another entry. */
async function store(
  { deps, within }: Work,
  identities: Identities,
  resolution: Resolution,
  { request, links }: Storing,
): Promise<Saved | undefined> {
  const { entry, spec } = request;
  const twin = resolution.twins.get(entry);
  const received = resolution.relink(entry, request.received, links);
  if (twin) return undefined;
  const identity = identities.of(entry);
  const id = identity?.slice(spec.type.length + 1);
  let saved: Saved;
  if (request.kind === 'create') {
    const { ifNoneExist } = request;
    saved = await create(deps, within, spec, received, {
      ...(id === undefined ? {} : { id }),
      ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
    });
  } else if (request.id !== undefined) {
    saved = await update(deps, within, spec, request.id, received, preconditionsOf(entry));
  } else {
    const options = { ...preconditionsOf(entry), ...(id === undefined ? {} : { id }) };
    saved = await conditionalUpdate(deps, within, spec, request.criteria, received, options);
  }
  const written = `${saved.type}/${saved.id}`;
  if (written === identity) return saved;
  // Others of the Bundle refer to it already, under the name that was given before. Was it not there then, another writer came between.
  if (identities.isChanged(written)) throw overlapping(entry);
  throw new StaleRead();
}

/** Plain creates of one patient, `Patient/id`. */
interface Group {
  patient: string;
  members: Storing[];
}

/** The group of each plain create that belongs to a patient. */
function groupsOf(identities: Identities, resolution: Resolution, ready: readonly Storing[]): Map<Storing, Group> {
  const byPatient = new Map<string, Group>();
  const groups = new Map<Storing, Group>();
  for (const one of ready) {
    if (!one.isPlain) continue;
    const { entry, spec } = one.request;
    const patient = spec.type === 'Patient' ? identities.of(entry) : resolution.patientOf(one);
    if (!patient?.startsWith('Patient/')) continue;
    const group = byPatient.get(patient) ?? { patient, members: [] };
    byPatient.set(patient, group);
    group.members.push(one);
    groups.set(one, group);
  }
  return groups;
}

/** All of a group in one statement. */
async function storeGroup(
  { deps, within }: Work,
  identities: Identities,
  resolution: Resolution,
  { patient, members }: Group,
): Promise<[BundleEntry, Saved][]> {
  const [first] = members;
  if (!first) return [];
  // Patients go first, so one that the Bundle creates is the first of its group, and has no owner.
  const isNew = identities.of(first.request.entry) === patient;
  const all: Plain[] = [];
  let owner: Owner | undefined;
  for (const { request, links } of members) {
    const { entry, spec } = request;
    try {
      const received = resolution.relink(entry, request.received, links);
      const resource = wellFormed(spec, received);
      const id = identities.of(entry)?.slice(spec.type.length + 1) ?? '';
      const plain: Plain = { spec, received, resource, id };
      const checking = checkPlain(deps, within, plain);
      if (checking) await checking;
      if (!isNew) owner ??= ownerOf(deps, spec, resource);
      all.push(plain);
    } catch (error) {
      throw ofEntry(entry, error);
    }
  }
  const saved = await forEntry(first.request.entry, () => createSeveral(deps, within, owner, all));
  return members.flatMap(({ request }, i): [BundleEntry, Saved][] => {
    const one = saved[i];
    return one ? [[request.entry, one]] : [];
  });
}

async function change(
  work: Work,
  identities: Identities,
  resolution: Resolution,
  request: Patching['request'],
): Promise<Saved> {
  const { deps, within } = work;
  const { entry, spec } = request;
  const id = request.id ?? (await matchOf(work, request))?.id;
  if (id === undefined) throw new FhirError([fault('not-found', `No ${spec.type} matches the criteria`)]);
  identities.changes(entry, `${spec.type}/${id}`);
  const operations = relinkPatch(request.patch, (link) => resolution.identityOf(entry, link));
  return patch(deps, within, spec, id, operations, preconditionsOf(entry));
}

/** What an entry asks of the current version, as the headers of the same name do. */
function preconditionsOf({ ifMatch, ifNoneMatch }: BundleEntry): Preconditions {
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readVersions(ifMatch, 'ifMatch') }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readVersions(ifNoneMatch, 'ifNoneMatch') }),
  };
}

const overlapping = (entry: BundleEntry): FhirError =>
  new FhirError(
    [
      fault(
        'duplicate',
        'What another entry of this Bundle writes matches the criteria of this one; one transaction writes each resource once',
        placeOf(entry),
      ),
    ],
    { status: 400 },
  );
