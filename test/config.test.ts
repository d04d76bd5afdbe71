import t from 'tap';
import { ConfigError, isLoopback, readConfig, SETTINGS } from '../src/config.ts';

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

t.test('with nothing set, every setting has its default', async (t) => {
  t.same(readConfig({}), {
    host: '127.0.0.1',
    port: 8080,
    baseUrl: 'http://127.0.0.1:8080/fhir',
    dataDir: '.data',
    openAccess: false,
    allowedHosts: [],
    corsOrigins: [],
    demoPolicy: false,
    language: 'en',
    ctcaeVersions: ['5.0'],
    logLevel: 'info',
    connections: 10,
    workers: 1,
  });
  t.ok(Object.isFrozen(readConfig({})));
});

t.test('every setting is read', async (t) => {
  const config = readConfig({
    HOST: '0.0.0.0',
    PORT: '9000',
    BASE_URL: 'https://vigie.example/fhir',
    DATABASE_URL: 'postgres://localhost/vigie',
    DATA_DIR: '/srv/vigie',
    OPEN_ACCESS: 'yes',
    ALLOWED_HOSTS: 'a.example, B.example,,',
    CORS_ORIGINS: 'https://app.example, http://localhost:3000',
    DEMO_POLICY: '1',
    FLAG_LANGUAGE: 'fr',
    CTCAE_VERSIONS: '5.0,6.0',
    LAB_CODES: '/etc/vigie/codes.json',
    SITE: '/etc/vigie/site.json',
    LOG_LEVEL: 'warn',
    DB_CONNECTIONS: '32',
    WORKERS: '2',
  });
  t.same(config, {
    host: '0.0.0.0',
    port: 9000,
    baseUrl: 'https://vigie.example/fhir',
    databaseUrl: 'postgres://localhost/vigie',
    dataDir: '/srv/vigie',
    openAccess: true,
    allowedHosts: ['a.example', 'b.example'],
    corsOrigins: ['https://app.example', 'http://localhost:3000'],
    demoPolicy: true,
    language: 'fr',
    ctcaeVersions: ['5.0', '6.0'],
    labCodes: '/etc/vigie/codes.json',
    site: '/etc/vigie/site.json',
    logLevel: 'warn',
    connections: 32,
    workers: 2,
  });
});

t.test('an empty value counts as unset', async (t) => {
  t.same(readConfig(Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '']))), readConfig({}));
});

t.test('the base follows HOST and PORT, brackets around IPv6', async (t) => {
  t.equal(readConfig({ PORT: '9' }).baseUrl, 'http://127.0.0.1:9/fhir');
  t.equal(readConfig({ HOST: '::1' }).baseUrl, 'http://[::1]:8080/fhir');
});

const malformed: [name: string, value: string][] = [
  ['PORT', 'http'],
  ['PORT', '65536'],
  ['PORT', '0'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['BASE_URL', 'vigie.example/fhir'],
  ['BASE_URL', 'https://vigie.example/fhir/'],
  ['BASE_URL', 'https://vigie.example/fhir?x=1'],
  ['DATABASE_URL', 'mysql://localhost/vigie'],
  ['OPEN_ACCESS', 'perhaps'],
  ['CORS_ORIGINS', 'app.example'],
  ['CORS_ORIGINS', 'https://app.example/'],
  ['CORS_ORIGINS', 'https://app.example,*'],
  ['DEMO_POLICY', 'on'],
  ['FLAG_LANGUAGE', 'de'],
  ['CTCAE_VERSIONS', '4.03'],
  ['CTCAE_VERSIONS', '5.0,7.0'],
  ['CTCAE_VERSIONS', '5.0,5.0'],
  ['CTCAE_VERSIONS', '5.0,,6.0'],
  ['CTCAE_VERSIONS', '5.0;6.0'],
  ['CTCAE_VERSIONS', ','],
  ['LOG_LEVEL', 'loud'],
  ['DB_CONNECTIONS', '1'],
  ['DB_CONNECTIONS', '201'],
  ['WORKERS', '0'],
  ['WORKERS', '65'],
  ['WORKERS', 'all'],
];
for (const [name, value] of malformed) {
  t.test(`${name}=${value} is refused by its name, with what is expected`, async (t) => {
    const faults = faultsOf({ [name]: value });
    t.ok(faults.length >= 1);
    for (const fault of faults) t.ok(fault.startsWith(`${name} `), fault);
    t.match(faults[0], SETTINGS[name as keyof typeof SETTINGS].description);
  });
}

t.test('versions of CTCAE stand in one order, however they are written', async (t) => {
  for (const [text, versions] of [
    ['5.0', ['5.0']],
    [' 6.0 ', ['6.0']],
    ['5.0,6.0', ['5.0', '6.0']],
    ['6.0,5.0', ['5.0', '6.0']],
    [' 6.0 , 5.0', ['5.0', '6.0']],
  ] as const) {
    t.strictSame(readConfig({ CTCAE_VERSIONS: text }).ctcaeVersions, versions, text);
  }
  t.match(faultsOf({ CTCAE_VERSIONS: '4.03' }), [/5\.0, 6\.0, 5\.0,6\.0/], 'those that are known are named');
});

t.test('both edges of what is accepted', async (t) => {
  t.equal(readConfig({ PORT: '1' }).port, 1);
  t.equal(readConfig({ PORT: '65535' }).port, 65535);
  t.equal(readConfig({ DB_CONNECTIONS: '2' }).connections, 2);
  t.equal(readConfig({ DB_CONNECTIONS: '200' }).connections, 200);
  t.equal(readConfig({ WORKERS: '64' }).workers, 64);
});

t.test('all faults are told at once', async (t) => {
  const faults = faultsOf({ PORT: 'x', FLAG_LANGUAGE: 'de', DEMO_POLICY: 'maybe', LOG_LEVEL: 'loud' });
  t.same(
    new Set(faults.map((fault) => fault.split(' ')[0])),
    new Set(['PORT', 'FLAG_LANGUAGE', 'DEMO_POLICY', 'LOG_LEVEL']),
  );
});

t.test('a password in DATABASE_URL is not repeated', async (t) => {
  t.notMatch(faultsOf({ DATABASE_URL: 'mysql://u:Quartermaine@h/d' }).join(), /Quartermaine/);
});

t.test('an address other than loopback needs OPEN_ACCESS', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.168.1.4', 'vigie.example', '127.0.0.1.example', '128.0.0.1']) {
    t.match(faultsOf({ HOST: host }), [/OPEN_ACCESS=yes/], host);
    t.match(faultsOf({ HOST: host, OPEN_ACCESS: 'no' }), [/OPEN_ACCESS=yes/], host);
    t.same(faultsOf({ HOST: host, OPEN_ACCESS: 'yes' }), [], host);
  }
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.same(faultsOf({ HOST: host }), [], host);
    t.ok(isLoopback(host));
  }
});

t.test('each setting has a description, and is a word in capitals', async (t) => {
  for (const [name, { description }] of Object.entries(SETTINGS)) {
    t.match(name, /^[A-Z][A-Z_]+$/);
    t.ok(description.length > 10, name);
  }
});
