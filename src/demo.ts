import { join } from 'node:path';
import { Client } from 'fhir-kit-client';
import { type Config, ConfigError, isLoopback, readConfig } from './config.ts';
import { readChart } from './demo/chart.ts';
import { playSeason } from './demo/patient-app.ts';
import { SEASON } from './demo/season.ts';
import { tellStory } from './demo/story.ts';
import { passTime } from './demo/time.ts';
import { tellTime } from './demo/time-story.ts';
import { openLog } from './log.ts';
import { startService } from './service.ts';
import { startFailure } from './start-failure.ts';

/** The service's clock begins so long before the machine's, and ends at it: all that time does then lies in the past. */
const DAYS_BACK = 21;

/**
 * `npm run demo`: the whole service with its demonstration policies, eight weeks of a patient, some days in which nobody sends anything, and the story
 * that comes back.
 */
async function demo(): Promise<void> {
  const options = process.argv.slice(2);
  const unknown = options.filter((option) => option !== '--exit');
  if (unknown.length > 0) throw new UsageError(`Unknown: ${unknown.join(' ')}`);
  const config = readConfig({ ...process.env, DEMO_POLICY: '1', LOG_LEVEL: process.env.LOG_LEVEL || 'warn' });
  let behind = DAYS_BACK * 86_400_000;
  const now = (): Date => new Date(Date.now() - behind);
  const root = join(import.meta.dirname, '..');
  const service = await startService(config, { log: openLog(config.logLevel), root, now });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop());
  try {
    const baseUrl = localUrl(config);
    const client = new Client({ baseUrl });
    const begin = now();
    const patient = await playSeason(client, SEASON, begin);
    const story = tellStory(await readChart(client, patient));
    const passed = await passTime(client, patient, begin, async (to) => {
      behind = Math.max(0, Date.now() - to.getTime());
    });
    behind = 0;
    const lines = [...story, '', ...tellTime(passed)];
    console.log(['', ...lines, ''].join('\n'));
    if (!options.includes('--exit')) console.log(whereItRuns(baseUrl, patient).join('\n'));
  } catch (error) {
    await service.stop();
    throw error;
  }
  if (options.includes('--exit')) await service.stop();
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The base by which this process reaches its own service, whatever its public name is. */
function localUrl({ host, port, baseUrl }: Config): string {
  const name = isLoopback(host) ? host : '127.0.0.1';
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}${new URL(baseUrl).pathname}`;
}

const whereItRuns = (baseUrl: string, patient: string): string[] => [
  `The service is running at ${baseUrl}; Ctrl-C stops it. Ask it yourself:`,
  `  curl '${baseUrl}/Flag?patient=${patient}&status=active'`,
  `  curl '${baseUrl}/Flag?patient=${patient}&_revinclude=Provenance:target'`,
  `  curl '${baseUrl}/QuestionnaireResponse?patient=${patient}&_sort=-authored'`,
  `  curl '${baseUrl}/metadata'`,
];

demo().catch((error: unknown) => {
  if (error instanceof UsageError) console.error(`${error.message}\nnpm run demo [-- --exit]`);
  else console.error(error instanceof ConfigError ? error.message : startFailure(error));
  process.exitCode = 1;
});
