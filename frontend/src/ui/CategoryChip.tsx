import type { Category } from '@/api/types';
import { categoryColor, useCategoryName } from './category';

type ChipProps = { category: Category | undefined; hint?: string };

/** A colour never stands alone: the name is always beside it. */
export function CategoryChip({ category, hint }: ChipProps) {
  const name = useCategoryName();
  return (
    <span className="category-chip">
      <span className="category-dot" style={{ backgroundColor: categoryColor(category) }} aria-hidden="true" />
      <span className="category-name">{name(category)}</span>
      {hint ? <span className="category-hint">{hint}</span> : null}
    </span>
  );
}
