/** Fastify alone answering the same bytes; for a POST it parses the JSON and inserts one row of text. Takes one job, then serves. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

export interface BareHttpJob {
  /** Answers by path with query. */
  answers: Readonly<Record<string, string>>;
  /** The database of the raw rows. */
  url: string;
}

process.once('message', (job: BareHttpJob) => {
  void serve(job);
});

async function serve({ answers, url }: BareHttpJob): Promise<void> {
  const bytes = new Map(Object.entries(answers));
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query('create table if not exists raw (id text primary key, content text not null)');
  const app = Fastify({ bodyLimit: 1024 * 1024 });
  app.addContentTypeParser('application/fhir+json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.get('/*', async (request, reply) =>
    reply.type('application/fhir+json; charset=utf-8').send(bytes.get(request.url)),
  );
  app.post<{ Body: string }>('/*', async (request, reply) => {
    JSON.parse(request.body);
    await pool.query({
      name: 'raw',
      text: 'insert into raw (id, content) values ($1, $2)',
      values: [randomUUID(), request.body],
    });
    return reply
      .code(request.url === '/fhir' ? 200 : 201)
      .type('application/fhir+json; charset=utf-8')
      .send(request.body);
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  process.send?.({ origin });
  process.on('disconnect', () => {
    void app.close().then(() => pool.end());
  });
}
