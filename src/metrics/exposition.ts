import { CATALOGUE } from './catalogue.ts';
import type { Family, Labels } from './family.ts';

/** The two formats that Prometheus asks for. */
export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * The metrics as text, in the order of the catalogue; families of one name, which come of several processes, are one. Each is told with its help and
 * type, also while it has no series.
 * Source: Prometheus, Exposition formats (text format 0.0.4); OpenMetrics 1.0.0.
 */
export function exposition(families: readonly Family[], format: Format): string {
  const lines: string[] = [];
  for (const [name, { type, help, bounds = [] }] of Object.entries(CATALOGUE)) {
    const series = families.filter((one) => one.name === name).flatMap((one) => one.series);
    // OpenMetrics names the family of a counter without the ending of its series.
    const told = format === 'openmetrics' ? name.replace(/_total$/, '') : name;
    lines.push(`# HELP ${told} ${escaped(help)}`, `# TYPE ${told} ${type}`);
    for (const { labels, value } of series) {
      if (typeof value === 'number') {
        lines.push(`${name}${labelsOf(labels)} ${numberOf(value)}`);
        continue;
      }
      for (const [at, count] of value.buckets.entries()) {
        lines.push(`${name}_bucket${labelsOf({ ...labels, le: boundOf(bounds[at] ?? 0) })} ${count}`);
      }
      lines.push(
        `${name}_bucket${labelsOf({ ...labels, le: '+Inf' })} ${value.count}`,
        `${name}_sum${labelsOf(labels)} ${numberOf(value.sum)}`,
        `${name}_count${labelsOf(labels)} ${value.count}`,
      );
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** The format that an Accept header wants; OpenMetrics only where it is named. */
export const formatOf = (accept: string | undefined): Format =>
  accept?.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((word) => word.trim().toLowerCase());
    return type === 'application/openmetrics-text' && !parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  }) === true
    ? 'openmetrics'
    : 'text';

function labelsOf(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** One spelling in both formats, or a bound would be another series when the format changes. */
const boundOf = (bound: number): string => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound));

const numberOf = (value: number): string =>
  Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
