import { openLog } from '../log.ts';
import { countedHere, type Peers } from '../routes/metrics.ts';
import { type Service, startService } from '../service.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/**
 * One of several processes that answer requests. It begins when the first process says so, listens when all of them have booted, and drains and ends on
 * SIGTERM or SIGINT. When the first process is gone, `node:cluster` ends this one at once: nobody holds the port any more.
 */
export async function work(root: string): Promise<void> {
  const asked = withResolvers<ToWorker & { kind: 'start' }>();
  const mayListen = withResolvers<void>();
  let starting: Promise<Service> | undefined;
  let stopping = false;
  let running: Service | undefined;
  const questions = new Map<number, (answer: ToWorker & { kind: 'gathered' }) => void>();
  let lastQuestion = 0;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    mayListen.reject(new Error('The service stops'));
    void (starting ?? Promise.resolve(undefined))
      .then((service) => service?.stop())
      .then(
        () => process.exit(0),
        () => process.exit(0), // the start that was cut short has taken down what it had begun
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'start') asked.resolve(message);
    else if (message.kind === 'listen') mayListen.resolve();
    else if (message.kind === 'gathered') {
      questions.get(message.question)?.(message);
      questions.delete(message.question);
    } else if (running) {
      void tell({ kind: 'counted', question: message.question, families: countedHere(running.deps) });
    }
  });
  await tell({ kind: 'loaded' });

  const { config, files, first, worker } = await asked.promise;
  const log = openLog(config.logLevel).child({ worker });
  // Whatever escapes is told without its message, which may quote what a patient wrote, and ends the process: another one takes its place.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unforeseen');
    process.exit(1);
  });
  const booted = async (): Promise<void> => {
    await tell({ kind: 'booted' });
    await mayListen.promise;
  };
  // The first process answers within its own patience; when it does not, it is gone, and so is this one.
  const peers = (): Promise<Peers> =>
    new Promise((resolve) => {
      lastQuestion += 1;
      questions.set(lastQuestion, ({ restarts, counted }) => resolve({ set: config.workers, restarts, counted }));
      void tell({ kind: 'gather', question: lastQuestion });
    });
  if (stopping) return;
  starting = startService(config, { log, root, among: { files, first, booted, peers } });
  try {
    running = await starting;
    await tell({ kind: 'listening' });
  } catch (error) {
    if (stopping) return;
    await tell(failed(error));
    process.exit(1);
  }
}

function failed(error: unknown): FromWorker {
  if (!(error instanceof Error)) return { kind: 'failed', message: 'it was not said why' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { kind: 'failed', message: error.message, ...(code === undefined ? {} : { code }) };
}

const tell = (message: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  // Whoever waits for it is told; without anybody who does, nothing has gone wrong.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
