/** A stream of numbers that look random and are the same for the same seed on every machine: additions and multiplications alone. */
export interface Random {
  /** 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  chance(probability: number): boolean;
  /** About normal, mean 0 and deviation 1, never beyond 6: the sum of twelve, since no machine's logarithm need be another's. */
  normal(): number;
  pick<T>(list: readonly [T, ...T[]]): T;
}

/** The stream of a seed. Source: sfc32 (small fast counting) of PractRand; the seed is hashed by FNV-1a, 32 bits. */
export function randomOf(seed: string): Random {
  let [a, b, c, counter] = [hashed(`${seed}/a`), hashed(`${seed}/b`), hashed(`${seed}/c`), 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 15; round += 1) next();
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    normal() {
      let sum = -6;
      for (let term = 0; term < 12; term += 1) sum += next();
      return sum;
    },
    pick: (list) => list[below(list.length)] ?? list[0],
  };
}

function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
}
