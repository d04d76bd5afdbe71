import { join } from 'node:path';
import type { Questionnaire } from '@medplum/fhirtypes';
import { audit } from './audit.ts';
import { Bed } from './bed.ts';
import { Client } from './http.ts';
import { Journal, recall } from './journal.ts';
import { type Kill, kill, TARGETS, type Target } from './killer.ts';
import { type Random, seeded } from './random.ts';
import { type Field, Writer } from './writer.ts';

export interface CrashOptions {
  kills: number;
  seed: number;
  writers: number;
  /** The built service. */
  main: string;
  /** Keeps the folder with database, journals and log. */
  keep?: boolean;
  tell?: (line: string) => void;
}

export interface CrashReport {
  kills: readonly Kill[];
  /** Writes that were acknowledged, and versions found for them. */
  acknowledged: number;
  audited: Readonly<Record<string, number>>;
  failedStarts: number;
  violations: readonly string[];
  seconds: number;
  folder: string;
}

const FORM = 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly';

/** Writers write, processes die and come back, and then every acknowledged write is looked for. */
export async function crashTest(options: CrashOptions): Promise<CrashReport> {
  const began = Date.now();
  const tell = options.tell ?? (() => {});
  const bed = await Bed.make(options.main);
  const random = seeded(options.seed);
  try {
    await bed.start();
    const client = new Client(bed.base);
    const found = JSON.parse((await client.insist('GET', `/Questionnaire?url=${FORM}`)).text);
    const form: Questionnaire = found.entry[0].resource;
    const field: Field = { base: bed.base, form, violations: [], acknowledged: 0, stopped: false, now: Date.now() };
    const journals = Array.from(
      { length: options.writers },
      (_, i) => new Journal(join(bed.folder, `writer-${i}.log`)),
    );
    const writers = journals.map((journal, i) => new Writer(i, field, journal, seeded(options.seed * 1000 + i)));
    let failure: unknown;
    const running = Promise.all(writers.map((writer) => writer.run())).catch((error: unknown) => {
      failure = error;
      field.stopped = true;
    });

    const unanswered = (): number => writers.reduce((sum, { client: { waiting } }) => sum + waiting, 0);
    const kills: Kill[] = [];
    for (const { target, aim, early, wait } of planOf(options.kills, random)) {
      if (failure !== undefined) break;
      if (bed.service === undefined) {
        field.violations.push('the service ended although nobody had killed it');
        await bed.start();
      }
      if (!early) await progress(field, 60_000);
      await new Promise((resolve) => setTimeout(resolve, wait));
      kills.push(await kill(bed, target, aim, seeded(options.seed + kills.length), unanswered));
      if (target === 'service' || target === 'both') await bed.start();
      if (kills.length % 10 === 0) tell(`${kills.length} kills, ${field.acknowledged} writes acknowledged`);
    }
    await progress(field, 60_000);
    field.stopped = true;
    await running;
    if (failure !== undefined) throw failure;
    tell('auditing');
    const { violations, counts } = await audit(bed, client, form, recall(journals));
    client.close();
    return {
      kills,
      acknowledged: field.acknowledged,
      audited: counts,
      failedStarts: bed.failedStarts,
      violations: [...field.violations, ...violations],
      seconds: Math.round((Date.now() - began) / 1000),
      folder: bed.folder,
    };
  } finally {
    await bed.stop();
    if (!options.keep) bed.remove();
  }
}

/** How often each target comes up. */
const WEIGHTS: Readonly<Record<Target, number>> = { service: 4, postmaster: 2, database: 2, backend: 1, both: 1 };

interface Planned {
  target: Target;
  /** Into a commit that is under way. */
  aim: boolean;
  /** Without waiting until writes go through again: it may fall into a start or a recovery. */
  early: boolean;
  /** Milliseconds before it. */
  wait: number;
}

/** What is killed and when, the same for the same seed: of every ten kills each target has its weight. */
function planOf(kills: number, random: Random): Planned[] {
  const left: Target[] = [];
  return Array.from({ length: kills }, () => {
    if (left.length === 0) left.push(...TARGETS.flatMap((target) => Array<Target>(WEIGHTS[target]).fill(target)));
    const [target = 'service'] = left.splice(random.between(0, left.length - 1), 1);
    const aim = random.chance(0.6);
    return { target, aim, early: !aim && random.chance(0.25), wait: random.between(0, 300) };
  });
}

/** Waits until a few more writes are acknowledged. */
async function progress(field: Field, patience: number): Promise<void> {
  const enough = field.acknowledged + 4;
  for (const until = Date.now() + patience; field.acknowledged < enough && !field.stopped; ) {
    if (Date.now() > until) {
      field.violations.push(`no write was acknowledged for ${patience} ms`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
