import type { Bundle, Observation, OperationOutcome, Patient } from '@medplum/fhirtypes';
import smart from 'fhirclient';
import t from 'tap';
import { listeningApp } from '../support/listening.ts';

/** What is used of the class; the package's own types of resources are not those of the specification. */
interface Client {
  create<T>(resource: object): Promise<T>;
  update<T>(resource: object): Promise<T>;
  patch<T>(url: string, operations: object[]): Promise<T>;
  delete(url: string): Promise<unknown>;
  fhirRequest<T>(url: string, options?: RequestInit): Promise<T>;
}

// The package's types leave the class out; its entry for Node has it.
const { FhirClient } = smart as unknown as { FhirClient: new (baseUrl: string) => Client };

const patient = (family: string): Patient => ({ resourceType: 'Patient', name: [{ family }], birthDate: '1961-05-04' });

t.test('fhirclient creates, reads, updates, patches, searches, pages and deletes', async (t) => {
  const { app, baseUrl } = await listeningApp();
  t.teardown(() => app.close());
  const client = new FhirClient(baseUrl);

  const created: Patient = await client.create(patient('Martin'));
  t.match(created, { resourceType: 'Patient', meta: { versionId: '1' } });
  const id = created.id ?? '';
  const updated: Patient = await client.update({ ...created, gender: 'female' });
  t.match(updated, { id, gender: 'female', meta: { versionId: '2' } });
  const patched: Patient = await client.patch(`Patient/${id}`, [{ op: 'replace', path: '/gender', value: 'other' }]);
  t.match(patched, { id, gender: 'other', meta: { versionId: '3' } });

  const observation = (day: number): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8331-1' }] },
    subject: { reference: `Patient/${id}` },
    effectiveDateTime: `2026-11-0${day}T08:00:00Z`,
    valueQuantity: { value: 37.5, unit: '°C', system: 'http://unitsofmeasure.org', code: 'Cel' },
  });
  for (const day of [1, 2, 3]) await client.create(observation(day));
  const pages: Bundle[] = [];
  let next: string | undefined = `Observation?patient=${id}&_sort=-date&_count=2`;
  while (next) {
    const page: Bundle = await client.fhirRequest(next);
    pages.push(page);
    next = page.link?.find(({ relation }) => relation === 'next')?.url;
  }
  t.same(
    pages.map(({ entry }) => entry?.map(({ resource }) => (resource as Observation).effectiveDateTime?.slice(8, 10))),
    [['03', '02'], ['01']],
  );
  const chained: Bundle = await client.fhirRequest(
    'Observation?subject:Patient.name=martin&_include=Observation:subject',
  );
  t.equal(chained.entry?.filter(({ search }) => search?.mode === 'match').length, 3);
  t.match(chained.entry?.find(({ search }) => search?.mode === 'include')?.resource, { resourceType: 'Patient', id });

  const batch: Bundle = await client.fhirRequest('', {
    method: 'POST',
    body: JSON.stringify({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: `Patient/${id}` } },
        { request: { method: 'GET', url: 'Patient/nobody' } },
      ],
    }),
    headers: { 'content-type': 'application/fhir+json' },
  });
  t.same(
    batch.entry?.map(({ response }) => response?.status?.slice(0, 3)),
    ['200', '404'],
  );

  const other: Patient = await client.create(patient('Durand'));
  await client.delete(`Patient/${other.id}`);
  const gone = await client.fhirRequest(`Patient/${other.id}`).then(
    () => undefined,
    (error: { status: number; response?: { status: number } }) => error.status ?? error.response?.status,
  );
  t.equal(gone, 410);
  const history: Bundle = await client.fhirRequest(`Patient/${id}/_history`);
  t.equal(history.total, 3);
  const refused: OperationOutcome = await client.fhirRequest('Patient/$validate', {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'Patient', gender: 'unheard-of' }),
    headers: { 'content-type': 'application/fhir+json' },
  });
  t.match(refused, { issue: [{ severity: 'error', expression: ['Patient.gender'] }] });
});
