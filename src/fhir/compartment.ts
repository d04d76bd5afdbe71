/** Whose data a caller may touch, in which tenant. Every store function takes one. */
export interface Compartment {
  tenant: number;
  /** Id of the one patient whose data is visible, or everyone's. */
  patient: 'everyone' | { id: string };
}

/** The single tenant of an installation that has not been divided. */
export const DEFAULT_TENANT = 1;

/** All of one tenant: what every caller has until access control exists. */
export const everyone = (tenant: number = DEFAULT_TENANT): Compartment => ({ tenant, patient: 'everyone' });
