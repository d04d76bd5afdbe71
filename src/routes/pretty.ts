/** Compact JSON text, set out for people, its numbers and escapes as they were. The text is valid JSON. */
export function pretty(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (c === '"') {
      for (i += 1; text[i] !== '"' && i < text.length; i += 1) if (text[i] === '\\') i += 1;
    } else if (c === '{' || c === '[') {
      const close = text[i + 1] === '}' || text[i + 1] === ']';
      if (close) {
        i += 1;
      } else {
        depth += 1;
        parts.push(text.slice(from, i + 1), line());
        from = i + 1;
      }
    } else if (c === '}' || c === ']') {
      depth -= 1;
      parts.push(text.slice(from, i), line());
      from = i;
    } else if (c === ',') {
      parts.push(text.slice(from, i + 1), line());
      from = i + 1;
    } else if (c === ':') {
      parts.push(text.slice(from, i + 1), ' ');
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.join('');
}
