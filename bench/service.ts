import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';

/** The service in a process of its own. */
export interface ServiceProcess {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  base: string;
  pid: number;
  /** Milliseconds from the start of the process to the first `ready`. */
  readyAfter: number;
  stop(): Promise<void>;
}

/** As `npm start` and the image run it: more room for young objects, of which one POST makes about 2 MB, means fewer collections. */
const YOUNG = ['--max-semi-space-size=32'];

/** Starts the built service, whose file is `main`, and waits until it says that it is ready. Throws when it ends before. */
export async function startServiceProcess(main: string, env: Record<string, string>): Promise<ServiceProcess> {
  const port = await freePort();
  const began = performance.now();
  const { DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...YOUNG, main], {
    env: { ...inherited, LOG_LEVEL: 'warn', DEMO_POLICY: '1', HOST: '127.0.0.1', PORT: String(port), ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  while ((await statusOf(`${origin}/health/ready`)) !== 200) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error('The service did not start');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    origin,
    base: `${origin}/fhir`,
    pid: child.pid ?? 0,
    readyAfter: performance.now() - began,
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', () => resolve(0));
  });
}

/** A loopback port that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port is free');
  return address.port;
}
