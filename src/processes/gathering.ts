import type { Family } from '../metrics/family.ts';

/** Milliseconds in which a process says what it has counted; one whose loop is blocked for longer is left out, and that is seen. */
const PATIENCE = 1000;

type Counted = { worker: number; families: Family[] };

/** Questions to several processes at once, and their answers. */
export class Gathering {
  readonly #open = new Map<number, { left: Set<number>; counted: Counted[]; finish(): void }>();
  #last = 0;

  /** What those of `workers` have said who answer in time, in their order; `send` puts the question to them. */
  async ask(workers: readonly number[], send: (question: number) => void): Promise<Counted[]> {
    this.#last += 1;
    const question = this.#last;
    const counted: Counted[] = [];
    await new Promise<void>((finish) => {
      this.#open.set(question, { left: new Set(workers), counted, finish });
      if (workers.length === 0) finish();
      else setTimeout(finish, PATIENCE).unref();
      send(question);
    });
    this.#open.delete(question);
    return counted.sort((a, b) => a.worker - b.worker);
  }

  counted(worker: number, { question, families }: { question: number; families: Family[] }): void {
    const open = this.#open.get(question);
    if (!open?.left.delete(worker)) return;
    open.counted.push({ worker, families });
    if (open.left.size === 0) open.finish();
  }
}
