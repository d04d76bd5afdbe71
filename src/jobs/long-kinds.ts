import { join } from 'node:path';
import { SIMULATE } from '../rules/simulation-request.ts';
import type { RunLong } from './long.ts';
import { simulateInThread, simulationJob } from './simulate.ts';

/** Long work by its kind. One row per kind. `built` is the folder of the built entry points. */
export const longKinds = (built: string): Readonly<Record<string, RunLong>> => ({
  [SIMULATE]: simulationJob(simulateInThread(join(built, 'simulation.js'))),
});
