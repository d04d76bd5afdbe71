/**
 * What the generated validators ask at run time beside formats and invariants: small questions that need no code of
 * their own for each type.
 */

/**
 * Whether a value may pass as a resource of a type that has no validator: a known type name, and no null, empty string,
 * empty array or empty object anywhere (null may pad arrays).
 */
export function isLooselyResource(value: unknown): boolean {
  const { resourceType } = value as { resourceType?: unknown };
  return typeof resourceType === 'string' && R4_TYPES.has(resourceType) && isFull(value);
}

function isFull(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value !== 'object' || value === null) return value !== null;
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => item === null || isFull(item));
  const inner = Object.values(value);
  return inner.length > 0 && inner.every(isFull);
}

/**
 * Whether each `_name` object says something: an extension, or an id for the value that stands beside it (ele-1).
 * Both may be arrays, item beside item. A value of another shape is refused elsewhere.
 */
export function saysSomething(sibling: unknown, value: unknown): boolean {
  if (Array.isArray(sibling)) {
    return sibling.every(
      (item, i) => item === null || saysSomething(item, Array.isArray(value) ? value[i] : undefined),
    );
  }
  if (typeof sibling !== 'object' || sibling === null) return true;
  const { id, extension } = sibling as { id?: unknown; extension?: unknown };
  return extension !== undefined || (id !== undefined && value !== undefined && value !== null);
}

/** The resource types of R4. Source: FHIR R4 (4.0.1), ValueSet resource-types. */
export const R4_TYPES: ReadonlySet<string> = new Set(
  `Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic
   Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry
   ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication
   CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage
   CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric
   DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis
   Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable
   ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse
   HealthcareService ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
   ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media Medication
   MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement
   MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication
   MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
   MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
   MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition
   OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation
   Person PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse
   RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
   RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
   StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
   SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task
   TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription`.split(/\s+/),
);
