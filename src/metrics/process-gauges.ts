import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { ProcessMetric } from './catalogue.ts';
import type { Family, Series } from './family.ts';

/** Milliseconds: how often the loop is looked at, and for how long what was seen is told. */
const RESOLUTION = 20;
const WINDOW = 15_000;
const NANO = 1e9;

interface Lag {
  median: number;
  p99: number;
  max: number;
}

/** CPU, memory and event loop of this process. */
export class ProcessGauges {
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Lag | undefined;

  /** Looks at the event loop, until `stop`. */
  start(): void {
    this.#delay ??= monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#delay.enable();
    this.#timer ??= setInterval(() => {
      this.#last = this.#seen();
      this.#delay?.reset();
    }, WINDOW).unref();
  }

  stop(): void {
    this.#delay?.disable();
    clearInterval(this.#timer);
  }

  get families(): Family[] {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const lag = this.#last ?? this.#seen();
    const family = (name: ProcessMetric, series: Series[]): Family => ({ name, series });
    const by = (label: string, values: Readonly<Record<string, number>>): Series[] =>
      Object.entries(values).map(([word, value]) => ({ labels: { [label]: word }, value }));
    return [
      ...(lag ? [family('vigie_event_loop_lag_seconds', by('stat', { ...lag }))] : []),
      family('vigie_event_loop_busy_seconds_total', [
        { labels: {}, value: performance.eventLoopUtilization().active / 1000 },
      ]),
      family('vigie_process_cpu_seconds_total', by('mode', { user: user / 1e6, system: system / 1e6 })),
      family('vigie_process_memory_bytes', by('kind', { resident: rss, heap: heapUsed, external })),
      family('vigie_process_start_time_seconds', [{ labels: {}, value: performance.timeOrigin / 1000 }]),
    ];
  }

  /** What is told is the time between two looks, so what is above the set one is lag. */
  #seen(): Lag | undefined {
    const delay = this.#delay;
    if (!delay || delay.count === 0) return undefined;
    const lag = (nanos: number): number => Math.max(0, nanos / NANO - RESOLUTION / 1000);
    return { median: lag(delay.percentile(50)), p99: lag(delay.percentile(99)), max: lag(delay.max) };
  }
}
