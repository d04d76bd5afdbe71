/** Why a start failed, in a sentence that tells what to do. Messages of the start-up path hold settings and no patient data. */
export function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'Vigie did not start';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'EADDRINUSE') {
    return `Vigie did not start: the port is taken by another program (${error.message}). Set PORT to a free one, e.g. PORT=8081`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES')
    return `Vigie did not start: it cannot listen there (${error.message}). Check HOST and PORT`;
  return `Vigie did not start: ${error.message}`;
}
