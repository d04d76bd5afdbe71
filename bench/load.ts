/** The process that sends requests, so that it shares no event loop with what it measures. Takes one job as a message. */
import autocannon from 'autocannon';
import { bodies, IDENTIFIERS, transactions } from './bodies.ts';
import { Tally } from './measured.ts';

/** What to send, how long. */
export interface LoadJob {
  origin: string;
  connections: number;
  warmUp: number;
  seconds: number;
  /** Stops after so many requests instead of after `seconds`. */
  amount?: number;
  get?: readonly string[];
  post?: { path: string; patients: readonly string[]; now: number; from: number; once: boolean; transaction?: boolean };
}

process.once('message', (job: LoadJob) => {
  void run(job);
});

async function run(job: LoadJob): Promise<void> {
  let next = job.post?.from ?? 0;
  const send = job.post ? posting(job.post, () => next++) : getting(job.get ?? []);
  if (job.warmUp > 0) await fire(job, send, { duration: job.warmUp });
  await told({ measuring: true });
  const result = await fire(job, send, job.amount === undefined ? { duration: job.seconds } : { amount: job.amount });
  await told({ result, next });
  process.disconnect();
}

type Requests = Pick<autocannon.Options, 'requests' | 'setupClient'>;

/** Each connection asks for every path, in an order of its own. */
function getting(paths: readonly string[]): Requests {
  const requests = paths.map((path): autocannon.Request => ({ method: 'GET', path }));
  let turn = 0;
  return {
    requests: requests.slice(0, 1),
    setupClient(client) {
      turn += 1;
      const from = (turn * 37) % requests.length;
      client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
    },
  };
}

function posting(post: NonNullable<LoadJob['post']>, take: () => number): Requests {
  const bodyOf = (post.transaction ? transactions : bodies)(post.patients, post.now);
  return {
    requests: [
      {
        method: 'POST',
        path: post.path,
        setupRequest(request: autocannon.Request): autocannon.Request {
          const { body, identifier } = bodyOf(take());
          const headers = {
            'content-type': 'application/fhir+json',
            ...(post.once ? { 'if-none-exist': `identifier=${IDENTIFIERS}|${identifier}` } : {}),
          };
          return { ...request, headers, body };
        },
      },
    ],
  };
}

async function fire(job: LoadJob, send: Requests, until: { duration: number } | { amount: number }) {
  const tally = new Tally();
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const options = { url: job.origin, connections: job.connections, ...send, ...until };
    const instance = autocannon(options, (error) => (error ? reject(error) : resolve()));
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      if (status >= 200 && status < 300) tally.ok(milliseconds);
      else tally.failed(`status ${status}`);
    });
    instance.on('reqError', (error) => tally.failed(error.message));
  });
  return tally.result((performance.now() - began) / 1000);
}

const told = (message: object): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
