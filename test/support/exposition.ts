/** One line of a metric. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** What a Prometheus server would read: text format 0.0.4, or OpenMetrics. Throws at the first line that is neither. */
export function readExposition(text: string): { types: Map<string, string>; samples: Sample[] } {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '# EOF' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      if (types.has(type[1] ?? '')) throw new Error(`told twice: ${line}`);
      types.set(type[1] ?? '', type[2] ?? '');
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`no sample: ${line}`);
    const [, name = '', inner = '', value = ''] = sample;
    const labels: Record<string, string> = {};
    const rest = inner.replace(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(,|$)/g, (_, label: string, said: string) => {
      labels[label] = said.replace(/\\(.)/g, (_escape, one: string) => (one === 'n' ? '\n' : one));
      return '';
    });
    if (rest !== '') throw new Error(`no labels: ${line}`);
    const key = `${name}{${inner}}`;
    if (seen.has(key)) throw new Error(`a series twice: ${line}`);
    seen.add(key);
    if (value !== '+Inf' && Number.isNaN(Number(value))) throw new Error(`no number: ${line}`);
    samples.push({ name, labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) });
  }
  return { types, samples };
}

/** The sum of all series of a name that have these labels; 0 where there is none. */
export const sumOf = (samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number =>
  samples
    .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
