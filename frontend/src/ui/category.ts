/** How a category looks and what it is called, the same everywhere. */
import { useTranslation } from 'react-i18next';
import type { Category } from '@/api/types';

/** After Okabe and Ito, darkened where needed for three-to-one against both grounds. */
const builtinColors: Record<string, string> = {
  'food-drinks': '#c98200',
  'housing-bills': '#2f6fb7',
  transportation: '#3a97ce',
  'education-growth': '#b4639b',
  'health-essentials': '#159a74',
  'leisure-gifts': '#cf5b2e',
  other: '#808894',
  income: '#6a5fb5',
};

const builtinNames: Record<string, string> = {
  'food-drinks': 'Food & Drinks',
  'housing-bills': 'Housing & Bills',
  transportation: 'Transportation',
  'education-growth': 'Education & Growth',
  'health-essentials': 'Health & Essentials',
  'leisure-gifts': 'Leisure & Gifts',
  other: 'Other',
  income: 'Income',
};

const builtinKeys = {
  'food-drinks': 'category.food-drinks',
  'housing-bills': 'category.housing-bills',
  transportation: 'category.transportation',
  'education-growth': 'category.education-growth',
  'health-essentials': 'category.health-essentials',
  'leisure-gifts': 'category.leisure-gifts',
  other: 'category.other',
  income: 'category.income',
} as const;

function isBuiltin(id: string): id is keyof typeof builtinKeys {
  return id in builtinKeys;
}

const extraColors = ['#8a7a1f', '#4f7f3a', '#9a4f6d', '#3f7f8a', '#7a5fa0', '#a3623a', '#5a6fa8', '#6f7d2f'];

export const colorChoices = [...Object.values(builtinColors), ...extraColors];

export function categoryColor(category: Pick<Category, 'id' | 'color'> | undefined): string {
  if (!category) return '#808894';
  if (category.color) return category.color;
  const builtin = builtinColors[category.id];
  if (builtin) return builtin;
  let hash = 0;
  for (const letter of category.id) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  return extraColors[hash % extraColors.length] ?? '#808894';
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\band\b/g, '&').replace(/\s+/g, ' ').trim();
}

/** Built-in names are translated unless the person renamed the category. */
export function useCategoryName(): (category: Pick<Category, 'id' | 'name'> | undefined) => string {
  const { t } = useTranslation();
  return (category) => {
    if (!category) return t('category.none');
    if (isBuiltin(category.id) && plain(category.name) === plain(builtinNames[category.id] ?? '')) {
      return t(builtinKeys[category.id]);
    }
    return category.name;
  };
}
