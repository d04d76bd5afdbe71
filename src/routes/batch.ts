import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { badRequest, FhirError, fault, type Issue } from '../fhir/errors.ts';
import { toRefusal } from '../fhir/outcome.ts';
import { outcomeOf } from '../rules/resources/outcome.ts';
import type { Answer, Reader } from '../transaction/answer.ts';
import { type BundleEntry, placeOf, readBundle } from '../transaction/entries.ts';
import { linksOf } from '../transaction/links.ts';
import { byFullUrl, conditionalReference } from '../transaction/references.ts';
import { type ResponseEntry, responseBundle } from '../transaction/response.ts';
import { transact } from '../transaction.ts';
import { deletionOutcome } from './delete.ts';
import { type EntryAnswer, sendEntry } from './entry-request.ts';
import { locationOf, preferredReturn, type Return, sendJson } from './reply.ts';
import { compartmentOfCaller, readBody } from './route.ts';

/** What the answers to one Bundle may come to together, in characters: searches could make of a small request what no memory holds. */
const MOST_ANSWERED = 32 * 1024 * 1024;
/** Reads of a batch that are under way at once. */
const READS_AT_ONCE = 4;

/** FHIR batch and transaction. Source: https://hl7.org/fhir/R4/http.html#transaction */
export function addBatch(app: FastifyInstance, deps: Deps, build: (inside: Deps) => FastifyInstance): void {
  const insides = new Insides(deps, build);
  app.addHook('onClose', () => insides.close());
  app.post('/', async (request, reply) => {
    const { type, entries } = readBundle(readBody(request.body), deps.baseUrl);
    if (type === 'batch') return sendJson(reply, responseBundle(type, await batch(app, deps, entries, request)));
    // Made before the transaction begins: it would hold its locks meanwhile.
    if (entries.some(({ verb }) => verb === 'GET' || verb === 'HEAD')) await insides.prepare();
    const room = new Room();
    const read: Reader = async (inside, entry) => {
      const answer = await insides.use(inside, (one) => sendEntry(one, deps.baseUrl, entry, request));
      if (answer.status >= 400) throw refusalIn(answer);
      if (!room.take(answer.body.length)) throw tooMuch();
      return answer;
    };
    const answers = await transact(deps, compartmentOfCaller(), entries, read);
    const preferred = preferredReturn(request);
    const list = answers.map((answer, at) => transactionEntry(deps, answer, preferred, entries[at]?.url ?? ''));
    return sendJson(reply, responseBundle(type, list));
  });
}

/** Each entry on its own, in order; reads that follow each other go together. */
async function batch(
  app: FastifyInstance,
  deps: Deps,
  entries: readonly BundleEntry[],
  request: FastifyRequest,
): Promise<ResponseEntry[]> {
  const named = byFullUrl(entries);
  const room = new Room();
  const one = async (entry: BundleEntry): Promise<ResponseEntry> => {
    try {
      refuseLinks(entry, named, deps.baseUrl);
      const answer = await sendEntry(app, deps.baseUrl, entry, request);
      if (!room.take(answer.body.length)) throw tooMuch();
      return batchEntry(answer, entry);
    } catch (error) {
      const { status, outcome, unforeseen } = toRefusal(error);
      deps.metrics.refused(status, outcome);
      if (unforeseen) deps.log.error({ err: error, request: request.id }, 'unforeseen');
      return { status, outcome: JSON.stringify(outcome) };
    }
  };
  const answers: ResponseEntry[] = [];
  for (let at = 0; at < entries.length; ) {
    const next = entries.slice(at, at + READS_AT_ONCE);
    const writing = next.findIndex(({ verb }) => verb !== 'GET' && verb !== 'HEAD');
    const together = next.slice(0, writing < 0 ? next.length : Math.max(writing, 1));
    answers.push(...(await Promise.all(together.map(one))));
    at += together.length;
  }
  return answers;
}

/**
 * Entries of a batch know nothing of each other, and references that are a search are looked up in transactions only.
 * Source: FHIR R4, section 3.1.0.11.1: such references are non-conformant; section 3.1.0.11.2: Conditional references.
 */
function refuseLinks(entry: BundleEntry, named: ReadonlyMap<string, BundleEntry>, baseUrl: string): void {
  if (!entry.resource || (named.size === 0 && !entry.resource.text.includes('?'))) return;
  for (const { kind, value, path } of linksOf(entry.resource)) {
    if (kind === 'reference' && conditionalReference(value, baseUrl)) {
      throw badRequest(`${path}: a conditional reference is looked up in a transaction only; send one`, path);
    }
    const other = kind === 'reference' ? named.get(value) : undefined;
    if (!other || other === entry || !value.startsWith('urn:')) continue;
    throw badRequest(
      `${path} refers to ${placeOf(other)}: entries of a batch cannot refer to each other; send a transaction`,
      path,
    );
  }
}

/** What an operation gives is its result, also where that is an OperationOutcome; anything else gives one beside its result. */
function batchEntry(
  { status, body, location, etag, lastModified }: EntryAnswer,
  { url }: Pick<BundleEntry, 'url'>,
): ResponseEntry {
  const isResult = status < 400 && /^[^?]*\$/.test(url);
  const isOutcome = !isResult && body.startsWith('{"resourceType":"OperationOutcome"');
  return {
    ...(body === '' || isOutcome ? {} : { resource: body }),
    ...(location === undefined || status >= 400 ? {} : { fullUrl: location.replace(/\/_history\/[^/]*$/, '') }),
    status,
    location,
    etag,
    lastModified,
    ...(isOutcome ? { outcome: body } : {}),
  };
}

function transactionEntry(deps: Deps, answer: Answer, preferred: Return, url: string): ResponseEntry {
  if (answer.kind === 'deleted') {
    const etag = answer.version === undefined ? {} : { etag: `W/"${answer.version}"` };
    if (preferred !== 'OperationOutcome') return { status: 204, ...etag };
    return { status: 200, ...etag, outcome: JSON.stringify(deletionOutcome(answer.version)) };
  }
  if (answer.kind === 'read') return batchEntry(answer.read, { url });
  const { saved } = answer;
  const body =
    preferred === 'representation'
      ? { resource: saved.content }
      : preferred === 'OperationOutcome'
        ? {
            outcome: JSON.stringify(
              outcomeOf({
                ...(saved.changes ?? { flags: [], findings: [], undecided: [] }),
                warnings: saved.warnings,
                labels: deps.labels,
                language: deps.language,
              }),
            ),
          }
        : {};
  return {
    fullUrl: `${deps.baseUrl}/${saved.type}/${saved.id}`,
    status: saved.outcome === 'created' ? 201 : 200,
    location: locationOf(deps.baseUrl, saved),
    etag: `W/"${saved.version}"`,
    lastModified: saved.lastUpdated,
    ...body,
  };
}

/** The refusal that the service answered a read with. */
function refusalIn({ status, body }: EntryAnswer): FhirError {
  const { issue = [] }: { issue?: (Omit<Issue, 'expression'> & { expression?: string[] })[] } = body
    ? JSON.parse(body)
    : {};
  const issues = issue.map(
    ({ severity, code, diagnostics, expression }): Issue => ({
      severity,
      code,
      diagnostics,
      ...(expression?.[0] === undefined ? {} : { expression: expression[0] }),
    }),
  );
  const [first = fault('processing', 'The read was refused'), ...more] = issues;
  return new FhirError([first, ...more], { status });
}

const tooMuch = (): FhirError =>
  new FhirError(
    [fault('too-costly', 'The answers to this Bundle are too large together: ask for less, or in several Bundles')],
    { status: 413 },
  );

/** What is left of MOST_ANSWERED. */
class Room {
  #left = MOST_ANSWERED;

  take(characters: number): boolean {
    this.#left -= characters;
    return this.#left >= 0;
  }
}

/** Reads within transactions that are answered at once. Each needs a copy of the service, which takes memory and time to build. */
const MOST_INSIDES = 2;

/** Copies of the service that answer reads on what a transaction sees, made when they are first needed. */
class Insides {
  readonly #deps: Deps;
  readonly #build: (inside: Deps) => FastifyInstance;
  readonly #all: Inside[] = [];
  readonly #idle: Inside[] = [];
  readonly #waiting: ((one: Inside) => void)[] = [];

  constructor(deps: Deps, build: (inside: Deps) => FastifyInstance) {
    this.#deps = deps;
    this.#build = build;
  }

  /** Sees to it that there is one, ready to answer. */
  async prepare(): Promise<void> {
    if (this.#all.length > 0) return;
    const made = this.#make();
    await made.app.ready();
    this.#free(made);
  }

  async use<T>(inside: Deps, work: (app: FastifyInstance) => Promise<T>): Promise<T> {
    const one = await this.#take();
    Object.assign(one.deps, inside);
    try {
      return await work(one.app);
    } finally {
      Object.assign(one.deps, this.#deps);
      this.#free(one);
    }
  }

  async close(): Promise<void> {
    for (const { app } of this.#all.splice(0)) await app.close();
  }

  async #take(): Promise<Inside> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.length >= MOST_INSIDES) return new Promise((resolve) => this.#waiting.push(resolve));
    return this.#make();
  }

  #free(one: Inside): void {
    const next = this.#waiting.shift();
    if (next) next(one);
    else this.#idle.push(one);
  }

  #make(): Inside {
    const deps: Deps = { ...this.#deps };
    const made = { app: this.#build(deps), deps };
    this.#all.push(made);
    return made;
  }
}

interface Inside {
  app: FastifyInstance;
  deps: Deps;
}
