import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeasonOptions } from './events.ts';
import { Field, killsOf, type Phase } from './field.ts';
import { differences, type Outcome, readOutcome } from './outcome.ts';
import { momentsOf, type Played, play } from './play.ts';
import { Process } from './processes.ts';
import { Server } from './server.ts';

export interface SeasonTest extends SeasonOptions {
  kills: number;
  /** Keeps the folder with the database and the log. */
  keep?: boolean;
  tell?: (line: string) => void;
}

/** One run of the season. */
export interface SeasonRun {
  name: string;
  counts: Readonly<Record<string, number>>;
  killed: Readonly<Record<Phase, number>>;
  databaseKills: number;
  /** Kills that fell nowhere. */
  spared: number;
  requests: number;
  repeated: number;
  done: number;
  moves: number;
  /** Moves that were refused, with the reason. */
  refused: readonly string[];
  violations: readonly string[];
  /** Against the first run. */
  differences: readonly string[];
  seconds: number;
}

/** The built process: tools/build.ts. */
const MAIN = 'dist/season/process.js';

/** The same season three times: undisturbed, with kills, and by two processes on one database with kills. */
export async function seasonTest(options: SeasonTest): Promise<SeasonRun[]> {
  const { kills, seed, keep, tell = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'vigie-season-'));
  // As root the server runs as an account that has to pass through here.
  chmodSync(folder, 0o711);
  const server = await Server.start(join(folder, 'data'));
  const log = join(folder, 'service.log');
  const moments = momentsOf(options);
  const [now = ''] = moments;
  try {
    const template = await server.database('shipped');
    await (await Process.start({ main: MAIN, databaseUrl: template, log, now })).stop();
    const runs: SeasonRun[] = [];
    let first: Outcome | undefined;
    for (const { name, processes, killSeed } of RUNS) {
      const began = Date.now();
      const databaseUrl = await server.database(`season_${runs.length}`, 'shipped');
      const planned = killSeed === undefined ? [] : killsOf(kills, moments.length, seed + killSeed);
      const field = await Field.start({ main: MAIN, databaseUrl, server, log, now, processes, kills: planned });
      try {
        const played = await play(field, options, (line) => tell(`${name}: ${line}`));
        const outcome = await readOutcome(field, played, databaseUrl);
        first ??= outcome;
        const run = runOf(name, field, played, outcome, differences(first, outcome), (Date.now() - began) / 1000);
        runs.push(run);
        tell(`${name}: ${run.differences.length} differences, ${run.violations.length} violations`);
      } finally {
        await field.stop();
      }
    }
    return runs;
  } finally {
    await server.stop();
    if (keep) tell(`kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

const RUNS: readonly { name: string; processes: number; killSeed?: number }[] = [
  { name: 'undisturbed', processes: 1 },
  { name: 'with kills', processes: 1, killSeed: 1 },
  { name: 'two processes, with kills', processes: 2, killSeed: 2 },
];

function runOf(
  name: string,
  { killed, databaseKills, spared, requests, repeated, done, parked }: Field,
  { moves, violations }: Played,
  { counts }: Outcome,
  found: readonly string[],
  seconds: number,
): SeasonRun {
  return {
    name,
    counts,
    killed,
    databaseKills,
    spared,
    requests,
    repeated,
    done,
    moves: moves.length,
    refused: moves.filter((move) => !/ 200$/.test(move)),
    violations: [...violations, ...(parked > 0 ? [`${parked} things that were due have failed too often`] : [])],
    differences: found,
    seconds,
  };
}
