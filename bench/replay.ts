/**
 * Replays the stored decisions of a running service, the newest first, and tells how many came out equal and at which rate:
 *
 *     npx tsx bench/replay.ts http://localhost:8080/fhir 10000
 *
 * Ends with status 1 where one did not. Fill the service before, as with `npm run cohort`.
 */
import type { Bundle, Parameters } from '@medplum/fhirtypes';

const AT_ONCE = 8;
const [, , base = 'http://localhost:8080/fhir', most = '10000'] = process.argv;

async function read<T>(url: string): Promise<{ status: number; body: T }> {
  const response = await fetch(url, { headers: { accept: 'application/fhir+json' } });
  return { status: response.status, body: (await response.json()) as T }; // FHIR JSON of the type that was asked for
}

/** Ids of Provenances, page by page. */
async function* provenances(): AsyncGenerator<string> {
  for (let next: string | undefined = `${base}/Provenance?_count=500&_elements=id`; next !== undefined; ) {
    const { body }: { body: Bundle } = await read<Bundle>(next);
    for (const { resource } of body.entry ?? []) if (resource?.id !== undefined) yield resource.id;
    next = body.link?.find(({ relation }) => relation === 'next')?.url;
  }
}

const tally = new Map<string, number>();
const started = performance.now();
let taken = 0;
const source = provenances();

async function worker(): Promise<void> {
  while (taken < Number(most)) {
    const { value: id, done } = await source.next();
    if (done) return;
    const { status, body } = await read<Parameters>(`${base}/Provenance/${id}/$replay`);
    // A Provenance that a client wrote stands for no decision.
    if (status === 404) continue;
    taken += 1;
    const outcome = body.parameter?.find(({ name }) => name === 'outcome')?.valueCode ?? `status ${status}`;
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    if (outcome !== 'equal') console.error(`Provenance/${id}: ${JSON.stringify(body.parameter)}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, worker));
const seconds = (performance.now() - started) / 1000;
const outcomes = [...tally].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none';
console.log(
  `${taken} decisions replayed in ${seconds.toFixed(1)} s, ${Math.round(taken / seconds)} a second: ${outcomes}`,
);
process.exitCode = tally.size === 1 && tally.has('equal') ? 0 : 1;
