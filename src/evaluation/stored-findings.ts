import type { Answer, Attribute, Finding } from '../rules/finding.ts';
import { type PackedFinding, packFinding, readFinding } from '../rules/finding-packed.ts';
import { ITEMS } from '../rules/gradings/pro-ctcae-data.ts';

/**
 * A finding of a stored report. Of a graded PRO-CTCAE composite whose items have the link ids of the published library, as our own forms have, a
 * short text: the number of its term, its grade, and a pair of letters for each attribute: `16 2 f2s1if` is frequency 2, severity 1, interference
 * hidden by frequency. Any other finding in full. A patient has one for each term of each report: the text is a third of what the whole takes.
 */
type StoredFinding = string | PackedFinding;

type Grading = Pick<Finding, 'system' | 'version'>;

/** The findings of a report: texts alone are joined into one. */
export type StoredFindings = string | readonly StoredFinding[];

/** `most` is the grading that is kept beside the list. */
export function storeFindings(findings: readonly Finding[], most: Grading): StoredFindings {
  const stored = findings.map((finding) => shortText(finding, most) ?? packFinding(finding, most));
  return stored.length > 0 && stored.every((one) => typeof one === 'string') ? stored.join(BETWEEN) : stored;
}

/** The findings that `storeFindings` was given. Throws a RangeError for a text that it never gives. */
export function readFindings(stored: StoredFindings, most: Grading): Finding[] {
  const list: readonly StoredFinding[] = typeof stored === 'string' ? stored.split(BETWEEN) : stored;
  const known = readBefore(most);
  return list.map((one) => (typeof one === 'string' ? ofText(one, most, known) : readFinding(one, most)));
}

const BETWEEN = ';';

/** In the order of the published items. */
const LETTERS = [
  ['frequency', 'f'],
  ['severity', 's'],
  ['interference', 'i'],
  ['amount', 'a'],
] as const satisfies readonly (readonly [Attribute, string])[];

const TEXT = /^(\d{1,2}) (\d) ((?:[fsia][0-4fsia?.])*)$/;

const LINK_IDS: ReadonlyMap<string, string> = new Map(
  Array.from(ITEMS.values(), ({ term, attribute, itemId }) => [`${term.code} ${attribute}`, itemId]),
);

const TERM = /^PROCTCAE_(\d{1,2})_COMP$/;

function shortText(finding: Finding, most: Grading): string | undefined {
  const { term, system, version, kind, outcome, attributes, measured, dataQuality } = finding;
  const number = TERM.exec(term)?.[1];
  const isPlain = kind === 'composite' && outcome.kind === 'graded' && !measured && dataQuality.length === 0;
  if (!isPlain || number === undefined || system !== 'pro-ctcae' || most.system !== system || most.version !== version)
    return undefined;
  let text = `${number} ${outcome.grade} `;
  let known = 0;
  for (const [attribute, letter] of LETTERS) {
    const answer = attributes[attribute];
    if (!answer) continue;
    const state = letterOf(answer, term, attribute);
    if (state === undefined) return undefined;
    text += letter + state;
    known += 1;
  }
  return known === Object.keys(attributes).length ? text : undefined;
}

/** A score; the letter of the attribute that hid it; `?` not answered; `.` not asked. Undefined for what a text cannot say. */
function letterOf(answer: Answer, term: string, attribute: Attribute): string | undefined {
  if (answer.state === 'not-asked') return '.';
  if (answer.linkId !== LINK_IDS.get(`${term} ${attribute}`)) return undefined;
  switch (answer.state) {
    case 'answered':
      return answer.value >= 0 && answer.value <= 4 ? String(answer.value) : undefined;
    case 'hidden':
      return LETTERS.find(([other]) => LINK_IDS.get(`${term} ${other}`) === answer.because)?.[1];
    case 'missing':
      return '?';
    default:
      return undefined;
  }
}

/**
 * The findings of texts read before, by the version of their grading: a few hundred texts are most of what thousands of patients say, and
 * reading them was an eighth of a simulation. Frozen, since all who read the text are given the same.
 */
const read = new Map<string, Map<string, Finding>>();
const MOST_READ = 5000;

function readBefore({ system, version }: Grading): Map<string, Finding> {
  const name = `${system} ${version}`;
  const known = read.get(name);
  if (known) return known;
  const made = new Map<string, Finding>();
  read.set(name, made);
  return made;
}

function ofText(text: string, most: Grading, known: Map<string, Finding>): Finding {
  const found = known.get(text);
  if (found) return found;
  const made = frozen(findingOf(text, most));
  if (known.size >= MOST_READ) known.clear();
  known.set(text, made);
  return made;
}

function frozen(finding: Finding): Finding {
  for (const answer of Object.values(finding.attributes)) Object.freeze(answer);
  for (const part of [finding.attributes, finding.outcome, finding.dataQuality]) Object.freeze(part);
  return Object.freeze(finding);
}

function findingOf(text: string, { system, version }: Grading): Finding {
  const [, number, grade, pairs] = TEXT.exec(text) ?? [];
  if (number === undefined || pairs === undefined) throw new RangeError('a kept finding is not as it is written');
  const term = `PROCTCAE_${number}_COMP`;
  const attributes: Finding['attributes'] = {};
  for (let place = 0; place < pairs.length; place += 2) {
    const known = LETTERS.find(([, letter]) => letter === pairs[place]);
    if (known) attributes[known[0]] = answerOf(pairs[place + 1] ?? '', term, known[0]);
  }
  return {
    term,
    system,
    version,
    kind: 'composite',
    outcome: { kind: 'graded', grade: Number(grade) },
    attributes,
    dataQuality: [],
  };
}

function answerOf(state: string, term: string, attribute: Attribute): Answer {
  if (state === '.') return { state: 'not-asked' };
  const linkId = linkIdOf(term, attribute);
  if (state === '?') return { state: 'missing', linkId };
  const hiding = LETTERS.find(([, letter]) => letter === state);
  return hiding
    ? { state: 'hidden', value: 0, linkId, because: linkIdOf(term, hiding[0]) }
    : { state: 'answered', value: Number(state), linkId };
}

function linkIdOf(term: string, attribute: Attribute): string {
  const linkId = LINK_IDS.get(`${term} ${attribute}`);
  if (linkId === undefined) throw new RangeError('a kept finding names an item that is not published');
  return linkId;
}
