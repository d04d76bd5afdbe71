/** Lines of `type url version json` with tabs between, gzipped and in base64. */
export const R4_TERMINOLOGY: string;
