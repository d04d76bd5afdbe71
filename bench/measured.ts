/** What one measurement came to. */
export interface Measured {
  /** Answers per second that were as expected. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were as expected. */
  count: number;
  /** Anything else, by what it was: a status, an error of the connection, a failed statement. */
  failures: Readonly<Record<string, number>>;
  /** CPU milliseconds per answer, by process; absent where the system does not tell. */
  cpu?: { service?: number; database?: number };
}

/** Counts and times what is answered. */
export class Tally {
  readonly #times: number[] = [];
  readonly #failures = new Map<string, number>();

  ok(milliseconds: number): void {
    this.#times.push(milliseconds);
  }

  failed(what: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  result(seconds: number): Measured {
    const times = Float64Array.from(this.#times).sort();
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return {
      rate: times.length / seconds,
      p50: at(0.5),
      p99: at(0.99),
      count: times.length,
      failures: Object.fromEntries(this.#failures),
    };
  }
}
