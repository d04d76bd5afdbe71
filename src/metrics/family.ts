/** What one name is, and what is known of it at this moment; as JSON it goes from process to process. */
export interface Family {
  name: string;
  series: Series[];
}

export type Labels = Readonly<Record<string, string>>;

/** A number, or a distribution: how many values are at most each bound of the metric, all of them, and their sum. */
export interface Series {
  labels: Labels;
  value: number | Distribution;
}

export interface Distribution {
  buckets: readonly number[];
  count: number;
  sum: number;
}

/** Counts by labels, each combination from its beginning or its first value on. */
export class Counter {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #values = new Map<string, { values: readonly string[]; count: number }>();

  constructor(name: string, labels: readonly string[]) {
    this.#name = name;
    this.#labels = labels;
  }

  /** `values` are those of the labels, in their order. */
  add(values: readonly string[], by = 1): void {
    const key = values.join('\n');
    const held = this.#values.get(key);
    if (held) held.count += by;
    else this.#values.set(key, { values: [...values], count: by });
  }

  /** Tells 0 under these labels until something is counted. A series that begins at 1 has not risen, to Prometheus: its first event is missed. */
  begin(values: readonly string[]): void {
    this.add(values, 0);
  }

  get family(): Family {
    return {
      name: this.#name,
      series: [...this.#values.values()].map(({ values, count }) => ({
        labels: labelled(this.#labels, values),
        value: count,
      })),
    };
  }
}

/** Counts values by what they are at most, by labels. */
export class Histogram {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, Counted>();

  constructor(name: string, labels: readonly string[], bounds: readonly number[]) {
    this.#name = name;
    this.#labels = labels;
    this.#bounds = bounds;
  }

  observe(values: readonly string[], value: number): void {
    const held = this.#at(values);
    held.count += 1;
    held.sum += value;
    // The first bound that holds it; those above hold it too, which is added up where it is told.
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const before = held.buckets[at];
    if (before !== undefined) held.buckets[at] = before + 1;
  }

  /** As that of a Counter. */
  begin(values: readonly string[]): void {
    this.#at(values);
  }

  #at(values: readonly string[]): Counted {
    const key = values.join('\n');
    const held = this.#values.get(key) ?? { values: [...values], buckets: this.#bounds.map(() => 0), count: 0, sum: 0 };
    this.#values.set(key, held);
    return held;
  }

  get family(): Family {
    return {
      name: this.#name,
      series: [...this.#values.values()].map(({ values, buckets, count, sum }) => {
        let below = 0;
        return {
          labels: labelled(this.#labels, values),
          value: { buckets: buckets.map((own) => (below += own)), count, sum },
        };
      }),
    };
  }
}

interface Counted {
  values: readonly string[];
  /** How many values have this bound as the first that holds them. */
  buckets: number[];
  count: number;
  sum: number;
}

const labelled = (names: readonly string[], values: readonly string[]): Labels =>
  Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
