/**
 * Loaded before a test process begins: tap writes each line of its report by itself, and a write to a pipe is a call of the system, 40,000 of
 * them in a run. What is said in one turn is written together; at the end of the process, whatever ends it, at once.
 */
const write = process.stdout.write.bind(process.stdout);
let said: Uint8Array[] = [];

function flush(): void {
  if (said.length === 0) return;
  const together = Buffer.concat(said);
  said = [];
  write(together);
}

function gather(chunk: Uint8Array | string, encoding?: BufferEncoding | Told, told?: Told): boolean {
  if (said.length === 0) setImmediate(flush);
  said.push(typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk);
  const done = typeof encoding === 'function' ? encoding : told;
  if (done) setImmediate(done);
  return true;
}

type Told = (error?: Error | null) => void;

process.stdout.write = gather;
process.on('exit', flush);

export {};
