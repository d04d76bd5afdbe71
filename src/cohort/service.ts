import type { Bundle, Resource } from '@medplum/fhirtypes';

/** What a service answered. */
export interface Answered {
  status: number;
  /** Id and version of what was written, of `Location` and `ETag`. */
  id: string;
  version: number;
  text: string;
}

/** A running service, by its FHIR base. */
export interface Service {
  send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answered>;
}

const MOST_TRIES = 6;

/**
 * The service at a FHIR base. What it puts off (429, 503) and what breaks on the way is sent again: everything here is a read or
 * finds what it made before. Throws an Error that names status and path for any other refusal.
 */
export function serviceAt(base: string): Service {
  const once = async (method: string, path: string, text: string | undefined, headers: Record<string, string>) => {
    const answer = await fetch(`${base}/${path}`, {
      method,
      headers: { ...(text === undefined ? {} : { 'content-type': 'application/fhir+json' }), ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    return { answer, read: await answer.text() };
  };
  return {
    async send(method, path, body, headers = {}) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      for (let tries = 1; ; tries += 1) {
        try {
          const { answer, read } = await once(method, path, text, headers);
          if (answer.ok) return answered(answer, read);
          const busy = answer.status === 429 || answer.status === 503;
          if (!busy || tries === MOST_TRIES) throw new Refusal(answer.status, method, path, read);
          await pause(1000 * Number(answer.headers.get('retry-after') ?? 1));
        } catch (error) {
          if (error instanceof Refusal || tries === MOST_TRIES) throw error;
          await pause(200 * tries);
        }
      }
    },
  };
}

/** All that a search or a history finds, page after page. */
export async function* pagesOf<T extends Resource>(service: Service, base: string, path: string): AsyncGenerator<T> {
  for (let next: string | undefined = path; next !== undefined; ) {
    const { text } = await service.send('GET', next);
    const bundle: Bundle<T> = JSON.parse(text);
    for (const { resource, search } of bundle.entry ?? []) if (resource && search?.mode !== 'outcome') yield resource;
    const link = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    next = link?.startsWith(`${base}/`) ? link.slice(base.length + 1) : undefined;
    if (link !== undefined && next === undefined)
      throw new Error(`The next page is not under ${base}: is it the base that the service names itself by?`);
  }
}

class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(status: number, method: string, path: string, text: string) {
    super(`${method} ${path} was answered ${status}: ${text.slice(0, 500)}`);
  }
}

function answered(answer: Response, text: string): Answered {
  const [, id = ''] = /\/([^/]+)\/_history\/[^/]+$/.exec(answer.headers.get('location') ?? '') ?? [];
  const version = Number(/\d+/.exec(answer.headers.get('etag') ?? '')?.[0] ?? 0);
  return { status: answer.status, id, version, text };
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));
