/** A rough estimate for the meter only; the server has the last word. */

export type Strength = 0 | 1 | 2 | 3 | 4;

export const minPasswordLength = 8;

export function estimateStrength(password: string): Strength {
  if (password.length < minPasswordLength) return password.length === 0 ? 0 : 1;
  const distinct = new Set(password.toLowerCase()).size;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  if (distinct < 5 || /^(.+?)\1+$/.test(password)) return 1;
  if (/^(?:password|qwerty|letmein|welcome|admin|iloveyou)/i.test(password) || /^\d+$/.test(password)) return 1;
  const bits = Math.min(password.length, distinct * 2) * (2.2 + kinds * 0.7);
  if (bits < 34) return 2;
  return bits < 52 ? 3 : 4;
}
