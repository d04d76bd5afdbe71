/**
 * Runs the tests: bundles the files of each folder of `test/` into one tap process (a process costs 1-2 s, a file
 * nothing), starts one PostgreSQL for all of them, and closes with the line `N passed, N failed`.
 *
 *     npm test                          everything
 *     npm test -- test/rules            one folder
 *     npm test -- test/rules/policy     files whose path begins so
 */
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
