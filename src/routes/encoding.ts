import { promisify } from 'node:util';
import { type BrotliOptions, brotliCompress, constants, gunzip, gzip, type ZlibOptions } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FhirError, fault } from '../fhir/errors.ts';

/** Answers shorter than this are sent as they are: compressing them costs more than it saves. */
export const LEAST_COMPRESSED = 4096;

/** A body larger than this is refused, compressed or not: 1 MiB. */
export const MOST_BYTES = 1024 * 1024;

/** Levels at which text of a few kB to a few MB costs a few ms at most per MB. */
const GZIP: ZlibOptions = { level: 4 };
const BROTLI: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/**
 * Sends a text, or one in UTF-8, compressed where the client takes that and it pays. Bodies are whole texts already, so zlib is asked directly: the answer keeps
 * its Content-Length, and nothing is done for those who do not ask.
 */
export function sendText(reply: FastifyReply, text: string | Buffer): FastifyReply {
  if (text.length < LEAST_COMPRESSED) return reply.send(text);
  reply.header('Vary', [reply.getHeader('Vary'), 'Accept-Encoding'].filter(Boolean).join(', '));
  const encoding = encodingFor(reply.request.headers['accept-encoding']);
  // As bytes, since their number is told first: of a long text both are taken in one go.
  if (encoding === undefined) return reply.send(typeof text === 'string' ? Buffer.from(text) : text);
  const done = (error: Error | null, bytes: Buffer): void => {
    if (error) reply.send(text);
    else reply.header('Content-Encoding', encoding).send(bytes);
  };
  if (encoding === 'br') brotliCompress(text, BROTLI, done);
  else gzip(text, GZIP, done);
  return reply;
}

/** What is spoken here and taken there, the most wanted first; br before gzip. Source: RFC 9110, section 12.5.3. */
export function encodingFor(header: string | string[] | undefined): 'br' | 'gzip' | undefined {
  if (header === undefined) return undefined;
  const wanted = new Map<string, number>();
  for (const part of String(header).toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim());
    const q = parameters.find((word) => word.startsWith('q='));
    wanted.set(name === 'x-gzip' ? 'gzip' : name, q === undefined ? 1 : Number(q.slice(2)) || 0);
  }
  const weight = (name: string): number => wanted.get(name) ?? wanted.get('*') ?? 0;
  const [br, gz, plain] = [weight('br'), weight('gzip'), wanted.get('identity') ?? 0];
  if (br === 0 && gz === 0) return undefined;
  if (plain > Math.max(br, gz)) return undefined;
  return br >= gz ? 'br' : 'gzip';
}

const inflate = promisify<Buffer, ZlibOptions, Buffer>(gunzip);

/**
 * The bytes of a received body, a parser for any content type whose body is read as a whole. gzip is undone, up to the size that a body
 * may have; another encoding is refused with 415 and the one that is taken.
 */
export async function receive(request: FastifyRequest, body: Buffer): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === '' || /^identity$/i.test(encoding)) return body;
  if (!/^(?:x-)?gzip$/i.test(encoding)) {
    throw new FhirError([fault('not-supported', 'Content-Encoding: a body may be sent as it is or with gzip')], {
      status: 415,
      headers: { 'Accept-Encoding': 'gzip' },
    });
  }
  try {
    return await inflate(body, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new FhirError([
        fault('too-long', 'The body is larger than this server accepts (1 MiB) once it is unpacked'),
      ]);
    }
    throw new FhirError([fault('structure', 'The body is not what Content-Encoding: gzip says')]);
  }
}
