import type { DiskPerResponse } from './disk.ts';
import type { Measured } from './measured.ts';

/** One row: what the service came to, and what the limits came to in the same run. */
export interface Row {
  title: string;
  service: Measured;
  pg?: Measured;
  http?: Measured;
  goal: string;
  /** Whether the goal was met; absent where there is none. */
  met?: boolean;
}

/** A figure that is not a rate. */
export interface Figure {
  title: string;
  value: string;
  goal: string;
  met?: boolean;
}

/** The tables in Markdown. */
export function tables(rows: readonly Row[], figures: readonly Figure[]): string {
  const lines: string[] = [];
  if (rows.length > 0) {
    lines.push(
      '| work | per second | p50 ms | p99 ms | CPU ms, service + database | bare pg | bare Fastify | ratio to pg | ratio to Fastify | goal | met |',
      '|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|',
      ...rows.map(({ title, service, pg, http, goal, met }) =>
        cells([
          title,
          count(service.rate),
          service.p50.toFixed(1),
          service.p99.toFixed(1),
          cpu(service),
          limit(pg),
          limit(http),
          ratio(service, pg),
          ratio(service, http),
          goal,
          yes(met),
        ]),
      ),
    );
  }
  if (figures.length > 0) {
    lines.push('', '| figure | measured | goal | met |', '|---|--:|---|---|');
    lines.push(...figures.map(({ title, value, goal, met }) => cells([title, value, goal, yes(met)])));
  }
  return lines.join('\n');
}

/** Every answer that was not as expected, one line each; empty when there was none. */
export function failures(rows: readonly Row[]): string[] {
  return rows.flatMap(({ title, ...by }) =>
    (['service', 'pg', 'http'] as const).flatMap((who) =>
      Object.entries(by[who]?.failures ?? {}).map(([what, times]) => `${title} (${who}): ${times} x ${what}`),
    ),
  );
}

/** Figures of disk use. */
export function diskFigures(disk: DiskPerResponse): Figure[] {
  const { response, observations, flags, evaluation, other } = disk;
  const all = response + observations + flags + evaluation + other;
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(2)} kB`;
  return [
    {
      title: 'disk per response: its text, index, history, report, outbox and counter',
      value: kb(response),
      goal: '<= 4 kB',
      met: response <= 4000,
    },
    { title: 'its Provenance and decision record', value: kb(evaluation), goal: '' },
    { title: 'its share of Flags and the ledger of episodes', value: kb(flags), goal: '' },
    { title: 'its Observations', value: kb(observations), goal: '' },
    { title: 'all that one POST leaves on disk', value: kb(all), goal: '' },
    { title: 'the same without Observations', value: kb(all - observations), goal: '' },
  ];
}

const cells = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
const count = (rate: number): string => (rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en'));
const yes = (met: boolean | undefined): string => (met === undefined ? '' : met ? 'yes' : '**no**');
const limit = (measured: Measured | undefined): string =>
  measured ? `${count(measured.rate)} (${cpu(measured)})` : '';
const ratio = (service: Measured, other: Measured | undefined): string =>
  other && other.rate > 0 ? `${Math.round((100 * service.rate) / other.rate)} %` : '';

function cpu({ cpu }: Measured): string {
  const part = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(2));
  return `${part(cpu?.service)} + ${part(cpu?.database)}`;
}
