import type { Questionnaire, QuestionnaireItem, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import { Client } from './http.ts';
import type { Journal } from './journal.ts';
import type { Random } from './random.ts';

export const IDENTIFIERS = 'https://vigie.example/crash/response';
const PATIENTS = 'https://vigie.example/crash/patient';

/** What all writers of a run share. */
export interface Field {
  base: string;
  form: Questionnaire;
  /** Told once; what was not as it must be. */
  violations: string[];
  acknowledged: number;
  stopped: boolean;
  now: number;
}

interface Held {
  identifier: string;
  id: string;
  version: number;
  body: string;
  withdrawn: boolean;
}

/** Responses of one patient before its writers move on to another: a late report folds all of a patient's again. */
const PER_PATIENT = 20;
const DAY = 86_400_000;

/**
 * One writer, as a patient's app is: it sends a response under an identifier of its own until it is acknowledged, reads back, amends and
 * withdraws some, and notes what it sent and what it was told. Two writers share each patient. Ends when the field is stopped and nothing of
 * its own is unanswered.
 */
export class Writer {
  readonly client: Client;
  readonly #name: number;
  readonly #field: Field;
  readonly #journal: Journal;
  readonly #random: Random;

  constructor(name: number, field: Field, journal: Journal, random: Random) {
    this.client = new Client(field.base);
    this.#name = name;
    this.#field = field;
    this.#journal = journal;
    this.#random = random;
  }

  async run(): Promise<void> {
    const random = this.#random;
    const held: Held[] = [];
    for (let k = 0; !this.#field.stopped; k += 1) {
      const patient = await this.#patient(Math.floor(k / PER_PATIENT));
      const made = await this.#create(`${this.#name}-${k}`, patient);
      if (made) held.push(made);
      if (random.chance(0.3)) await this.#readBack(random.pick([held.at(-1), ...held]));
      if (random.chance(0.2)) await this.#amend(random.pick([held.at(-1), ...held]));
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 60)));
    }
    this.client.close();
  }

  async #patient(turn: number): Promise<string> {
    const value = `${Math.floor(this.#name / 2)}-${turn}`;
    const body = JSON.stringify({
      resourceType: 'Patient',
      identifier: [{ system: PATIENTS, value }],
      gender: 'female',
    });
    const once = { 'if-none-exist': `identifier=${PATIENTS}|${value}` };
    const answer = await this.client.insist('POST', '/Patient', body, once);
    if (answer.status === 200 || answer.status === 201) return JSON.parse(answer.text).id;
    throw new Error(`A Patient was answered with ${answer.status}: ${answer.text}`);
  }

  async #create(identifier: string, patient: string): Promise<Held | undefined> {
    const body = JSON.stringify(this.#response(identifier, patient, 'completed'));
    this.#journal.write({ did: 'sent', what: 'create', identifier, patient, body });
    const once = { 'if-none-exist': `identifier=${IDENTIFIERS}|${identifier}` };
    const answer = await this.client.insist('POST', '/QuestionnaireResponse', body, once);
    if (answer.status !== 201 && !(answer.status === 200 && answer.attempts > 1)) {
      this.#field.violations.push(`create ${identifier}: answered ${answer.status}: ${answer.text.slice(0, 300)}`);
      return undefined;
    }
    const id: string = JSON.parse(answer.text).id;
    const { status, etag: version } = answer;
    this.#journal.write({ did: 'acknowledged', what: 'create', identifier, id, version, status });
    this.#field.acknowledged += 1;
    return { identifier, id, version, body, withdrawn: false };
  }

  async #readBack(held: Held | undefined): Promise<void> {
    if (!held) return;
    const answer = await this.client.insist('GET', `/QuestionnaireResponse/${held.id}`);
    if (answer.status !== 200 || answer.etag !== held.version) {
      this.#field.violations.push(
        `${held.identifier}: version ${held.version} was acknowledged, and reading it gives ${answer.status}, version ${answer.etag}`,
      );
    }
  }

  /** Compare-and-set: when the outcome is unknown, the same again; 412 then means that it had taken effect. */
  async #amend(held: Held | undefined): Promise<void> {
    if (!held || held.withdrawn) return;
    const before: { subject: { reference: string }; authored: string } = JSON.parse(held.body);
    const patient = before.subject.reference.slice('Patient/'.length);
    const status = this.#random.chance(0.15) ? 'entered-in-error' : 'amended';
    const next = { ...this.#response(held.identifier, patient, status), id: held.id, authored: before.authored };
    const body = JSON.stringify(next);
    const path = `/QuestionnaireResponse/${held.id}`;
    const { identifier, id, version: ifMatch } = held;
    this.#journal.write({ did: 'sent', what: 'amend', identifier, patient, body, ifMatch });
    let answer = await this.client.insist('PUT', path, body, { 'if-match': `W/"${ifMatch}"` });
    if (answer.status === 412 && answer.attempts > 1) {
      answer = { ...(await this.client.insist('GET', path)), attempts: answer.attempts };
    }
    if (answer.status !== 200 || answer.etag !== ifMatch + 1) {
      this.#field.violations.push(
        `amend ${identifier}: answered ${answer.status}, version ${answer.etag}, expected version ${ifMatch + 1}: ${answer.text.slice(0, 300)}`,
      );
      return;
    }
    this.#journal.write({
      did: 'acknowledged',
      what: 'amend',
      identifier,
      id,
      version: answer.etag,
      status: answer.status,
    });
    this.#field.acknowledged += 1;
    Object.assign(held, { version: answer.etag, body, withdrawn: status === 'entered-in-error' });
  }

  #response(identifier: string, patient: string, status: string) {
    const { form, now } = this.#field;
    const random = this.#random;
    return {
      resourceType: 'QuestionnaireResponse',
      identifier: { system: IDENTIFIERS, value: identifier },
      questionnaire: `${form.url}|${form.version}`,
      status,
      subject: { reference: `Patient/${patient}` },
      authored: new Date(now - random.between(1, 60 * DAY)).toISOString().replace('Z', '+00:00'),
      item: (form.item ?? []).flatMap((group) => {
        const item = answers(group.item ?? [], random);
        return item.length > 0 ? [{ linkId: group.linkId, item }] : [];
      }),
    };
  }
}

/** Mostly mild, sometimes severe, sometimes skipped; what the form hides after a 0 is left out. */
function answers(items: readonly QuestionnaireItem[], random: Random): QuestionnaireResponseItem[] {
  const given: QuestionnaireResponseItem[] = [];
  for (const { linkId, answerOption = [] } of items) {
    if (random.chance(0.05)) break;
    const score = Math.min(random.pick([0, 0, 1, 1, 1, 1, 2, 2, 3, 4]), answerOption.length - 1);
    const coding = answerOption[score]?.valueCoding;
    if (!coding) break;
    given.push({ linkId, answer: [{ valueCoding: { system: coding.system, code: coding.code } }] });
    if (score === 0) break;
  }
  return given;
}
