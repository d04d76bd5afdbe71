import type { AlertLoad } from './alert-load.ts';
import type { Sought } from './find.ts';
import type { Posted } from './post.ts';

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, one) => total + one, 0);
const per100 = (count: number, of: number): string => (of === 0 ? '-' : ((100 * count) / of).toFixed(1));

/** What was posted, and how fast, as lines. */
export function tellPosted({ created, found, responses, patients, seconds }: Posted): string[] {
  const total = sum(created) + sum(found);
  const kinds = Object.entries(created).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${patients.length} patients, ${responses} responses, ${total} requests in ${seconds.toFixed(1)} s: ${Math.round(total / seconds)} a second`,
    `made: ${kinds.join(', ') || 'nothing'}; found there and not made again: ${sum(found)}`,
  ];
}

/** Planted events by kind, and each that was missed. A kind of which the service grades none is told as such. */
export function tellSought(sought: readonly Sought[]): string[] {
  return (['symptom', 'lab', 'vital'] as const).flatMap((kind) => {
    const all = sought.filter(({ planted }) => planted.kind === kind);
    if (all.length === 0) return [];
    const missed = all.filter(({ faults }) => faults.length > 0);
    return [
      `planted ${kind} events: ${all.length - missed.length} of ${all.length} found`,
      ...missed
        .slice(0, 20)
        .map(
          ({ planted: { source, term, how }, faults }) => `  missed: ${source} ${term} (${how}): ${faults.join('; ')}`,
        ),
    ];
  });
}

/** The bar of `url|version` would end the cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The Flags per 100 responses, by policy and priority at opening, and by the action that opened them, as Markdown tables. */
export function tellLoad(
  { flags, open, retracted, raised, alerting, policies, actions }: AlertLoad,
  responses: number,
): string[] {
  const rows = [...policies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([policy, counts]) => {
      const cells = [counts.PH, counts.PM, counts.PL, counts.PN].map((count) => per100(count, responses));
      return `| ${cell(policy)} | ${per100(sum(counts), responses)} | ${cells.join(' | ')} |`;
    });
  return [
    `Flags: ${flags} opened (${open} open now, ${retracted} retracted), ${raised} times raised`,
    `responses and measurements that opened or raised a Flag: ${alerting.size}, ${per100(alerting.size, responses)} per 100 responses`,
    '',
    '| policy | Flags per 100 responses | PH | PM | PL | PN |',
    '|---|---|---|---|---|---|',
    ...rows,
    `| all | ${per100(flags, responses)} | | | | |`,
    '',
    '| opened by the action | Flags per 100 responses |',
    '|---|---|',
    ...[...actions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([action, count]) => `| ${cell(action)} | ${per100(count, responses)} |`),
  ];
}
