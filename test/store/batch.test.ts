import t from 'tap';
import { batching } from '../../src/store/batch.ts';

t.test('what is asked in one turn is sent in one go, and each gets its own answer', async (t) => {
  const sent: number[][] = [];
  const ask = batching(async (keys: readonly number[]) => {
    sent.push([...keys]);
    return keys.map((key) => key * 10);
  }, 3);
  t.same(await Promise.all([1, 2, 3].map(ask)), [10, 20, 30]);
  t.same(sent, [[1, 2, 3]]);
  t.same(await Promise.all([4, 5, 6, 7].map(ask)), [40, 50, 60, 70]);
  t.same(sent.slice(1), [[4, 5, 6], [7]], 'one more than the most goes in a second one');
  t.equal(await ask(8), 80);
  t.same(sent.at(-1), [8], 'a later turn has a batch of its own');
});

t.test('a failure is told to all who asked, and to nobody else', async (t) => {
  const ask = batching(async (keys: readonly string[]) => {
    if (keys.includes('bad')) throw new Error('refused');
    return keys;
  }, 2);
  const settled = await Promise.allSettled(['a', 'bad', 'b'].map(ask));
  t.same(
    settled.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  t.equal(await ask('c'), 'c', 'and later ones are answered');
});

t.test('answers that do not fit the keys are a failure, not a mix-up', async (t) => {
  const ask = batching(async (keys: readonly string[]) => keys.slice(1), 8);
  await t.rejects(ask('a'), /key by key/);
});
