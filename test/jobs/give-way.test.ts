import t from 'tap';
import { MOST_BESIDE_REQUESTS, restBeside, tellBusy } from '../../src/jobs/give-way.ts';

const EVERY_SECOND = MOST_BESIDE_REQUESTS;

/** A clock that stands still but for what is slept. */
function clock() {
  const slept: number[] = [];
  let at = 1_000_000;
  return {
    slept,
    pass: (milliseconds: number): void => {
      at += milliseconds;
    },
    now: () => at,
    sleep: async (milliseconds: number): Promise<void> => {
      slept.push(milliseconds);
      at += milliseconds;
    },
  };
}

const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0);

t.test('beside requests a simulation rests as long as its limit says', async (t) => {
  const time = clock();
  const rest = restBeside(Int32Array.of(1), time);
  await rest(EVERY_SECOND * 2);
  t.same(time.slept, [], 'two seconds may be caught up at first');
  await rest(EVERY_SECOND);
  t.equal(Math.round(total(time.slept)), 1000);
  time.pass(400);
  await rest(EVERY_SECOND);
  t.equal(Math.round(total(time.slept)), 1600, 'what the work itself took counts');
  time.pass(60_000);
  await rest(EVERY_SECOND * 2);
  t.equal(Math.round(total(time.slept)), 1600, 'after a stop no more than two seconds are caught up');
  await rest(EVERY_SECOND * 3);
  t.equal(Math.round(total(time.slept)), 4600);
});

t.test('where nothing else is asked it does not rest, and owes nothing for it later', async (t) => {
  const time = clock();
  const busy = Int32Array.of(0);
  const rest = restBeside(busy, time);
  for (let n = 0; n < 10; n += 1) await rest(EVERY_SECOND * 100);
  t.same(time.slept, []);
  busy[0] = 1;
  await rest(EVERY_SECOND * 2);
  t.same(time.slept, []);
  await rest(EVERY_SECOND / 2);
  t.equal(Math.round(total(time.slept)), 500);
});

t.test('a thread that works is told to be busy, and one that waits is not', async (t) => {
  const { busy, stop } = tellBusy();
  t.teardown(stop);
  const until = async (value: number, work: () => void): Promise<boolean> => {
    for (let n = 0; n < 1000; n += 1) {
      if (Atomics.load(busy, 0) === value) return true;
      work();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return false;
  };
  const spin = (): void => {
    const end = performance.now() + 20;
    while (performance.now() < end);
  };
  t.ok(await until(1, spin), 'busy');
  t.ok(await until(0, () => undefined), 'and no more');
});
