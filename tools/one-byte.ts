import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Writes what is built without a character beyond Latin-1: one of them, be it in a comment, and V8 keeps all of a file of megabytes with two bytes for
 * each character, and reads it more slowly. esbuild escapes those of texts; what is left stands in comments and regular expressions.
 */
export const oneByte: Plugin = {
  name: 'one-byte',
  setup({ initialOptions, onEnd }) {
    initialOptions.write = false;
    onEnd(({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, /\.m?js$/.test(path) ? text.replace(BEYOND, escaped) : text);
      }
    });
  },
};

const BEYOND = /[\u0100-\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
