/** `npm run form`: prints a PRO-CTCAE Questionnaire; exit code 2 when the request cannot be understood. */
import { readFileSync, writeFileSync } from 'node:fs';
import { formCommand } from './form-command.ts';
import { DATA } from './rules/gradings/pro-ctcae-data.ts';

const { exit, stdout, stderr, out } = formCommand(process.argv.slice(2), DATA.items, (path) =>
  readFileSync(path, 'utf8'),
);
if (stderr) process.stderr.write(stderr);
if (out === undefined) process.stdout.write(stdout);
else writeFileSync(out, stdout);
process.exitCode = exit;
