import { Button, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Category, Suggestion } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatPercent } from '@/lib/money';
import { CategoryChip } from '@/ui/CategoryChip';
import { IconSparkle } from '@/ui/icons';

type Props = {
  suggestion: Suggestion;
  categories: Category[];
  /** Whether nobody has chosen otherwise, so that this will be the category. */
  applied: boolean;
  onUse: (id: string) => void;
};

/** What the classifier thinks, how sure it is, and why. */
export function SuggestionChip({ suggestion, categories, applied, onUse }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const found = categories.find((category) => category.id === suggestion.category_id);
  const why = suggestion.why.filter(Boolean).join(', ');
  return (
    <div className="suggestion" role="status" aria-label={t('suggest.label')}>
      <IconSparkle size={16} />
      {found ? (
        <CategoryChip category={found} hint={formatPercent(suggestion.confidence * 100, locale)} />
      ) : (
        <Text size="sm">{t('suggest.none')}</Text>
      )}
      {found && !applied ? (
        <Button size="compact-xs" variant="light" onClick={() => onUse(found.id)}>
          {t('suggest.use')}
        </Button>
      ) : null}
      <Text size="xs" c="dimmed" component="span">
        {t(`suggest.source.${suggestion.source}`)}
        {why ? (
          <>
            {' · '}
            <bdi>{why}</bdi>
          </>
        ) : null}
      </Text>
    </div>
  );
}
