import { totalmem } from 'node:os';
import t from 'tap';
import { sharedBuffers, usableMemory } from '../src/embedded/memory.ts';

const MB = 1024 ** 2;

t.test('shared_buffers is an eighth of the memory, within bounds', (t) => {
  for (const [memory, expected] of [
    [256 * MB, '128MB'],
    [1024 * MB, '128MB'],
    [1032 * MB, '129MB'],
    [1040 * MB - 1, '129MB'],
    [1040 * MB, '130MB'],
    [4096 * MB, '512MB'],
    [8184 * MB, '1023MB'],
    [8192 * MB, '1024MB'],
    [64 * 1024 * MB, '1024MB'],
  ] as const) {
    t.equal(sharedBuffers(memory), expected, `${memory / MB} MB`);
  }
  t.end();
});

t.test('a process has at most the memory of its machine', (t) => {
  t.ok(usableMemory() > 0);
  t.ok(usableMemory() <= totalmem());
  t.end();
});
