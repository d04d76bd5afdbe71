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

/** Several measurements of the same work, equally long, as one: mean rate and CPU time per answer, median of the percentiles. */
export function together(parts: readonly Measured[]): Measured {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const failures: Record<string, number> = {};
  for (const part of parts) {
    for (const [what, times] of Object.entries(part.failures)) failures[what] = (failures[what] ?? 0) + times;
  }
  const perAnswer = (name: 'service' | 'database'): object =>
    parts.every(({ cpu }) => cpu?.[name] !== undefined)
      ? { [name]: parts.reduce((sum, part) => sum + (part.cpu?.[name] ?? 0) * part.count, 0) / count }
      : {};
  return {
    rate: parts.reduce((sum, part) => sum + part.rate, 0) / parts.length,
    p50: median(parts.map(({ p50 }) => p50)),
    p99: median(parts.map(({ p99 }) => p99)),
    count,
    failures,
    cpu: { ...perAnswer('service'), ...perAnswer('database') },
  };
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
