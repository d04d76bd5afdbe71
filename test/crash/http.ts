import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  etag: number;
  location: string;
  text: string;
}

/** One client with a connection of its own. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #base: string;
  /** Writes that were sent and not answered yet. */
  waiting = 0;

  constructor(base: string) {
    this.#base = base;
  }

  /** The answer, or undefined when the connection failed or nothing came for 15 seconds. */
  send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer | undefined> {
    const writes = method !== 'GET';
    if (writes) this.waiting += 1;
    return new Promise<Answer | undefined>((resolve) => {
      const sent = request(`${this.#base}${path}`, {
        method,
        agent: this.#agent,
        timeout: 15_000,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }), ...headers },
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', () => resolve(undefined));
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve(undefined));
        response.on('close', () => {
          // An answer that broke off is no answer.
          if (!response.complete) return resolve(undefined);
          resolve({
            status: response.statusCode ?? 0,
            etag: Number(/"(\d+)"/.exec(response.headers.etag ?? '')?.[1] ?? 0),
            location: response.headers.location ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      });
      sent.end(body);
    }).finally(() => {
      if (writes) this.waiting -= 1;
    });
  }

  /** As a patient's app does: again and again while the service cannot be reached or says 503, up to `patience` milliseconds. */
  async insist(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
    patience = 90_000,
  ): Promise<Answer & { attempts: number }> {
    const until = Date.now() + patience;
    for (let attempts = 1; ; attempts += 1) {
      const answer = await this.send(method, path, body, headers);
      if (answer && answer.status !== 503) return { ...answer, attempts };
      if (Date.now() > until) throw new Error(`${method} ${path.split('?')[0]} was not answered in ${patience} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 40));
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}
