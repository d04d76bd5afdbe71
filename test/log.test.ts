import t from 'tap';
import { openLog, safeError } from '../src/log.ts';

const SECRET = 'Zebulon';

t.test('of an error its name, code, table, constraint and frames are known, never its message', async (t) => {
  const error = Object.assign(new TypeError(`${SECRET} is no date`), {
    code: '23505',
    table: 'claim',
    constraint: 'claim_pkey',
    detail: `Key (key)=(${SECRET}) already exists.`,
    where: SECRET,
  });
  const safe = safeError(error);
  t.match(safe, { name: 'TypeError', code: '23505', table: 'claim', constraint: 'claim_pkey' });
  t.ok(safe.frames.length > 0);
  t.notMatch(JSON.stringify(safe), SECRET);
});

t.test('a message that looks like frames is no frame', async (t) => {
  for (const message of [`x\n    at ${SECRET}:1:2`, `x\n    at f (${SECRET}:1:2)\n    at ${SECRET} (a.js:3:4)`]) {
    const safe = safeError(new Error(message));
    t.notMatch(JSON.stringify(safe), SECRET);
    t.ok(safe.frames.length > 0, 'the true frames stay');
  }
});

t.test('a code, name or table that is free text is left out', async (t) => {
  const error = Object.assign(new Error('x'), { code: `${SECRET} said`, table: `${SECRET}!`, constraint: 7 });
  error.name = `${SECRET} was here`;
  const safe = safeError(error);
  t.same({ ...safe, frames: [] }, { name: 'Error', frames: [] });
  t.notMatch(JSON.stringify(safe), SECRET);
});

t.test('what is thrown and is no error is known by its type alone', async (t) => {
  for (const thrown of [SECRET, { message: SECRET }, null, undefined, 7]) {
    t.same(safeError(thrown), { name: typeof thrown, frames: [] });
  }
});

t.test('the log writes errors so, at its level and above', async (t) => {
  const lines: string[] = [];
  const log = openLog('warn', { write: (line) => void lines.push(line) });
  log.info('quiet');
  log.error({ err: new Error(SECRET) }, 'loud');
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0] ?? ''), { level: 50, service: 'vigie', msg: 'loud', err: { name: 'Error' } });
  t.notMatch(lines[0], SECRET);
});
