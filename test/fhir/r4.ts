import { readR4 } from '../../tools/r4.ts';

/** The definitions as published, read once for all files of a process: they are 59 MB of text. */
export const r4 = readR4('.');
