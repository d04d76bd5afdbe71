import { createServer } from 'node:net';
import type { Resource } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import { type TestApp, type TestOptions, testApp } from './app.ts';

/** A test app behind a socket, whose links and Locations lead to that socket. */
export interface Listening {
  app: TestApp;
  baseUrl: string;
  client: Client;
}

/** The base is part of what is stored and linked, so the port is chosen before the app is built. */
export async function listeningApp(options: Omit<TestOptions, 'baseUrl'> = {}): Promise<Listening> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}/fhir`;
  const app = await testApp({ ...options, baseUrl });
  await app.app.listen({ host: '127.0.0.1', port });
  return { app, baseUrl, client: new Client({ baseUrl }) };
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** What a client resolves to, read as the test expects it to be. */
export const as = async <T extends Resource>(request: Promise<object>): Promise<T> => (await request) as T;

/** The refusal of a request: status and OperationOutcome. Throws when it was not refused. */
export async function refusal(request: Promise<unknown>): Promise<{ status: number; data: { issue: Issue[] } }> {
  try {
    await request;
  } catch (error) {
    return (error as { response: { status: number; data: { issue: Issue[] } } }).response;
  }
  throw new Error('expected a refusal');
}

interface Issue {
  code: string;
  diagnostics?: string;
  expression?: string[];
}
