/**
 * Gives for each write that is repeated what its search tokens become: those that several resources carry stay, and one that a single
 * resource had (an identifier's) becomes another each time. `tokens` are those of each captured resource.
 */
export function freshTokens(tokens: Iterable<readonly string[]>): () => (tok: string) => string {
  const uses = new Map<string, number>();
  for (const list of tokens) for (const tok of new Set(list)) uses.set(tok, (uses.get(tok) ?? 0) + 1);
  let fresh = 1n << 40n;
  return () => {
    const own = new Map<string, string>();
    return (tok) => {
      if ((uses.get(tok) ?? 0) > 1) return tok;
      const known = own.get(tok);
      if (known !== undefined) return known;
      fresh += 1n;
      // The golden ratio spreads the numbers over all 64 bits, as hashes are.
      const made = BigInt.asIntN(64, fresh * 0x9e3779b97f4a7c15n).toString();
      own.set(tok, made);
      return made;
    };
  };
}
