/** What we use of the package, which ships no types. */
declare module '@lhncbc/ucum-lhc' {
  interface Unit {
    magnitude_: number;
    dim_: { dimVec_: number[] | null } | null;
    /** Name of the function of a unit that is not on a ratio scale. */
    cnv_: string | null;
    cnvPfx_: number;
    isArbitrary_: boolean;
    moleExp_: number;
  }
  const ucum: {
    UcumLhcUtils: {
      getInstance(): { getSpecifiedUnit(code: string, kind: 'validate'): { unit: Unit | null; status: string } };
    };
  };
  // biome-ignore lint/style/noDefaultExport: that is how the package exports
  export default ucum;
}
