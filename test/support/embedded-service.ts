/**
 * A process that runs the embedded PostgreSQL as the service does, for tests that kill it or run it as another user.
 * Takes the options as JSON; tells each event, then how it came up or why not, as one line of JSON. SIGTERM stops it.
 */
import { startEmbedded } from '../../src/embedded.ts';

const tell = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

try {
  const options = JSON.parse(process.argv[2] ?? '{}');
  const server = await startEmbedded({ ...options, log: (event, details) => tell({ event, ...details }) });
  // Listened for before it is told that the server is up: a test may ask it to stop at once.
  process.on('SIGTERM', () => {
    void server.stop().then(() => tell({ stopped: true }));
  });
  tell({ up: true, url: server.url, how: server.how });
} catch (error) {
  tell({ up: false, message: error instanceof Error ? error.message : String(error) });
}
