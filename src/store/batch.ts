/**
 * Gathers what is asked within one turn of the event loop and asks for it in one go: a busy service then sends one statement where
 * it would send sixteen, an idle one waits for nothing. `send` gives one answer per key, in their order; when it fails, all who asked are told.
 */
export function batching<Key, Answer>(
  send: (keys: readonly Key[]) => Promise<readonly Answer[]>,
  most: number,
): (key: Key) => Promise<Answer> {
  let waiting: Waiting<Key, Answer>[] = [];

  const flush = (): void => {
    const asked = waiting;
    waiting = [];
    for (let at = 0; at < asked.length; at += most) void answer(asked.slice(at, at + most));
  };

  const answer = async (asked: readonly Waiting<Key, Answer>[]): Promise<void> => {
    try {
      const answers = await send(asked.map(({ key }) => key));
      if (answers.length !== asked.length) throw new Error('a batch was not answered key by key');
      for (const [at, { resolve }] of asked.entries()) resolve(answers[at] as Answer); // as many as were asked
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };

  return (key) =>
    new Promise((resolve, reject) => {
      // What arrives together is read from the sockets before the turn ends.
      if (waiting.push({ key, resolve, reject }) === 1) setImmediate(flush);
    });
}

interface Waiting<Key, Answer> {
  key: Key;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}
