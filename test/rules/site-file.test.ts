import t from 'tap';
import { DEFAULT_SITE } from '../../src/rules/site.ts';
import { readSite, SiteError } from '../../src/rules/site-file.ts';

t.test('what a file leaves out is as by default', async (t) => {
  t.same(readSite('{}'), DEFAULT_SITE);
});

t.test('everything can be said', async (t) => {
  const site = {
    timeZone: 'America/Guadeloupe',
    service: [{ days: [1, 6], from: '08:00', to: '24:00' }],
    holidays: 'none',
    closed: ['2028-02-29'],
    levels: [{ code: 'ide', display: 'Infirmière' }],
    respondWithin: { hours: 0.5, clock: 'always' },
  };
  t.same(readSite(JSON.stringify(site)), site);
});

t.test('half a working day follows the service where nothing else is said', async (t) => {
  const service = [
    { days: [1, 2, 3, 4], from: '08:00', to: '12:00' },
    { days: [1, 2, 3, 4], from: '13:00', to: '18:00' },
    { days: [5], from: '08:00', to: '12:00' },
  ];
  t.same(readSite(JSON.stringify({ service })).respondWithin, { hours: 4, clock: 'service' });
});

const refused: [name: string, file: unknown, faults: readonly string[]][] = [
  ['no object', [], ['file: expected a JSON object']],
  ['an unknown property', { zone: 'Europe/Paris' }, ['zone: expected one of the properties timeZone,']],
  ['an unknown zone', { timeZone: 'Europe/Pari' }, ['timeZone: expected the IANA name']],
  ['an offset in place of a zone', { timeZone: '+01:00' }, ['timeZone: expected the IANA name']],
  ['no service at all', { service: [] }, ['service: expected a list of at least one']],
  ['a day that is none', { service: [{ days: [0], from: '09:00', to: '17:00' }] }, ['service[0].days']],
  ['a day twice', { service: [{ days: [1, 1], from: '09:00', to: '17:00' }] }, ['service[0].days']],
  [
    'a time that is none',
    { service: [{ days: [1], from: '9:00', to: '17:60' }] },
    ['service[0].from', 'service[0].to'],
  ],
  [
    'a service that spans nothing',
    { service: [{ days: [1], from: '09:00', to: '09:00' }] },
    ['service[0].to: expected a time later'],
  ],
  [
    'a service over midnight',
    { service: [{ days: [1], from: '22:00', to: '06:00' }] },
    ['service[0].to: expected a time later'],
  ],
  [
    'under an hour in the week',
    { service: [{ days: [1], from: '09:00', to: '09:59' }] },
    ['service: expected at least an hour'],
  ],
  ['holidays of another country', { holidays: 'DE' }, ['holidays: expected FR or none']],
  ['a leap day of another year', { closed: ['2027-02-29'] }, ['closed[0]: expected a day']],
  ['no level', { levels: [] }, ['levels: expected a list of at least one']],
  [
    'a level twice',
    {
      levels: [
        { code: 'a', display: 'A' },
        { code: 'a', display: 'B' },
      ],
    },
    ['levels: expected a code of its own'],
  ],
  ['a level without a name', { levels: [{ code: 'a', display: ' ' }] }, ['levels[0].display']],
  ['no time at all', { respondWithin: { hours: 0 } }, ['respondWithin.hours']],
  ['a time too long', { respondWithin: { hours: 200.1 } }, ['respondWithin.hours']],
  ['an unknown clock', { respondWithin: { hours: 1, clock: 'night' } }, ['respondWithin.clock']],
  ['an unknown part', { respondWithin: { hours: 1, minutes: 3 } }, ['respondWithin.minutes']],
  ['several faults, told at once', { timeZone: 1, holidays: 2, closed: 3 }, ['timeZone', 'holidays', 'closed']],
];

for (const [name, file, faults] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    try {
      readSite(JSON.stringify(file));
      t.fail('was read');
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      t.equal(error.faults.length, faults.length, error.message);
      for (const [index, start] of faults.entries()) t.ok(error.faults[index]?.startsWith(start), error.message);
    }
  });
}

t.test('refused: no JSON', async (t) => {
  t.throws(() => readSite('{'), { name: 'SiteError', faults: ['file: expected JSON'] });
});
t.test('the last minute that makes an hour, and the longest time, are taken', async (t) => {
  t.ok(readSite('{"service":[{"days":[1],"from":"09:00","to":"10:00"}],"respondWithin":{"hours":200}}'));
});
