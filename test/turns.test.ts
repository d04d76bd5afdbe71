import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { FhirError } from '../src/fhir/errors.ts';
import { Turns } from '../src/turns.ts';

t.test('work under one key runs one after the other, in the order in which it came', async (t) => {
  const turns = new Turns();
  const seen: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    running += 1;
    t.equal(running, 1, `${name} runs alone`);
    seen.push(name);
    await setImmediate();
    await setImmediate();
    running -= 1;
    return name;
  };
  const names = ['a', 'b', 'c', 'd'];
  t.strictSame(await Promise.all(names.map((name) => turns.take('patient', work(name)))), names);
  t.strictSame(seen, names);
});

t.test('work under different keys does not wait', async (t) => {
  const turns = new Turns();
  let release = (): void => {};
  const held = turns.take('one', () => new Promise<void>((resolve) => (release = resolve)));
  t.equal(await turns.take('two', async () => 'done'), 'done');
  release();
  await held;
});

t.test('work that fails fails alone', async (t) => {
  const turns = new Turns();
  const failed = turns.take('patient', async () => {
    throw new Error('no');
  });
  const next = turns.take('patient', async () => 'yes');
  await t.rejects(failed, /no/);
  t.equal(await next, 'yes');
});

t.test('a queue is bounded: beyond it, 503 with Retry-After at once', async (t) => {
  const turns = new Turns(2);
  let release = (): void => {};
  const first = turns.take('patient', () => new Promise<void>((resolve) => (release = resolve)));
  const second = turns.take('patient', async () => 'second');
  const refused = await turns.take('patient', async () => 'third').catch((error: unknown) => error);
  t.ok(refused instanceof FhirError);
  t.match(refused, { status: 503, headers: { 'Retry-After': /^[1-9]\d*$/ } });
  t.equal(await turns.take('another', async () => 'other'), 'other');
  release();
  await first;
  t.equal(await second, 'second');
  t.equal(await turns.take('patient', async () => 'fourth'), 'fourth', 'and open again when it has drained');
});
