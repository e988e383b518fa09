import { Button, Card, Group, Kbd, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { usePrefetchQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import { keyed } from '@/api/idempotency';
import { suggestionQuery, usePatchTransaction, useSuggestion } from '@/api/transactions/queries';
import type { Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { useShortcuts } from '@/lib/keys';
import { formatPercent } from '@/lib/money';
import { formatDay } from '@/lib/period';
import { CategoryChip } from '@/ui/CategoryChip';
import { CategoryPicker } from '@/ui/CategoryPicker';
import { useCategoryName } from '@/ui/category';
import { Money } from '@/ui/Money';
import { useCategoryChanged } from '@/ui/similar';
import { Loading, useProblemText } from '@/ui/States';
import { type Choice, choicesOf } from './choices';

type Props = {
  row: Transaction;
  /** The one after it, whose suggestion is fetched ahead. */
  next: Transaction | undefined;
  focused: boolean;
  onSettle: () => void;
  onSkip: () => void;
};

export function ReviewCard({ row, next, focused, onSettle, onSkip }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const titleId = useId();
  const card = useRef<HTMLDivElement>(null);
  const suggestion = useSuggestion(row.description, row.amount, row.currency);
  const ahead = next ?? row;
  usePrefetchQuery(suggestionQuery(ahead.description, ahead.amount, ahead.currency));
  const settle = useSettle(row, onSettle);
  const offered = new Set(categories.filter((one) => !one.archived).map((one) => one.id));
  const choices = suggestion.data ? choicesOf(suggestion.data, offered) : [];

  useEffect(() => {
    if (focused) card.current?.focus();
  }, [focused]);
  useShortcuts([
    ...choices.map(({ categoryId }, index) => ({ code: `Digit${index + 1}`, run: () => settle(categoryId) })),
    { code: 'KeyC', run: () => card.current?.querySelector<HTMLElement>('.category-button')?.click() },
  ]);

  return (
    <Card component="section" aria-labelledby={titleId} className="review-card" tabIndex={-1} ref={card}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div className="review-what">
          <Title order={2} size="h3" id={titleId}>
            <bdi>{row.description}</bdi>
          </Title>
          <Text c="dimmed" size="sm">
            {formatDay(row.date, locale)}
          </Text>
        </div>
        <Money amount={row.amount} currency={row.currency} className="review-amount" />
      </Group>
      <Text size="sm" fw={500} mt="md" mb="xs">
        {t('review.fits')}
      </Text>
      {suggestion.isPending && suggestion.isFetching ? <Loading rows={1} height={42} /> : null}
      {suggestion.error ? (
        <Text size="sm" role="alert">
          {t('review.noSuggestion')}
        </Text>
      ) : null}
      <Choices choices={choices} onChoose={settle} />
      <Group justify="space-between" mt="md">
        <CategoryPicker
          categories={categories}
          value={null}
          onChange={settle}
          label={t('review.another')}
          placeholder={t('review.another')}
        />
        {next ? (
          <Button variant="subtle" color="gray" onClick={onSkip}>
            {t('review.skip')}
          </Button>
        ) : null}
      </Group>
      {choices.length > 0 ? (
        <Text size="xs" c="dimmed" mt="sm" className="review-keys">
          {t('review.keys', { last: choices.length })}
        </Text>
      ) : null}
    </Card>
  );
}

function Choices({ choices, onChoose }: { choices: Choice[]; onChoose: (categoryId: string) => void }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const name = useCategoryName();
  return (
    <div className="review-choices">
      {choices.map(({ categoryId, confidence }, index) => {
        const category = categories.find((one) => one.id === categoryId);
        const percent = formatPercent(confidence * 100, locale);
        return (
          <Button
            key={categoryId}
            variant={index === 0 ? 'light' : 'default'}
            size="md"
            justify="space-between"
            fullWidth
            onClick={() => onChoose(categoryId)}
            aria-label={t('review.choose', { category: name(category), percent })}
            aria-keyshortcuts={String(index + 1)}
            rightSection={<Kbd size="xs">{index + 1}</Kbd>}
          >
            <CategoryChip category={category} hint={percent} />
          </Button>
        );
      })}
    </div>
  );
}

/** The row leaves the list at once; when the server refuses, it comes back and the reason is shown. */
function useSettle(row: Transaction, onSettle: () => void) {
  const { t } = useTranslation();
  const categories = useCategories();
  const name = useCategoryName();
  const text = useProblemText();
  const changed = useCategoryChanged();
  const { mutateAsync: patch, isPending } = usePatchTransaction();
  return (category_id: string) => {
    if (isPending) return;
    const category = name(categories.find((one) => one.id === category_id));
    patch(keyed({ id: row.id, body: { category_id } })).then(
      ({ data, entryId }) =>
        changed(t('row.learned', { description: row.description, category }), entryId, row.id, data.similar),
      (error: unknown) => notifications.show({ message: text(error), color: 'orange' }),
    );
    onSettle();
  };
}
