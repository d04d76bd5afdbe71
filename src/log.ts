import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Logger, pino } from 'pino';

/**
 * The log holds what this file names and nothing else: no URL with its query, no body, no error message, since PostgreSQL and
 * parsers quote values in theirs. Of an error: its name, code, the table and constraint of a database error, and its frames.
 */
export function openLog(level: string, destination?: { write(line: string): void }): Logger {
  const options = { level, base: { service: 'vigie' }, serializers: { err: safeError } };
  return destination ? pino(options, destination) : pino(options);
}

/** What may be known of an error. */
export interface SafeError {
  name: string;
  code?: string;
  table?: string;
  constraint?: string;
  frames: string[];
}

export function safeError(error: unknown): SafeError {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const text = (key: string): string | undefined => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' && /^[\w.-]{1,80}$/.test(value) ? value : undefined;
  };
  const safe: SafeError = { name: text('name') ?? 'Error', frames: framesOf(error) };
  for (const key of ['code', 'table', 'constraint'] as const) {
    const value = text(key);
    if (value !== undefined) safe[key] = value;
  }
  return safe;
}

/** The frames of the stack, which stand below the message. A message may have lines that look like frames: it is cut off first. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message);
  if (at < 0) return [];
  return stack
    .slice(at + message.length)
    .split('\n')
    .filter((line) => /^\s+at [^\s]/.test(line) && /:\d+:\d+\)?$/.test(line))
    .map((line) => line.trim())
    .slice(0, 12);
}

/** One line per answer: the route's pattern, undefined where nothing is served, never the path that was asked. */
export function logAnswer(request: FastifyRequest, reply: FastifyReply, route: string | undefined): void {
  request.log.info({
    method: request.method,
    route: route ?? 'none',
    status: reply.statusCode,
    millis: Math.round(reply.elapsedTime * 10) / 10,
  });
}
