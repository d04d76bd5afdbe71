import t from 'tap';
import { shardOfId } from '../../src/store/resources.ts';
import { clockStory, flagText, provenanceOf } from '../support/clock.ts';
import { aPolicy } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { tasksOf } from '../support/work.ts';

t.test('what persists rises by itself, at its moment, with all that an evaluation leaves', async (t) => {
  const { app, patient, count, flags, until, due } = await clockStory(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  t.same(
    (await due()).filter(({ kind }) => kind === 'tick').map(({ at }) => at),
    ['2026-11-27T08:30:00.000Z'],
    'written with the Flag',
  );
  await until('2026-11-27T08:29:59.999Z');
  t.same((await flags()).map(flagText), ['active PL'], 'not a millisecond early');
  await until('2026-11-27T08:30:00.000Z');
  const [flag, ...more] = await flags();
  t.equal(more.length, 0);
  t.equal(flag && flagText(flag), 'active PM');
  t.equal(flag?.meta?.versionId, '2');
  t.equal((await due()).filter(({ kind }) => kind === 'tick').length, 0);
  const [task] = await tasksOf(app, patient);
  t.match(task, { focus: { reference: `Flag/${flag?.id}` } });

  const provenance = await provenanceOf(app, `Flag/${flag?.id}/_history/2`);
  t.match(provenance, {
    occurredDateTime: '2026-11-27T08:30:00.000Z',
    activity: { coding: [{ code: 'EXECUTE' }] },
  });
  const references = (provenance.entity ?? []).map(({ what }) => what.reference ?? '');
  const [moment = ''] = references.filter((one) => one.startsWith('Basic/'));
  const basic = (await app.send('GET', `/${moment}`)).body;
  t.match(basic, { code: { coding: [{ code: 'ask-again' }] }, subject: { reference: patient }, created: '2026-11-27' });
  t.ok(
    references.some((one) => one.startsWith('Observation/')),
    'and the result that it rests on',
  );

  const explained = await app.send('GET', `/Flag/${flag?.id}/$explain`);
  t.equal(explained.status, 200);
  const text = explained.body.parameter.find(({ name }: { name: string }) => name === 'text')?.valueString ?? '';
  t.match(explained.text, /asked again on 2026-11-27: nothing had told its grade for 3 days/);
  t.notMatch(text, /cannot tell its grade/);
  const replayed = await app.send('GET', `/Flag/${flag?.id}/$replay`);
  t.match(replayed.text, /equal/, replayed.text);
  t.notMatch(replayed.text, /differs/);
  t.equal((await app.send('DELETE', `/${moment.split('/_history')[0]}`)).status, 403, 'the engine wrote it');
});

t.test('a late result before a moment takes back what it did, and a withdrawn one gives it again', async (t) => {
  const { app, count, flags, until, due } = await clockStory(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  await until('2026-11-27T09:00:00.000Z');
  t.same((await flags()).map(flagText), ['active PM']);
  const late = await count(1.6, '2026-11-26T08:00:00Z');
  t.same((await flags()).map(flagText), ['active PL'], 'in its order it was grade 1 by then, and no moment');
  t.same(
    (await due()).filter(({ kind }) => kind === 'tick').map(({ at }) => at),
    ['2026-11-29T08:00:00.000Z'],
  );
  const { body } = await app.send('GET', `/Observation/${late.id}`);
  await app.send('PUT', `/Observation/${late.id}`, { ...body, status: 'entered-in-error' });
  t.same((await flags()).map(flagText), ['active PM']);
  await until('2026-11-30T09:00:00.000Z');
  t.same((await flags()).map(flagText), ['active PM'], 'the moment of the withdrawn result means nothing');
  t.equal((await due()).filter(({ kind }) => kind === 'tick').length, 0);
});

t.test('a late result that itself persists is caught up at once', async (t) => {
  const { count, flags, until, at } = await clockStory(t);
  await count(1.9, '2026-11-24T08:30:00Z');
  at('2026-12-10T08:00:00.000Z');
  await count(1.2, '2026-11-25T08:30:00Z');
  t.same((await flags()).map(flagText), ['active PL']);
  await until('2026-12-10T08:00:00.000Z');
  t.same((await flags()).map(flagText), ['active PM']);
});

t.test('the end of a snooze wakes what it held back', async (t) => {
  const { app, count, flags, until } = await clockStory(t);
  await count(1.6, '2026-11-24T08:30:00Z');
  const [flag] = await flags();
  const expected = await app.send('POST', `/Flag/${flag?.id}/$expect`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'level', valueInteger: 3 },
      { name: 'until', valueDateTime: '2026-11-25T12:00:00Z' },
      { name: 'author', valueReference: { reference: 'Practitioner/anna' } },
      { name: 'reason', valueString: 'nadir' },
    ],
  });
  t.equal(expected.status < 300, true, expected.text);
  await until('2026-11-25T08:00:00.000Z');
  await count(0.8, '2026-11-25T07:30:00Z');
  t.same((await flags()).map(flagText), ['active PL'], 'held back');
  await until('2026-11-25T12:00:00.000Z');
  t.same((await flags()).map(flagText), ['active PL'], 'the moment itself still counts');
  await until('2026-11-25T12:00:00.001Z');
  t.same((await flags()).map(flagText), ['active PH']);
  const explained = await app.send('GET', `/Flag/${flag?.id}/$explain`);
  t.match(explained.text, /the level that was expected is so no longer/);
  t.notMatch((await app.send('GET', `/Flag/${flag?.id}/$replay`)).text, /differs/);
});

t.test('after a day without the service all happens in the order of time, one Flag per episode', async (t) => {
  const { app, patient, count, flags, at, until } = await clockStory(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  at('2026-12-03T08:00:00.000Z');
  // Received before the clock is heard.
  await count(1.2, '2026-12-02T08:30:00Z');
  t.ok((await until('2026-12-08T08:00:00.000Z')) > 1);
  const all = await flags();
  t.same(all.map(flagText), ['active PM']);
  const history = (await app.send('GET', `/Flag/${all[0]?.id}/_history`)).body.entry;
  t.equal(history.length, 3, 'the rise at the result, then at the moment before it; none for what adds nothing');
  const moments = (await app.send('GET', `/Basic?patient=${patient}&_sort=created`)).body.entry;
  t.same(
    moments.map(({ resource }: { resource: { created: string } }) => resource.created),
    ['2026-11-27', '2026-12-05'],
  );
});

t.test('where no policy wants it nothing is due of the term', async (t) => {
  const plain = aPolicy('plain', [['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PL']]);
  const { count, due } = await clockStory(t, plain);
  await count(1.2, '2026-11-24T08:30:00Z');
  t.same(
    (await due()).map(({ kind }) => kind),
    ['task-overdue'],
  );
});

t.test('of many moments those that mean nothing are done away with at one look, and no other', async (t) => {
  const { app, patient, count, flags, due, until } = await clockStory(t);
  const { db } = app.deps;
  await count(1.2, '2026-11-24T08:30:00Z');
  const [real] = (await due()).filter(({ kind }) => kind === 'tick');
  const own = patient.slice('Patient/'.length);
  // Moments of a term of which no episode is open, and of what was said before. Of one patient only one is looked at at a time.
  for (let n = 0; n < 25; n += 1) {
    const owner = n === 0 ? own : (await aPatient(app)).slice('Patient/'.length);
    const term = n === 0 ? 'neutrophil_count_decreased@5.0' : 'anemia@5.0';
    const content = {
      tick: { term, why: 'ask-again', since: '2026-11-01T08:00:00.000Z', after: '3 d' },
      day: '2026-11-24',
    };
    await db.pool.query(
      'insert into due (tenant, shard, id, patient, kind, at, content) values (1, $1, $2, $3, $4, $5, $6)',
      [shardOfId(owner), `tick/idle/${n}`, owner, 'tick', '2026-11-24T08:45:00Z', JSON.stringify(content)],
    );
  }
  const written = async () => (await db.pool.query('select sum(n) as n from patient_state')).rows[0].n;
  const before = await written();
  t.equal(await until('2026-11-24T12:00:00.000Z'), 25);
  t.same(
    (await due()).filter(({ kind }) => kind === 'tick').map(({ id }) => id),
    [real?.id],
  );
  t.equal(await written(), before, 'nothing was written of their patients');
  await until('2026-11-28T08:30:00.000Z');
  t.same((await flags()).map(flagText), ['active PM']);
});
