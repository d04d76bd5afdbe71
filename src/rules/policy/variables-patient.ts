import type { ObjectVariable } from './property.ts';
import { SCALES } from './scales.ts';

/** What is known of the patient beside the term: each name without its percent sign. */
export const PATIENT: Readonly<Record<string, ObjectVariable>> = {
  symptoms: {
    doc: 'Every term of the patient as last known, by its key with _ for what is no letter or digit.',
    need: 'symptoms',
    present: ({ symptoms }) => symptoms !== undefined,
    properties: Object.fromEntries(
      SCALES.filter(({ system }) => system !== 'monitoring').map(({ spelled, key, highest }) => [
        spelled,
        {
          type: 'integer',
          range: [0, highest] as const,
          doc: 'The grade: of this report where it grades the term, else the last known; absent where none is.',
          get: ({ symptoms }) => symptoms?.[key],
        },
      ]),
    ),
  },
  treatment: {
    doc: 'The treatment of the patient at the symptom time or when the report came in; absent when it was not known.',
    need: 'facts',
    present: ({ facts }) => facts?.treatments !== undefined,
    properties: {
      systemic: {
        type: 'boolean',
        doc: 'Under systemic anticancer treatment; absent when that is not known.',
        get: ({ facts }) => facts?.treatments?.systemic,
      },
      cellTherapy: {
        type: 'boolean',
        doc: 'After cell therapy or under a bispecific antibody; absent when that is not known.',
        get: ({ facts }) => facts?.treatments?.cellTherapy,
      },
    },
  },
  patient: {
    doc: 'The patient, as known when the report came in.',
    need: 'patient',
    present: () => true,
    properties: {
      gender: {
        type: 'string',
        values: ['male', 'female', 'other', 'unknown'],
        doc: 'Patient.gender.',
        get: ({ patient }) => patient.gender,
      },
      birthDate: {
        type: 'date',
        doc: 'Patient.birthDate, possibly only a year or a month.',
        get: ({ patient }) => patient.birthDate,
      },
    },
  },
};
