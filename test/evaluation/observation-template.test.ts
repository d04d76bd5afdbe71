import t from 'tap';
import {
  builtVersion,
  observationMaker,
  type Particulars,
  type Shared,
} from '../../src/evaluation/observation-template.ts';
import { newId } from '../../src/fhir/ids.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { UNVALIDATED_WORDING } from '../../src/rules/resources/codes.ts';
import { testApp } from '../support/app.ts';

const finding = (over: Partial<Finding> = {}): Finding => ({
  term: 'PROCTCAE_17_COMP',
  system: 'pro-ctcae',
  version: '1.0',
  kind: 'composite',
  outcome: { kind: 'graded', grade: 2 },
  attributes: {
    frequency: { state: 'answered', value: 2, linkId: 'PROCTCAE_17A_SCL' },
    severity: { state: 'answered', value: 2, linkId: 'PROCTCAE_17B_SCL' },
    interference: { state: 'hidden', value: 0, linkId: 'PROCTCAE_17C_SCL', because: 'PROCTCAE_17B_SCL' },
  },
  dataQuality: [],
  ...over,
});

const FINDINGS: readonly Finding[] = [
  finding(),
  finding({ outcome: { kind: 'graded', grade: 0 }, dataQuality: ['contradictory', 'clock-ahead'] }),
  finding({ outcome: { kind: 'at-least', min: 1, max: 3, missing: ['severity'] } }),
  finding({
    outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['frequency'] },
    attributes: { frequency: { state: 'missing', linkId: 'x' } },
  }),
  finding({
    term: 'PROCTCAE_24_COMP',
    kind: 'presence',
    outcome: { kind: 'graded', grade: 1 },
    attributes: { presence: { state: 'answered', value: 1, linkId: 'PROCTCAE_24A_IND' } },
  }),
];

const PARTICULARS: readonly Partial<Particulars>[] = [
  {},
  { end: '2026-11-08T08:00:00+01:00' },
  { end: '2026-11-08' },
  { performer: 'Patient/a' },
  { performer: 'https://example.org/RelatedPerson/"quoted"\\' },
];

t.test('a filled template is the Observation built from scratch, text and index', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  for (const one of FINDINGS) {
    for (const status of ['final', 'amended', 'entered-in-error'] as const) {
      for (const tags of [[], [{ system: UNVALIDATED_WORDING.system, code: UNVALIDATED_WORDING.code }]]) {
        const shared: Shared = { finding: one, status, tags };
        for (const over of PARTICULARS) {
          const particulars: Particulars = {
            shard: 5,
            patient: newId(5, Date.now()),
            response: newId(5, Date.now()),
            end: '2026-11-01T08:00:00.000Z',
            issued: '2026-11-21T12:00:00.000Z',
            ...over,
          };
          const id = newId(5, Date.now());
          const make = observationMaker(app.deps, 1, particulars);
          const built = builtVersion(app.deps, 1, shared, particulars, id, 7);
          const filled = make(shared, id, 7);
          const again = make(shared, id, 7);
          const sorted = (version: typeof built) => ({
            ...version,
            index: { ...version.index, tok: [...version.index.tok].sort() },
          });
          t.strictSame(sorted(filled), sorted(built), JSON.stringify({ one, status, over }));
          t.strictSame(sorted(again), sorted(built));
        }
      }
    }
  }
});
