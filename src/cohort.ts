import { createWriteStream, type WriteStream } from 'node:fs';
import { alertLoad } from './cohort/alert-load.ts';
import { type Command, readCommand, USAGE } from './cohort/command.ts';
import { type Sought, seek } from './cohort/find.ts';
import { cohort } from './cohort/generate.ts';
import { postCohort } from './cohort/post.ts';
import { serviceAt } from './cohort/service.ts';
import { tellLoad, tellPosted, tellSought } from './cohort/tell.ts';

/** `npm run cohort`: posts a synthetic cohort and looks for what was planted; exit code 1 when anything planted is missed. */
async function run(args: readonly string[]): Promise<void> {
  const command = commandOf(args);
  if (!command) return;
  if (command.out !== undefined) return write(command, command.out);
  const service = serviceAt(command.base);
  const posted = await postCohort(service, cohort(command.cohort), {
    connections: command.connections,
    onPatient: (done) => void (done % 50 === 0 && console.error(`${done} patients`)),
  });
  console.log(tellPosted(posted).join('\n'));
  const sought: Sought[] = [];
  for (const planted of posted.planted) sought.push(await seek(service, command.base, planted));
  console.log(tellSought(sought).join('\n'));
  const load = await alertLoad(service, command.base, posted.patients, command.connections);
  console.log(tellLoad(load, posted.responses).join('\n'));
  if (sought.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
}

function commandOf(args: readonly string[]): Command | undefined {
  try {
    const command = readCommand(args, new Date());
    if (!command) console.log(USAGE);
    return command;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** One resource per line in the order of arrival; of a corrected response the last line is what stands. */
async function write({ cohort: options }: Command, out: string): Promise<void> {
  const [resources, planted] = [createWriteStream(out), createWriteStream(`${out}.planted`)];
  for (const entry of cohort(options)) {
    if (entry.kind !== 'duplicate') await line(resources, entry.resource);
    if (entry.planted) await line(planted, entry.planted);
  }
  for (const stream of [resources, planted]) await new Promise<void>((resolve) => stream.end(() => resolve()));
}

async function line(stream: WriteStream, value: object): Promise<void> {
  if (!stream.write(`${JSON.stringify(value)}\n`))
    await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
}

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
