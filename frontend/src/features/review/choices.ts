/** The categories that are offered for an unsure row, the likeliest first. */
import type { Suggestion } from '@/api/types';

export type Choice = { categoryId: string; confidence: number };

const most = 4;

/** When the classifier fell back to "other", its alternatives are the better guesses, so that comes last. */
export function choicesOf(suggestion: Suggestion, known: ReadonlySet<string>): Choice[] {
  const first = { categoryId: suggestion.category_id, confidence: suggestion.confidence };
  const others = suggestion.alternatives.map((one) => ({ categoryId: one.category_id, confidence: one.confidence }));
  const unsure = suggestion.source === 'unsure';
  const seen = new Set<string>();
  const ordered = (unsure ? [...others, first] : [first, ...others]).filter(({ categoryId }) => {
    if (seen.has(categoryId) || !known.has(categoryId)) return false;
    seen.add(categoryId);
    return true;
  });
  if (ordered.length <= most) return ordered;
  return unsure ? [...ordered.slice(0, most - 1), ...ordered.slice(-1)] : ordered.slice(0, most);
}
