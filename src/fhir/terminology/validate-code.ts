import type { CodeSystemConceptDesignation, Coding, Parameters, ValueSet } from '@medplum/fhirtypes';
import { FhirError, fault } from '../errors.ts';
import type { System } from '../terminology.ts';
import { conceptOf } from './concept.ts';
import type { Holdings } from './holdings.ts';
import { isMember } from './membership.ts';
import { obstaclesTo } from './obstacles.ts';
import { designationsOf, folded, wordingIn } from './words.ts';

export interface CodeQuestion {
  /** One of them has to be valid. */
  codings: readonly Coding[];
  displayLanguage?: string;
  /** Concepts that only group others are valid too. */
  abstract?: boolean;
}

/**
 * Whether a code is in a ValueSet, as Parameters (result, message, display). Throws FhirError 422 when what we hold does not decide it.
 * Source: FHIR R4, operation ValueSet/$validate-code.
 */
export function validateInValueSet(set: ValueSet, holdings: Holdings, asked: CodeQuestion): Parameters {
  return judge(asked, (coding) => {
    const inside = isMember(set, coding, holdings, asked.abstract);
    if (inside === undefined) {
      const causes = obstaclesTo(set, holdings).map((cause) =>
        fault('not-supported', `It cannot be decided: ${cause}`),
      );
      const [first = fault('not-supported', 'It cannot be decided'), ...rest] = causes;
      throw new FhirError([first, ...rest], { status: 422 });
    }
    if (!inside) return { result: false, message: `The code is not in the ValueSet${set.url ? ` ${set.url}` : ''}` };
    return named(coding.display, wordingsIn(set, coding, holdings), asked.displayLanguage);
  });
}

/**
 * Whether a code is in a CodeSystem, as Parameters. Throws FhirError 422 where it is not found and only a part of the system is held.
 * Source: FHIR R4, operation CodeSystem/$validate-code.
 */
export function validateInCodeSystem(system: System, asked: CodeQuestion): Parameters {
  const { url } = system;
  return judge(asked, (coding) => {
    if (coding.system !== undefined && coding.system !== url) {
      return { result: false, message: `The code is of another CodeSystem than ${url}` };
    }
    const concept = conceptOf(system, coding.code ?? '');
    if (!concept) {
      if (!system.complete) {
        const part = `Only a part of ${url} is held here (content "${system.resource.content}"): the code is not in it, and may be in the rest`;
        throw new FhirError([fault('not-supported', part)], { status: 422 });
      }
      return { result: false, message: `The code is not known in ${url}` };
    }
    if (system.abstract.has(concept.code) && !asked.abstract) {
      return { result: false, message: 'The code only groups others, and is not chosen itself' };
    }
    const designations = system.definitions.get(concept.code)?.designation ?? [];
    return named(coding.display, { displays: [concept.display], designations }, asked.displayLanguage);
  });
}

interface Verdict {
  result: boolean;
  message?: string;
  display?: string;
}

/** One valid coding is enough; else the first refusal is told. What cannot be decided counts only when none is valid. */
function judge({ codings }: CodeQuestion, verdictOf: (coding: Coding) => Verdict): Parameters {
  let refusal: Verdict = { result: false, message: 'No code was given' };
  let undecided: unknown;
  for (const [index, coding] of codings.entries()) {
    try {
      const verdict = verdictOf(coding);
      if (verdict.result) return told(verdict);
      if (index === 0) refusal = verdict;
    } catch (error) {
      undecided ??= error;
    }
  }
  if (undecided !== undefined) throw undecided;
  return told(refusal);
}

const told = ({ result, message, display }: Verdict): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(display === undefined ? [] : [{ name: 'display', valueString: display }]),
  ],
});

/** Wordings of a code: the one to show first, where there is one. */
interface Wordings {
  displays: readonly (string | undefined)[];
  designations: readonly CodeSystemConceptDesignation[];
}

/** A display that came along must be a wording of the code; capitals, accents and white space are not looked at. */
function named(given: string | undefined, { displays, designations }: Wordings, language: string | undefined): Verdict {
  const known = displays.flatMap((word) => (word === undefined ? [] : [word]));
  const display = (language === undefined ? undefined : wordingIn(language, designations)) ?? known[0];
  const shown = display === undefined ? {} : { display };
  const words = [...known, ...designations.map(({ value }) => value)].map(folded);
  if (given !== undefined && words.length > 0 && !words.includes(folded(given))) {
    return {
      result: false,
      message: 'The code is valid, and the display that came with it is none of its own',
      ...shown,
    };
  }
  return { result: true, ...shown };
}

function wordingsIn(set: ValueSet, { system = '', code = '', version: own }: Coding, holdings: Holdings): Wordings {
  const parts = set.compose?.include.filter((part) => part.system === system) ?? [];
  const listed = parts.flatMap((part) => part.concept ?? []).find((one) => one.code === code)?.display;
  const version = own ?? parts.find((part) => part.version !== undefined)?.version;
  const known = version === undefined ? undefined : holdings.system(system, version)?.concepts.get(code);
  return {
    displays: [listed, (known ?? holdings.concept(system, code))?.display],
    designations: designationsOf(set, holdings)({ system, code, ...(version === undefined ? {} : { version }) }),
  };
}
