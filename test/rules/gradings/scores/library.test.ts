import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { Grading } from '../../../../src/rules/gradings/grading.ts';
import { gradingLibrary } from '../../../../src/rules/gradings/grading.ts';
import { SCORE_GRADINGS } from '../../../../src/rules/gradings/scores/index.ts';
import { scoreResources } from '../../../../tools/score-resources.ts';

t.test('the CodeSystem that ships is the one that is made from the data, with each code once', async (t) => {
  for (const [file, resource] of Object.entries(scoreResources())) {
    t.strictSame(JSON.parse(readFileSync(`profiles/${file}`, 'utf8')), JSON.parse(JSON.stringify(resource)), file);
    const { concept, count } = resource as { concept: { code: string }[]; count: number };
    t.equal(new Set(concept.map(({ code }) => code)).size, count);
  }
});

t.test('each instrument is a Library that shows its licence status and its drafts', async (t) => {
  for (const grading of SCORE_GRADINGS) {
    const library = gradingLibrary(grading as unknown as Grading); // of which it reads data and sources only
    t.match(library, { url: `https://vigie.example/fhir/Library/grading-${grading.data.system}` });
    t.match(library.copyright, /Licence status: /);
    const content = JSON.parse(Buffer.from(library.content?.[0]?.data ?? '', 'base64').toString('utf8'));
    t.strictSame(content.drafts, grading.data.drafts);
  }
});

t.test(
  'docs/grading-others.md tells of every instrument, its version, its drafts and every code that forms use',
  async (t) => {
    const doc = readFileSync('docs/grading-others.md', 'utf8');
    for (const { data } of SCORE_GRADINGS) {
      t.ok(doc.includes(`\`${data.system}\` ${data.version}`), data.system);
      t.ok(doc.includes(data.licence.status), `licence of ${data.system}`);
      for (const { id } of data.drafts) t.ok(doc.includes(`\`${id}\``), `draft ${id} of ${data.system}`);
    }
  },
);

t.test(
  'bands, ranges and cut-offs are those of the table of facts',
  { skip: !existsSync('../shared/clinical') },
  async (t) => {
    interface Row {
      id: string;
      bands?: [number, number, string][];
      screenPositive?: { op: string; value: number };
      range?: [number, number];
      scoring?: { map: Record<string, number> }[];
      licence: { status: string; confidence: string };
    }
    const { instruments } = JSON.parse(readFileSync('../shared/clinical/other-proms.json', 'utf8')) as {
      instruments: Row[];
    };
    for (const row of instruments) {
      const grading = SCORE_GRADINGS.find(({ data }) => data.system === row.id);
      if (row.id === 'pro-ctcae') continue;
      t.ok(grading, row.id);
      if (!grading) continue;
      const total = grading.data.scores.at(-1);
      if (row.bands)
        t.strictSame(
          total?.bands?.map(({ min, max, code }) => [min, max, code.replaceAll('-', ' ')]),
          row.bands,
          row.id,
        );
      if (row.screenPositive) t.match(total?.screenPositive, row.screenPositive, row.id);
      if (row.range) t.strictSame(total?.range, row.range, row.id);
      if (row.id === 'g8')
        t.strictSame(
          grading.data.items.map(({ values }) => values),
          row.scoring?.map(({ map }) => Object.values(map).sort((a, b) => a - b)),
        );
      t.match(grading.data.licence, { status: row.licence.status, confidence: row.licence.confidence }, row.id);
    }
    const astct = JSON.parse(readFileSync('../shared/clinical/immune-effector.json', 'utf8'));
    const ours = SCORE_GRADINGS.find(({ data }) => data.system === 'astct');
    const { crs, ice, icans } = (ours?.data ?? {}) as unknown as Record<string, object>;
    const { notes, ...ofCrs } = astct.crs;
    const { specialRules, ...ofIcans } = astct.icans;
    t.ok(notes && specialRules);
    t.strictSame([crs, ice, icans], [ofCrs, astct.ice, ofIcans]);
  },
);
