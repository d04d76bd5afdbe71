import t from 'tap';
import { capabilityStatement } from '../../src/fhir/capability.ts';
import { searchParametersOf } from '../../src/fhir/definitions.ts';
import { RESOURCES } from '../../src/fhir/resources.ts';

t.test('is made of the tables that make the routes', async (t) => {
  const definition = 'https://vigie.example/fhir/OperationDefinition/x';
  const statement = capabilityStatement(new Map(), [{ name: 'x', scope: ['instance'], types: ['Flag'], definition }], {
    baseUrl: 'https://vigie.example/fhir',
    version: '1.2.3',
    date: '2026-11-21T12:00:00.000Z',
  });
  t.match(statement, { software: { version: '1.2.3' }, implementation: { url: 'https://vigie.example/fhir' } });
  const resources = statement.rest?.[0]?.resource ?? [];
  for (const [index, { type, interactions }] of RESOURCES.entries()) {
    const row = resources[index];
    t.equal(row?.type, type);
    t.same(
      row?.interaction?.map(({ code }) => code),
      interactions,
    );
    t.same(row?.operation, type === 'Flag' ? [{ name: 'x', definition }] : undefined);
    t.equal(row?.conditionalCreate, interactions.includes('create'));
  }
  t.ok(searchParametersOf('Patient').length > 0);
});
