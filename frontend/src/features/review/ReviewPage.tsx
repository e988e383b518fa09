import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { reviewQuery } from '@/api/transactions/queries';
import type { TransactionList } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatDate } from '@/lib/period';
import { useShortcuts } from '@/lib/keys';
import { IconCheck } from '@/ui/icons';
import { Money } from '@/ui/Money';
import { EmptyState, ErrorState, Loading } from '@/ui/States';
import { ReviewCard } from './ReviewCard';

const shownAfter = 6;

/** One unsure row at a time: settle it, and the next one comes. */
export function ReviewPage() {
  const { t } = useTranslation();
  const list = useQuery(reviewQuery);
  return (
    <Stack gap="md" maw={760} mx="auto">
      <div>
        <Title order={1} size="h2">
          {t('review.title')}
        </Title>
        <Text c="dimmed" size="sm">
          {t('review.text')}
        </Text>
      </div>
      {list.data ? (
        <Queue list={list.data} />
      ) : list.error ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Loading rows={2} height={160} />
      )}
    </Stack>
  );
}

function Queue({ list }: { list: TransactionList }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const [chosen, setChosen] = useState<string | null>(null);
  // Focus follows from row to row once somebody works here, but is not taken on arrival.
  const [moved, setMoved] = useState(false);
  const rows = list.data;
  const place = Math.max(0, rows.findIndex((row) => row.id === chosen));
  const current = rows[place];
  const go = (index: number) => {
    const next = rows[index];
    if (!next) return;
    setMoved(true);
    setChosen(next.id);
  };
  useShortcuts([
    { code: 'KeyJ', run: () => go(place + 1) },
    { code: 'KeyK', run: () => go(place - 1) },
  ]);

  if (!current) {
    return (
      <EmptyState icon={<IconCheck size={32} />} title={t('review.done')}>
        {t('review.doneText')}
      </EmptyState>
    );
  }
  const following = [...rows.slice(place + 1), ...rows.slice(0, place)].slice(0, shownAfter);
  return (
    <>
      <Text size="sm" role="status">
        {t('review.left', { count: list.totals.count })}
      </Text>
      <ReviewCard
        key={current.id}
        row={current}
        next={following[0]}
        focused={moved}
        onSettle={() => {
          setMoved(true);
          setChosen(following[0]?.id ?? null);
        }}
        onSkip={() => go((place + 1) % rows.length)}
      />
      {following.length > 0 ? (
        <section aria-label={t('review.then')}>
          <Title order={2} size="h5" mb={4}>
            {t('review.then')}
          </Title>
          <ul className="plain-list review-next">
            {following.map((row) => (
              <li key={row.id}>
                <button type="button" className="row-open" onClick={() => go(rows.indexOf(row))}>
                  <bdi>{row.description}</bdi>
                </button>
                <span className="review-about">
                  <span className="dimmed">{formatDate(row.date, locale)}</span>
                  <Money amount={row.amount} currency={row.currency} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}
